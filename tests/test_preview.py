"""The first records of a delivery: no more is read than is asked for, and the cells are those of the records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core import child, preview
from etl_core.errors import DeliveryError
from etl_core.extract import open_
from etl_core.protocol import Column, Done, Job, Previewed, decode, encode
from etl_core.records import Grid, Prepared
from tests import made_up
from tests.fakes import grid, person, write

ON = date(2024, 1, 1)


def grids(count: int, read: list[int]) -> Iterator[Grid]:
    for number in range(count):
        read.append(number)
        head = [list(made_up.HEADERS)] if not number else []
        yield grid([*head, *(person(number * 10 + order) for order in range(10))])


def test_no_more_batches_are_read_than_hold_the_records_that_are_wanted():
    read: list[int] = []
    opening = open_(grids(100, read), made_up.source(), "made_up_2023.csv", ON)
    shown = list(preview.first(opening.raws, 12))
    assert [raw.records for raw in shown] == [10, 2]
    assert len(read) == 2


def test_a_batch_is_cut_behind_the_last_record_that_is_wanted_and_its_books_balance():
    lines = [list(made_up.HEADERS), person(1), [None] * 7, person(2), ["合计", *[None] * 6], person(3)]
    opening = open_([grid(lines)], made_up.source(), "made_up_2023.csv", ON)
    (raw,) = preview.first(opening.raws, 2)
    assert raw.frame["row"].to_list() == [2, 4]
    assert raw.skips.select("row", "kind").rows() == [(1, "header"), (3, "blank")]
    assert raw.read == 4


def test_the_cells_of_sound_and_refused_rows_stand_in_the_order_of_the_rows():
    width: list[object] = [7, 7, 6, 7]
    lines = [list(made_up.HEADERS), person(1), person(2), person(3)]
    opening = open_([grid(lines, width=width)], made_up.source(), "made_up_2023.csv", ON)
    (raw,) = preview.first(opening.raws, 9)
    cells = preview.cells(raw, made_up.source())
    assert cells["row"].to_list() == [2, 3, 4]
    assert json.loads(cells["cells"][0])["姓名"] == "测试1"
    assert list(json.loads(cells["cells"][1])) == list("0123456")


def test_each_column_is_told_with_the_unified_fields_that_are_made_of_it():
    opening = open_([grid([list(made_up.HEADERS), person(1)])], made_up.source(), "made_up_2023.csv", ON)
    (raw,) = preview.first(opening.raws, 1)
    columns = {each.label: each.unified for each in preview.columns(raw, made_up.source())}
    assert columns["日期"] == ("start_date", "end_date")
    assert columns["学时"] == ("hours", "hours_basis")
    assert "备注" not in columns


def test_a_sheet_that_is_not_there_is_a_fault_that_names_the_others():
    sheets = [grid([list(made_up.HEADERS), person(1)], sheet=name) for name in ("甲", "乙")]
    opening = open_(sheets, made_up.source(), "made_up_2023.csv", ON)
    with pytest.raises(DeliveryError) as fault:
        list(preview.first(opening.raws, 1, "丙"))
    assert (fault.value.code, fault.value.detail["found"]) == ("sheet.unknown", "甲，乙")


def test_the_child_sends_the_cells_before_each_batch_and_they_travel_whole(tmp_path: Path):
    file = write(tmp_path / "made_up_2023.csv", [person(order) for order in range(1, 90)])
    job = Job(str(file), file.name, 0.0, batch=20, preview=70)
    answers = list(child.deliver(job, [made_up.source()]))
    kinds = [type(each) for each in answers[1:]]
    assert kinds == [Previewed, Prepared, Previewed, Prepared, Done]
    seen = answers[1]
    assert isinstance(seen, Previewed)
    line, *rest = encode(seen)
    again = decode(bytes(line), lambda size: bytes(rest[0])[:size])
    assert isinstance(again, Previewed)
    assert again.cells.equals(seen.cells)
    assert again.columns == seen.columns == tuple(again.columns)
    assert all(isinstance(column, Column) for column in again.columns)


KINDS = {
    "record": person,
    "blank": lambda order: [None] * 7,
    "total": lambda order: ["合计", *[None] * 6],
}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=30), st.integers(1, 12))
def test_the_rows_shown_are_the_first_of_the_file_and_each_of_them_is_a_record_or_skipped(kinds, count):
    lines = [list(made_up.HEADERS), *(KINDS[kind](order) for order, kind in enumerate(kinds))]
    opening = open_([grid(lines)], made_up.source(), "made_up_2023.csv", ON)
    (raw,) = preview.first(opening.raws, count)
    assert raw.records == min(count, kinds.count("record"))
    rows = sorted([*raw.frame["row"], *raw.skips["row"], *raw.refused["row"]])
    assert rows == list(range(1, raw.read + 1))
