"""From grids to raw frames: every row read is a row of the frame, a skipped row, or a refused one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core import header
from etl_core.contract import RawContract, column, filename, sheetname, title
from etl_core.errors import DeliveryError
from etl_core.extract import Opening, Raw, open_
from etl_core.header import SEARCHED
from etl_core.records import Grid, Place
from etl_core.table import _POSITION, _kind, kind, table
from tests.fakes import grid, person
from tests.made_up import HEADERS, Sheet, source

ON = date(2024, 1, 1)
NAME = "made_up_2023.csv"
NOTHING = [None] * len(HEADERS)


def opened(*grids: Grid, name: str = NAME, **changes: object) -> Opening:
    return open_(list(grids), source(**changes), name, ON)


def raws(*grids: Grid, name: str = NAME, **changes: object) -> list[Raw]:
    return list(opened(*grids, name=name, **changes).raws)


def lead(text: str) -> list[str | None]:
    return [text, *NOTHING[1:]]


def test_nothing_at_all_is_an_empty_delivery() -> None:
    with pytest.raises(DeliveryError, match="empty"):
        opened()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("合计", "total"), ("合 计", "total"), ("小计：", "total"), ("总计（人次）", "total"), ("本页合计", "total"),
        ("注：本表一式两份", "note"), ("填表说明:", "note"), ("注1：", "note"),
        ("审核人：", "signature"), ("单位负责人（签字）：", "signature"), ("填表人: ", "signature"), ("盖章：", "signature"),
    ],
)  # fmt: skip
def test_a_total_a_note_and_a_signature_are_no_records(text: str, kind: str) -> None:
    (raw,) = raws(grid([HEADERS, person(1), lead(text), [None, text, *NOTHING[2:]]]))
    assert raw.skips.select("row", "kind").rows() == [(1, "header"), (3, kind), (4, kind)]
    assert raw.frame["row"].to_list() == [2]


@pytest.mark.parametrize("text", ["合计", "小计", "注：外聘", "备注：外聘", "审核：", "填表人："])
def test_a_whole_record_is_one_whatever_its_serial_number_says(text: str) -> None:
    rows = [
        [None, *HEADERS],
        ["1", *person(1)],
        [text, *person(2)],
        [text, *person(3, 证件号="5001*******12")],
    ]
    (raw,) = raws(grid(rows))
    assert raw.frame["row"].to_list() == [2, 3, 4]


@pytest.mark.parametrize(
    "cells",
    [
        ("合计", "2人", "2", "1所", "2", "2", "16", None), ("合计", None, None, None, None, None, "16", None),
        ("填表人：", "张三", "审核人：", "李四", "日期：", "2024", None, None), ("注：", "x", "x", "x", "x", "x", None, None),
    ],
)  # fmt: skip
def test_a_footer_with_more_than_one_cell_is_no_record(cells: tuple[str | None, ...]) -> None:
    (raw,) = raws(grid([[None, *HEADERS], ["1", *person(1)], cells]))
    assert raw.frame["row"].to_list() == [2]


@pytest.mark.parametrize("name", ["合计明", "注册", "审核", "说明白", "盖章办"])
def test_a_name_that_begins_like_a_total_or_a_note_is_a_record(name: str) -> None:
    (raw,) = raws(grid([HEADERS, person(1, 姓名=name), person(2)]))
    assert raw.skips["kind"].to_list() == ["header"]


def test_a_header_repeated_at_a_page_break_is_a_header() -> None:
    (raw,) = raws(grid([lead("登记表"), HEADERS, person(1), HEADERS, person(2)]))
    assert raw.skips.select("row", "kind").rows() == [(1, "title"), (2, "header"), (4, "header")]


def test_empty_rows_inside_are_blank_wherever_they_are() -> None:
    (raw,) = raws(
        grid([NOTHING, lead("登记表"), HEADERS, NOTHING, person(1), [" ", "\u3000", *NOTHING[2:]], person(2)])
    )
    kinds = dict(raw.skips.select("row", "kind").rows())
    assert kinds == {1: "blank", 2: "title", 3: "header", 4: "blank", 6: "blank"}


def test_hidden_and_other_sheets_are_counted_row_by_row() -> None:
    table = grid([HEADERS, person(1)], "表")
    hidden = grid([HEADERS, person(2), person(3)], "字典", visible=False)
    other = grid([("代码", "名称"), ("10", "国家级")], "代码表")
    found = raws(hidden, other, table)
    assert [raw.skips["kind"].to_list() for raw in found] == [
        ["hidden_sheet"] * 3,
        ["other_sheet"] * 2,
        ["header"],
    ]
    assert sum(raw.read for raw in found) == 7
    assert [len(raw.frame) for raw in found] == [0, 0, 1]


def test_every_sheet_with_the_header_is_read_as_a_table() -> None:
    found = raws(grid([HEADERS, person(1)], "一"), grid([lead("登记表"), HEADERS, person(2)], "二"))
    assert [raw.frame.select("sheet", "row").rows() for raw in found] == [[("一", 2)], [("二", 3)]]


def test_a_later_batch_of_a_sheet_goes_on_where_the_first_ended() -> None:
    whole = grid([HEADERS, person(1), person(2), HEADERS, person(3)])
    found = raws(Grid(whole.rows[:2]), Grid(whole.rows[2:]))
    assert [raw.frame["row"].to_list() for raw in found] == [[2], [3, 5]]
    assert found[1].skips.select("row", "kind").rows() == [(4, "header")]


def test_a_row_with_another_number_of_fields_is_malformed_without_a_column() -> None:
    width = [7, 7, 8, 6]
    (raw,) = raws(grid([HEADERS, person(1), person(2), person(3)], width=width))
    assert raw.issues.select("row", "code", "column", "severity").rows() == [
        (3, "row.malformed", None, "error"),
        (4, "row.malformed", None, "error"),
    ]
    assert raw.frame["row"].to_list() == [2]
    assert raw.refused["row"].to_list() == [3, 4]


def test_an_undecodable_row_names_its_column_where_it_can() -> None:
    fault = [None, None, "text.undecodable", "text.undecodable"]
    (raw,) = raws(
        grid([HEADERS, person(1), person(2), person(3)], fault=fault, fault_at=[None, None, 2, None])
    )
    assert raw.issues.select("row", "column").rows() == [(3, "单位"), (4, None)]


def test_a_malformed_total_is_still_a_total() -> None:
    (raw,) = raws(grid([HEADERS, person(1), lead("合计")], width=[7, 7, 2]))
    assert raw.skips["kind"].to_list() == ["header", "total"]
    assert raw.issues.is_empty()


def test_cells_of_dropped_columns_are_kept_nowhere() -> None:
    header = (*HEADERS, "手机号码")
    rows = [[*person(1), "13900000000"], [*person(2), "13900000001"]]
    faults = {"fault": [None, "text.undecodable", "row.malformed"], "fault_at": [None, 2, None]}
    (raw,) = raws(grid([header, *rows], **faults), dropped=("手机号码",))
    assert "1390000" not in repr(raw.frame.rows()) + repr(raw.refused.rows())
    assert json.loads(raw.refused["cells"][0])["姓名"] == "测试1"


def test_of_a_dropped_column_that_comes_twice_both_are_dropped() -> None:
    rows = [[*person(1), "13900000000", "13900000001"]]
    (raw,) = raws(
        grid([(*HEADERS, "手机号码", "手机号码"), *rows], fault=[None, "text.undecodable"]),
        dropped=("手机号码",),
    )
    assert "1390000" not in repr(raw.frame.rows()) + repr(raw.refused.rows())


def test_the_account_of_headers_names_every_header_once() -> None:
    head = (*HEADERS, "手机号码", "民族")
    opening = opened(grid([head, [*person(1), "139", "汉"]]), dropped=("手机号码",))
    list(opening.raws)
    (account,) = opening.accounts
    assert account.mapped == HEADERS[:-1]
    assert (account.ignored, account.dropped, account.unknown) == (("备注",), ("手机号码",), ("民族",))


def unknown(*grids: Grid) -> tuple[str, ...]:
    opening = opened(*grids)
    list(opening.raws)
    (account,) = opening.accounts
    return account.unknown


def test_a_column_without_a_header_is_unknown_where_a_record_has_text_there() -> None:
    head = (*HEADERS, None, "民族", None)
    assert unknown(grid([head, [*person(1), " ", "汉", None], [*person(2), None, "汉", "好"]])) == (
        "民族",
        header.headless(len(HEADERS) + 2),
    )


def test_what_stands_beside_a_title_or_a_total_alone_is_no_column() -> None:
    beside = [*[None] * len(HEADERS), "（盖章）"]
    title, total = ["某校登记表", *beside[1:]], ["合计", *beside[1:]]
    assert unknown(grid([title, [*HEADERS, None], [*person(1), None], total])) == ()


def test_a_column_without_a_header_is_told_however_late_its_first_text_comes() -> None:
    first = grid([[*HEADERS, None], [*person(1), None]])
    later = grid([[*person(2), "x"]])
    assert unknown(first, later) == (header.headless(len(HEADERS)),)


def test_a_missing_column_is_named_with_the_nearest_header() -> None:
    head = ("姓名", "身份证件号", *HEADERS[2:])
    with pytest.raises(DeliveryError) as fault:
        opened(grid([head, person(1)], "表"))
    assert fault.value.code == "schema.missing_column"
    assert fault.value.detail == {
        "sheet": "表",
        "missing": "证件号 → 身份证件号？",
        "unknown": "身份证件号",
    }


def test_without_any_known_header_every_promised_one_is_missing() -> None:
    with pytest.raises(DeliveryError) as fault:
        opened(grid([("a", "b"), ("1", "2")]))
    assert fault.value.code == "schema.missing_column"
    assert str(fault.value.detail["missing"]).startswith("教师姓名，")


def test_a_delivery_whose_place_nobody_can_tell_is_refused() -> None:
    with pytest.raises(DeliveryError, match=r"place\.unknown"):
        opened(grid([HEADERS, person(1)]), name="made_up.csv")


def test_a_header_alone_that_tells_no_place_is_an_empty_delivery() -> None:
    """Ruling 16, also where only records would tell the period."""
    with pytest.raises(DeliveryError, match="empty"):
        opened(grid([list(HEADERS)]), name="下载.csv")


def test_a_blank_row_above_the_header_is_blank_and_no_level_of_it() -> None:
    rows = [[None] * len(HEADERS), list(HEADERS), person(1)]
    assert raws(grid(rows))[0].skips["kind"].to_list() == ["blank", "header"]


def test_a_delivery_is_dated_by_itself_else_by_its_arrival() -> None:
    table = grid([HEADERS, person(1)])
    assert opened(table).dated == ON
    dated = Place("1", (1,), dated=date(2023, 7, 1))
    assert opened(table, place=lambda name, above: dated).dated == date(2023, 7, 1)


class Told(RawContract):
    """Fields that do not stand in a column."""

    person_name: str = column("姓名")
    hours: str = column("学时")
    period: str = title(r"时间[:：](\S+)", shown="研修时间")
    reporter: str = filename(r"^(\w+?)_", shown="报送方")
    project_name: str = sheetname(shown="工作表")


def test_facts_come_from_title_file_name_and_sheet_name() -> None:
    table = grid([("某表", None), (None, "时间：2023.5"), ("姓名", "学时"), ("赵", "8")], "版画")
    (raw,) = raws(table, name="潼南_2023.xlsx", contract=Told)
    assert raw.frame.select("period", "reporter", "project_name").rows() == [("2023.5", "潼南", "版画")]
    assert raw.shown["period"] == "研修时间"


def test_a_fact_that_is_not_told_is_null() -> None:
    (raw,) = raws(grid([("姓名", "学时"), ("赵", "8")], "版画"), name="_2023.xlsx", contract=Told)
    assert raw.frame.select("period", "reporter").rows() == [(None, None)]


line = st.one_of(
    st.just(list(HEADERS)),
    st.just(NOTHING),
    st.lists(st.one_of(st.none(), st.text(max_size=6)), min_size=7, max_size=7),
    st.builds(person, st.integers(1, 99)),
)


@given(st.lists(line, max_size=12), st.lists(line, max_size=3))
def test_every_row_read_is_in_exactly_one_place(
    below: list[list[str | None]], over: list[list[str | None]]
) -> None:
    whole = grid([*over, HEADERS, person(1), *below])
    (raw,) = raws(whole)
    seen = [*raw.frame["row"], *raw.skips["row"], *raw.refused["row"]]
    assert sorted(seen) == whole.rows["row"].to_list()
    assert raw.read == len(whole.rows)
    assert raw.frame["person_name"].dtype == pl.String


beginning = st.one_of(
    st.none(),
    st.text(max_size=4),
    st.sampled_from(
        ["合计", " 小 计：", "注", "注1：", "单位审核：", "统计填表:", "\u3000", "序号", "姓名", "赵一"]
    ),
)


@given(
    st.lists(st.tuples(beginning, beginning, beginning), min_size=1, max_size=8), st.booleans(), st.booleans()
)
def test_a_row_is_of_the_kind_that_a_look_at_all_its_cells_gives(
    rows: list[tuple[str | None, ...]], blank: bool, first: bool
) -> None:
    width = len(HEADERS)
    cells = [[None if blank else row[0], *row[1:], *NOTHING[3:]] for row in rows]
    whole = grid([HEADERS, *cells])
    of = table(whole, source(), NAME, ON)
    assert of is not None
    rest = whole.rows if first else whole.rows.slice(1)
    close = rest.with_row_index(_POSITION).select(_kind(of, [f"c{at}" for at in range(width)], 0, int(first)))
    assert kind(rest, of, first).equals(close.to_series(), null_equal=True)


def test_a_container_that_states_its_headers_has_no_header_row() -> None:
    stated = replace(grid([person(1), HEADERS, person(2)]), headers=tuple(HEADERS))
    opening = opened(stated)
    (raw,) = opening.raws
    assert raw.frame["row"].to_list() == [1, 2, 3]
    assert raw.skips.is_empty()
    assert opening.accounts[0].mapped == ("姓名", "证件号", "单位", "项目", "日期", "学时")


class Widening(Sheet):
    """The sheet with two columns that a container may state further down only."""

    result: str = column("结果", optional=True)
    class_name: str = column("班次", "班级", optional=True)


def stated(headers: tuple[str, ...], *rows: list[str | None]) -> Grid:
    return replace(grid(rows), headers=headers)


def test_headers_that_only_a_later_batch_states_are_columns_from_there_on() -> None:
    wider = (*HEADERS, "结果", "民族")
    first = stated(HEADERS, person(1))
    second = stated(wider, [*person(2), "合格", "汉"])
    opening = opened(first, second, contract=Widening)
    found = list(opening.raws)
    assert [raw.frame["result"].to_list() for raw in found] == [[None], ["合格"]]
    assert [raw.shown["result"] for raw in found] == ["结果", "结果"]
    (account,) = opening.accounts
    assert account.mapped == (*HEADERS[:-1], "结果")
    assert (account.ignored, account.unknown) == (("备注",), ("民族",))


def test_a_field_stays_in_its_column_when_a_later_batch_states_a_better_one() -> None:
    known = stated((*HEADERS, "班级"), [*person(1), "一班"])
    wider = stated((*HEADERS, "班级", "班次"), [*person(2), "二班", "三班"])
    found = raws(known, wider, contract=Widening)
    assert [raw.frame["class_name"].to_list() for raw in found] == [["一班"], ["二班"]]


def test_what_a_container_says_of_a_row_decides_what_the_row_is() -> None:
    rows = grid([person(1), NOTHING, person(2), lead("合计")])
    marked = rows.rows.with_columns(kind=pl.Series([None, "deleted", "deleted", None], dtype=pl.String))
    (raw,) = raws(replace(rows, rows=marked, headers=HEADERS))
    assert raw.skips.select("row", "kind").rows() == [(2, "deleted"), (3, "deleted"), (4, "total")]
    assert raw.frame["row"].to_list() == [1]


def test_a_cell_that_lost_its_end_for_want_of_room_is_a_warning_at_its_column() -> None:
    """Ruling 22; a row that is refused or skipped shows none (ruling 9)."""
    rows = grid([HEADERS, person(1), person(2), person(3)], fault=[None, None, "row.malformed", None])
    lost = pl.Series([[], [0, 2], [2], []], dtype=pl.List(pl.Int64))
    (raw,) = raws(replace(rows, rows=rows.rows.with_columns(cut=lost)))
    assert raw.issues.select("row", "code", "column", "severity").rows() == [
        (3, "row.malformed", None, "error"),
        (2, "text.cut", "姓名", "warning"),
        (2, "text.cut", "单位", "warning"),
    ]


def pages() -> list[Grid]:
    """Two pages of a pull, with the year of each record in the column 备注."""
    rows = [
        [person(1, 备注="2022-2023"), person(2)],
        [person(3, 备注="2022-2023"), person(4, 备注="2023-2024")],
    ]
    return [
        replace(grid(each), headers=HEADERS, file=f"p{at}.json", page=True) for at, each in enumerate(rows, 1)
    ]


def test_a_row_of_a_folder_stands_in_its_page_and_all_pages_have_one_account() -> None:
    opening = opened(*pages(), name="made_up_2023")
    places = [raw.frame.select("file", "row").rows() for raw in opening.raws]
    assert places == [
        [("made_up_2023/p1.json", 1), ("made_up_2023/p1.json", 2)],
        [("made_up_2023/p2.json", 1), ("made_up_2023/p2.json", 2)],
    ]
    assert [account.file for account in opening.accounts] == ["made_up_2023"]


class Yearly(Sheet):
    """With the period in a column."""

    year: str = column("备注")


def periods(*grids: Grid) -> set[str]:
    """What is told of the period, beside other things, to find the place."""
    heard: list[str] = []

    def place(name: str, above: str) -> Place:
        heard.extend(above.splitlines())
        return Place("1", (1,))

    opened(*grids, contract=Yearly, period="year", place=place, ignored=())
    return {line for line in heard if line.startswith("20")}


def test_the_column_that_tells_the_period_is_read_in_the_first_rows_of_a_delivery() -> None:
    first, second = pages()
    assert periods(first, second) == {"2022-2023"}
    assert periods(second, first) == {"2022-2023", "2023-2024"}
    many = [*(person(at, 备注="2022-2023") for at in range(SEARCHED)), person(99, 备注="2099")]
    assert periods(grid([HEADERS, *many])) == {"2022-2023"}


def test_what_a_batch_holds_beyond_the_first_rows_does_not_tell_the_period() -> None:
    """Else the place would depend on the size of batches."""
    stated = [person(at, 备注="2022-2023") for at in range(SEARCHED + 1)]
    whole = replace(grid([*stated, person(99, 备注="2099")]), headers=HEADERS)
    assert periods(whole) == {"2022-2023"}


def test_a_title_is_not_searched_in_the_column_that_tells_the_period() -> None:
    class Titled(Yearly):
        term: str | None = title(r"(20\d\d)", shown="学期")

    (raw,) = raws(pages()[0], contract=Titled, period="year", ignored=())
    assert raw.frame["term"].to_list() == [None, None]
