"""Which source a file belongs to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.contract import RawContract, column
from etl_core.errors import DeliveryError
from etl_core.header import SEARCHED
from etl_core.recognise import by_name, decide, gathered, survey
from etl_core.records import Grid
from etl_core.source import Source
from tests.fakes import Cells, grid, person
from tests.made_up import HEADERS, source

ON = date(2024, 1, 1)


class Other(RawContract):
    """Shares two headers with made_up."""

    person_name: str = column("姓名")
    project_name: str = column("项目")
    credits: str = column("学分")
    note: str = column("说明", optional=True)


MADE_UP = source()
OTHER = source(name="other", contract=Other, names=(re.compile("^学分"),))
TWIN = source(name="twin", names=(re.compile("^twin_"),))


def chosen(sources: list[Source], header: Cells, name: str = "x.csv") -> str:
    claims, _ = survey([grid([header, ["1"] * len(header)])], name, sources, ON)
    return decide(claims).name


def refused(sources: list[Source], header: Cells, name: str = "x.csv") -> DeliveryError:
    with pytest.raises(DeliveryError) as fault:
        chosen(sources, header, name)
    return fault.value


def test_the_whole_header_decides_whatever_the_name_says() -> None:
    assert chosen([MADE_UP, OTHER], HEADERS) == "made_up"
    assert chosen([MADE_UP, OTHER], HEADERS, "学分.csv") == "made_up"


def test_the_name_decides_between_two_sources_with_the_same_header() -> None:
    assert chosen([MADE_UP, TWIN], HEADERS, "twin_2023.csv") == "twin"


def test_two_sources_with_the_same_header_and_no_name_are_ambiguous() -> None:
    fault = refused([MADE_UP, TWIN], HEADERS)
    assert (fault.code, fault.detail) == ("ambiguous", {"sources": "made_up, twin"})


def test_a_form_of_several_agencies_is_claimed_only_where_the_file_says_whose_it_is() -> None:
    picky = source(says=("某县",))
    fault = refused([picky], HEADERS)
    assert (fault.code, fault.detail) == (
        "unrecognised",
        {"nearest": "made_up", "missing": "—", "says": "某县"},
    )
    assert chosen([picky], HEADERS, "某县.csv") == "made_up"
    titled = grid([["某 县登记表", *[None] * 6], HEADERS, person(1)])
    claims, _ = survey([titled], "x.csv", [picky, TWIN], ON)
    assert decide(claims).name == "made_up"


def test_the_rows_of_a_table_do_not_say_whose_it_is() -> None:
    claims, _ = survey([grid([HEADERS, person(1, 单位="某县小学")])], "x.csv", [source(says=("某县",))], ON)
    assert not claims[0].whole


def test_without_a_whole_header_two_sources_are_not_ambiguous() -> None:
    assert refused([MADE_UP, TWIN], HEADERS[1:]).code == "unrecognised"


def test_two_of_three_headers_are_no_claim() -> None:
    assert refused([MADE_UP, OTHER], ("姓名", "项目", "课程", "学时")).code == "unrecognised"


def test_two_sources_that_know_the_same_name_are_ambiguous() -> None:
    again = source(name="again")
    assert refused([MADE_UP, again], HEADERS, "made_up_2023.csv").detail == {"sources": "again, made_up"}


def test_a_file_that_lacks_a_column_is_known_by_its_name_or_by_half_its_header() -> None:
    lacking = HEADERS[1:]
    assert chosen([MADE_UP, OTHER], lacking, "made_up_2023.csv") == "made_up"
    assert chosen([MADE_UP, OTHER], lacking) == "made_up"


def test_a_name_alone_is_believed_so_that_what_is_missing_can_be_said() -> None:
    assert chosen([MADE_UP, OTHER], ("a", "b"), "made_up_2023.csv") == "made_up"


def test_an_unknown_file_is_unrecognised_and_the_nearest_source_named() -> None:
    fault = refused([MADE_UP, OTHER], ("姓名", "民族", "电话"))
    assert (fault.code, fault.detail) == ("unrecognised", {"nearest": "other", "missing": "项目, 学分"})
    assert refused([MADE_UP, OTHER], ("民族", "电话")).detail == {"nearest": "—", "missing": "—"}


def test_without_any_source_nothing_is_recognised() -> None:
    assert refused([], HEADERS).code == "unrecognised"


def test_a_hidden_sheet_claims_nothing() -> None:
    hidden = grid([HEADERS, person(1)], "a", visible=False)
    claims, _ = survey(
        [hidden, grid([("姓名", "项目", "学分"), ("1", "2", "3")], "b")], "x", [MADE_UP, OTHER], ON
    )
    assert decide(claims).name == "other"


def test_a_table_is_found_behind_other_sheets() -> None:
    sheets = [grid([("代码", "名称")], "a"), grid([("说明", None)], "b"), grid([HEADERS, person(1)], "c")]
    claims, _ = survey(sheets, "x", [MADE_UP, OTHER], ON)
    assert decide(claims).name == "made_up"


def test_what_was_looked_at_is_put_back() -> None:
    sheets = [grid([("代码", "名称")], "a"), grid([HEADERS, person(1)], "b"), grid([("x", "y")], "c")]
    _, again = survey(sheets, "x", [MADE_UP], ON)
    assert [each.sheet for each in again] == ["a", "b", "c"]


def test_a_file_that_cannot_be_opened_belongs_to_the_one_source_of_its_name() -> None:
    again = source(name="again")
    assert by_name(["made_up_2023.csv"], [MADE_UP, TWIN]) is MADE_UP
    assert by_name(["made_up_2023.csv"], [MADE_UP, again]) is None
    assert by_name(["x.csv"], [MADE_UP, TWIN]) is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 80)), max_size=6))
def test_however_small_the_batches_a_sheets_first_grid_holds_what_a_header_is_searched_in(
    parts: list[tuple[str, int]],
) -> None:
    grids = [grid([["x"]] * rows, sheet) for sheet, rows in sorted(parts)]
    found = list(gathered(grids))
    assert _rows(found) == _rows(grids)
    for sheet in {sheet for sheet, _ in parts}:
        total = sum(rows for name, rows in parts if name == sheet)
        first = next(each for each in found if each.sheet == sheet)
        assert len(first.rows) >= min(total, SEARCHED + 1)


def test_a_gathered_grid_has_all_the_headers_that_its_rows_were_stated_with() -> None:
    grids = [replace(grid([["x"]]), headers=("姓名",)), replace(grid([["x", "y"]]), headers=("姓名", "类型"))]
    (found,) = gathered(grids)
    assert found.headers == ("姓名", "类型")
    assert found.rows.select("c0", "c1").rows() == [("x", None), ("x", "y")]


def _rows(grids: list[Grid]) -> list[tuple[str | None, int]]:
    return list(chain.from_iterable(((each.sheet, row) for row in each.rows["row"]) for each in grids))
