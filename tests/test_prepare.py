"""Validate, normalise, validate: what one batch becomes."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.expressions.reading import part
from etl_core.extract import open_
from etl_core.prepare import prepare
from etl_core.records import ISSUES, REFUSED, SKIPS, Prepared
from etl_core.source import Variant
from tests.fakes import grid, number, person
from tests.made_up import HEADERS, NORMALISE, source


def prepared(*rows: list[str | None], **changes: Any) -> Prepared:
    made = source(**changes)
    opening = open_([grid([HEADERS, *rows], "表")], made, "made_up_2023.xlsx", date(2024, 1, 1))
    (raw,) = opening.raws
    return prepare(raw, made)


def reasons(of: Prepared) -> list[tuple[int, str, str | None, str]]:
    return of.issues.select("row", "code", "column", "severity").rows()


def test_a_faultless_row_becomes_a_record() -> None:
    given = prepared(person(1))
    assert reasons(given) == []
    assert given.records.select("sheet", "row", "person_name", "id_number", "hours_basis").rows() == [
        ("表", 2, "测试1", number(1), "stated")
    ]
    assert (given.read, len(given.refused), len(given.keys)) == (2, 0, 0)


def test_a_row_with_several_faults_lists_all_of_them() -> None:
    given = prepared(person(1, 证件号="50019919800101", 学时="很多", 姓名=None))
    assert reasons(given) == [
        (2, "required.person_name", "姓名", "error"),
        (2, "id_number.length", "证件号", "error"),
        (2, "hours.unparsable", "学时", "error"),
    ]
    assert given.records.is_empty()


def test_a_quarantined_row_shows_no_warning() -> None:
    both = prepared(person(1, 单位="无名学校"), person(2, 单位="无名学校", 学时="0"))
    assert reasons(both) == [(3, "hours.range", "学时", "error"), (2, "provider.unknown", "单位", "warning")]


def test_the_cells_of_a_refused_row_are_kept_for_the_agency() -> None:
    given = prepared(person(1, 学时="很多"))
    assert json.loads(given.refused["cells"][0]) == dict(zip(HEADERS, person(1, 学时="很多"), strict=True))


def test_a_refused_row_keeps_its_place_by_its_key() -> None:
    given = prepared(person(1, 学时="0"))
    assert given.keys.select("row", "id_number", "project_name").rows() == [(2, number(1), "新课标研修")]


@pytest.mark.parametrize(
    "changes",
    [
        {"证件号": "500199198001010018"}, {"证件号": "5.0019E+17"}, {"证件号": "50019919"}, {"证件号": None},
        {"姓名": None}, {"日期": "某日"}, {"项目": None},
    ],
)  # fmt: skip
def test_a_row_whose_key_cannot_be_read_for_certain_keeps_no_place(changes: dict[str, str | None]) -> None:
    given = prepared(person(1, **changes))
    assert given.keys.is_empty()
    assert len(given.refused) == 1


def test_a_source_whose_key_needs_no_person_keeps_the_place_of_a_faulty_number() -> None:
    given = prepared(person(1, 证件号="1"), key=("project_name", "employer_name"))
    assert given.keys["row"].to_list() == [2]


def test_the_unified_contract_judges_what_a_plugin_gives_and_names_the_header() -> None:
    wrong = {**NORMALISE, "hours": part("hours", "hours") * 300}
    given = prepared(person(1), normalise=wrong)
    assert reasons(given) == [(2, "hours.range", "学时", "error")]
    assert (len(given.records), len(given.refused)) == (0, 1)


def test_a_code_outside_the_closed_list_never_reaches_the_warehouse() -> None:
    given = prepared(person(1), normalise={**NORMALISE, "level": pl.lit(50)})
    assert reasons(given) == [(2, "code.unknown.level", None, "error")]


def test_a_field_that_may_not_be_null_is_required() -> None:
    given = prepared(person(1), normalise={**NORMALISE, "level": pl.lit(None, pl.Int16)})
    assert [code for _, code, _, _ in reasons(given)] == ["required.level"]


def test_a_faultless_row_that_gives_no_record_is_a_fault_of_the_plugin() -> None:
    never = Variant(when=pl.col("hours").is_null(), fields={})
    with pytest.raises(DeliveryError) as fault:
        prepared(person(1), variants=(never,))
    assert (fault.value.code, fault.value.detail) == (
        "plugin.failed",
        {"source": "made_up", "stage": "normalise"},
    )


def test_a_wide_row_gives_one_record_for_each_kind_and_falls_as_a_whole() -> None:
    wide = (
        Variant(part("hours", "nothing").not_(), {"mode_detail": pl.lit("face_to_face")}),
        Variant(pl.lit(True), {"mode_detail": pl.lit("online")}),
    )
    usual = {name: value for name, value in NORMALISE.items() if name != "mode_detail"}
    given = prepared(person(1), person(2, 学时="x"), normalise=usual, variants=wide)
    assert given.records.select("row", "mode_detail", "mode").rows() == [
        (2, "face_to_face", 2),
        (2, "online", 3),
    ]
    assert given.refused["row"].to_list() == [3]


cell = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["8", "1e9", "-1", "2023-05-06", number(7), "NaN", "9" * 40]),
)


@given(st.lists(st.lists(cell, min_size=7, max_size=7), max_size=6))
def test_every_row_is_a_record_or_refused_for_a_reason_whatever_its_cells(
    rows: list[list[str | None]],
) -> None:
    given = prepared(person(1), *rows)
    errors = set(given.issues.filter(severity="error")["row"])
    assert set(given.refused["row"]) == errors
    assert not set(given.records["row"]) & errors
    assert len(given.records) + len(given.refused) + len(given.skips) == given.read == len(rows) + 2
    frames = {"issues": ISSUES, "skips": SKIPS, "refused": REFUSED}
    assert all(getattr(given, name).schema == schema for name, schema in frames.items())
