"""A field that stands in several columns: each is read, judged and named alone, and all of them together."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from etl_core.contract import JOINT, RawContract, check, column, columns, families, member, required
from etl_core.errors import DeliveryError
from etl_core.expressions.reading import Reading, part
from etl_core.extract import Raw, open_
from etl_core.validate import verdict
from tests.fakes import grid
from tests.made_up import source

ON = date(2024, 1, 1)


def marks(field: str) -> Reading:
    value = pl.struct(ticks=pl.col(field).str.count_matches("√"), headers_too=part(field, "headers"))
    return Reading(field, value, ("ticks", "headers_too"))


class Sheet(RawContract):
    """A name, and a mark for each day."""

    person_name: str = column("姓名", checks=[required("person_name")])
    days: str = columns(
        r"\d+日",
        shown="签到",
        reads=marks,
        checks=[check("code.unknown.result", lambda cell: pl.col(cell) == "√")],
    )


def raws(*rows: list[str | None]) -> list[Raw]:
    made = source(contract=Sheet, normalise={}, ignored=())
    return list(open_([grid(rows)], made, "made_up_2023.csv", ON).raws)


def test_every_column_whose_header_fits_is_one_of_them_and_the_others_are_not() -> None:
    (raw,) = raws(["姓名", "1日", "备注", "12日"], ["甲", "√", "x", "√"], ["乙", None, None, " √ "])
    assert raw.frame["days"].to_list() == [f"√{JOINT}√", f"{JOINT}√"]
    assert raw.frame["days:ticks"].to_list() == [2, 1]
    assert raw.frame["days:headers_too"].to_list() == [f"1日{JOINT}12日"] * 2
    assert (raw.shown[member("days", 0)], raw.shown[member("days", 1)]) == ("1日", "12日")


def test_a_check_names_the_column_whose_cell_fails() -> None:
    (raw,) = raws(["姓名", "1日", "2日"], ["甲", "√", "?"], ["乙", "?", None], [None, "√", "√"])
    issues = verdict(raw.frame, Sheet, raw.shown).issues
    assert set(issues.select("row", "code", "column").rows()) == {
        (2, "code.unknown.result", "2日"),
        (3, "code.unknown.result", "1日"),
        (4, "required.person_name", "姓名"),
    }


def test_a_sheet_without_a_single_one_misses_them() -> None:
    with pytest.raises(DeliveryError) as fault:
        raws(["姓名", "备注"], ["甲", "√"])
    assert (fault.value.code, fault.value.detail["missing"]) == ("schema.missing_column", "签到")


def test_only_fields_of_several_columns_are_a_family() -> None:
    assert list(families(Sheet)) == ["days"]
