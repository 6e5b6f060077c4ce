"""Which sheets beside a source's tables may be passed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from etl_core.contract import RawContract, column
from etl_core.errors import DeliveryError
from etl_core.extract import open_
from etl_core.records import Grid
from etl_core.source import Source
from tests.fakes import Cells, grid, number, person
from tests.made_up import HEADERS, source


class Codes(RawContract):
    """Another agency's table, which holds no person."""

    code: str = column("代码")
    name: str = column("名称")


ON = date(2024, 1, 1)
TABLE = grid([HEADERS, person(1)], "表")


def read(*grids: Grid, others: tuple[Source, ...] = (), **changes: object) -> list[str]:
    """The kinds of the rows that are skipped."""
    opening = open_(list(grids), source(**changes), "made_up_2023.csv", ON, others=others)
    return [kind for raw in opening.raws for kind in raw.skips["kind"]]


def fault(*grids: Grid, others: tuple[Source, ...] = ()) -> DeliveryError:
    with pytest.raises(DeliveryError) as found:
        read(*grids, others=others)
    return found.value


@pytest.mark.parametrize(
    "rows",
    [
        [("代码", "名称"), ("10", "国家级")],
        [("单位", "学时"), ("某小学", "120")],  # a summary: two headers, and nobody
        [("姓名", "电话"), ("测试", "110")],  # one header alone
        [("列", "示例"), ("姓名", "测试"), ("*证件号：", number(2))],  # instructions, column by column
        [("填表说明", None), ("证件号须填 18 位，如 500199198001010012", None)],
    ],
)
def test_lists_notes_and_summaries_are_passed_over_and_counted(rows: list[Cells]) -> None:
    assert read(TABLE, grid(rows, "另表")) == ["header", *["other_sheet"] * len(rows)]


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    "rows",
    [
        [person(2), person(3)],  # its header was lost
        [("教师", "证件"), ("测试", number(2))],  # every header renamed
        [("教师", "证件"), ("测试", "500***********0108")],
        [("证件号", number(2), "学校"), ("证件号", number(3), "学校")],  # a card for each person
        [("教师", "证件"), ("测试", "5.00199198E+17")],
        [("姓名", "单位", "课程"), ("测试", "某小学", "x")],  # a person's header and one more
    ],
)
def test_a_sheet_of_persons_refuses_the_delivery_and_is_named(rows: list[Cells], before: bool) -> None:
    sheets = [TABLE, grid(rows, "另表")]
    found = fault(*(reversed(sheets) if before else sheets))
    assert (found.code, found.detail["sheet"]) == ("schema.missing_column", "另表")


def test_a_person_far_down_a_sheet_is_found_as_well() -> None:
    rows: Iterable[Cells] = [("代码", "名称"), *[("10", "国家级")] * 99]
    later = grid([("1", number(2))], "另表")
    assert fault(TABLE, grid(rows, "另表"), later).detail["persons"] == 1


def test_a_table_of_another_source_is_not_passed_over_whatever_it_holds() -> None:
    other = source(name="other", contract=Codes)
    codes = grid([("代码", "名称"), ("10", "国家级")], "另表")
    found = fault(TABLE, codes, others=(other,))
    assert (found.code, found.detail["sources"]) == ("ambiguous", "made_up, other")
    assert read(TABLE, codes, others=(replace(other, says=("某县",)),)) == ["header"] + ["other_sheet"] * 2


def test_a_hidden_sheet_is_passed_over_whatever_it_holds() -> None:
    hidden = grid([HEADERS, person(2)], "样表", visible=False)
    assert read(TABLE, hidden) == ["header", "hidden_sheet", "hidden_sheet"]


def test_every_file_of_an_archive_says_whose_it_is() -> None:
    mine = replace(TABLE, file="某县.csv", called=("某县.csv",))
    theirs = replace(TABLE, file="外县.csv", called=("外县.csv",))
    for files in ((mine, theirs), (theirs, mine)):
        with pytest.raises(DeliveryError, match=r"unrecognised.*外县\.csv"):
            read(*files, says=("某县",), place=lambda name, above: source().place("_2023", ""))
