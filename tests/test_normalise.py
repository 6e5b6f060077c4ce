"""From the agency's frame to the unified one: the rules that hold for every source."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from etl_core.normalise import interpret, key_fields, records
from etl_core.records import CARRIED, PLACE
from etl_core.source import Source, Variant
from etl_schemas.training import FIELDS
from tests.made_up import source

PLACES = {"file": ["a", "a"], "sheet": [None, "s"], "row": [2, 3]}


def unified(variants: tuple[Variant, ...] = (), **fields: Any) -> pl.DataFrame:
    """Records of two raw rows under a source that gives these fields."""
    made = _made(variants, fields)
    return records(interpret(_raw(), made), made)


def _made(variants: tuple[Variant, ...], fields: dict[str, Any]) -> Source:
    told = {name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in fields.items()}
    return source(normalise=told, variants=variants)


def _raw() -> pl.DataFrame:
    return pl.DataFrame(PLACES, schema=PLACE).with_columns(kind=pl.Series(["a", "b"]))


def test_every_field_is_there_in_its_order_and_type_whatever_a_source_gives() -> None:
    frame = unified(level=40)
    assert frame.schema == pl.Schema({**PLACE, **FIELDS, **CARRIED})
    assert frame["level"].to_list() == [40, 40]
    assert frame["employer_name"].null_count() == 2


@pytest.mark.parametrize(
    ("detail", "mode"),
    [
        ("face_to_face", 2),
        ("online", 3),
        ("blended", 4),
        ("outreach", 9),
        ("lesson_showcase", 9),
        ("other", 9),
    ],
)
def test_mode_follows_mode_detail_where_the_source_gives_none(detail: str, mode: int) -> None:
    assert set(unified(mode_detail=detail)["mode"]) == {mode}
    assert set(unified(mode_detail=detail, mode=1)["mode"]) == {1}


@pytest.mark.parametrize(
    ("fields", "sex"),
    [
        ({"sex": 1, "id_number": "500199198001010023"}, 1), ({"id_number": "500199198001010023"}, 2),
        ({"id_number": "E12345678"}, 0), ({}, 0), ({"sex": 9}, 9),
    ],
)  # fmt: skip
def test_sex_is_the_files_else_the_numbers_else_unknown(fields: dict[str, Any], sex: int) -> None:
    assert set(unified(**fields)["sex"]) == {sex}


def test_an_amount_without_a_basis_is_stated_and_no_amount_has_none() -> None:
    assert set(unified(hours=Decimal(8))["hours_basis"]) == {"stated"}
    assert set(unified(hours=Decimal(8), hours_basis="days")["hours_basis"]) == {"days"}
    assert set(unified(hours=pl.lit(None), hours_basis="days")["hours_basis"]) == {"none"}
    assert set(unified()["credits_basis"]) == {"none"}


def test_credits_without_a_kind_are_unspecified_and_no_credits_have_no_kind() -> None:
    assert set(unified(credits=Decimal(2))["credit_kind"]) == {"unspecified"}
    assert set(unified(credits=Decimal(2), credit_kind="public")["credit_kind"]) == {"public"}
    assert set(unified(credit_kind="public")["credit_kind"]) == {None}


def test_training_year_is_that_of_the_end_date_even_where_another_is_stated() -> None:
    assert set(unified(training_year=2023, end_date=date(2024, 1, 12))["training_year"]) == {2024}
    assert set(unified(training_year=2023)["training_year"]) == {2023}


def test_kinds_of_a_wide_row_stand_together_in_the_order_of_rows() -> None:
    kinds = (
        Variant(pl.lit(True), {"mode_detail": pl.lit("online"), "hours": pl.lit(4)}),
        Variant(pl.col("kind") == "a", {"mode_detail": pl.lit("placement"), "hours": pl.lit(8)}),
    )
    frame = unified(kinds, level=40)
    assert frame.select("row", "mode_detail", "hours").rows() == [
        (2, "online", Decimal(4)), (2, "placement", Decimal(8)), (3, "online", Decimal(4))
    ]  # fmt: skip


def test_a_unified_field_may_be_named_like_a_raw_one() -> None:
    assert unified(kind=pl.lit("x"), class_name=pl.col("kind"))["class_name"].to_list() == ["a", "b"]


def test_a_rows_own_key_is_read_before_its_kinds_are_told_apart() -> None:
    made = _made((Variant(pl.lit(False), {"mode_detail": pl.lit("online")}),), {"project_name": "p"})
    frame = key_fields(interpret(_raw(), made), made)
    assert frame.select("row", "project_name", "mode_detail").rows() == [(2, "p", None), (3, "p", None)]
