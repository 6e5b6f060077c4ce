from __future__ import annotations

import datetime as dt
import io
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import read


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rewritten(data: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """A workbook with some bytes of one part replaced."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, part.replace(old, new) if name == member else part)
    return buffer.getvalue()


def by_openpyxl(path: Path) -> list[tuple[str, bool, list[tuple[object, ...]]]]:
    """Sheets with their cells as openpyxl reads them, without the empty rows at the end."""
    sheets = []
    for sheet in openpyxl.load_workbook(path).worksheets:
        rows = [tuple(value or None for value in row) for row in sheet.iter_rows(values_only=True)]
        while rows and not any(rows[-1]):
            rows.pop()
        if rows:
            sheets.append((sheet.title, sheet.sheet_state == "visible", rows))
    return sheets


# A cell of blanks alone is left out: calamine drops some of them, and to us such a cell is empty either way.
TEXTS = st.text(st.sampled_from("张三ab '=+-@,\n\"\t，é𬀩"), max_size=6).filter(
    lambda text: not text or text.strip()
)
CELLS = st.one_of(st.none(), TEXTS)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TABLES, st.sampled_from(["visible", "hidden", "veryHidden"])), max_size=3))
def test_every_text_reads_as_openpyxl_reads_it(tmp_path, tables):
    book = openpyxl.Workbook()
    for table, state in tables:
        sheet = book.create_sheet()
        sheet.sheet_state = state
        for row, values in enumerate(table, 1):
            for column, value in enumerate(values, 1):
                cell = sheet.cell(row, column, value)
                if value:
                    cell.data_type = "s"
    path = tmp_path / "book.xlsx"
    book.save(path)
    expected = by_openpyxl(path)
    if not expected:
        with pytest.raises(DeliveryError):
            list(read(path))
        return
    found = list(read(path))
    assert [(grid.sheet, grid.visible) for grid in found] == [sheet[:2] for sheet in expected]
    for grid, (_, _, rows) in zip(found, expected, strict=True):
        assert grid.rows.get_column("row").to_list() == list(range(1, len(rows) + 1))
        width = max(len(row) for row in rows)
        for read_row, row in zip(grid.rows.iter_rows(), rows, strict=True):
            padded = read_row[4:] + (None,) * width
            assert padded[:width] == row


def test_values_are_text_as_a_person_sees_them(file, listed):
    book = openpyxl.Workbook()
    values = [
        16,
        30.5,
        16.0,
        True,
        dt.date(2023, 9, 1),
        dt.datetime(2023, 9, 1, 8, 5, 33),
        500199198108058961,
    ]
    for column, value in enumerate([*values, 110105491231002, "'0012", "=SUM"], 1):
        book.active.cell(1, column, value)
    book.active.cell(1, 10).data_type = "s"
    expected = ("16", "30.5", "16", "TRUE", "2023-09-01", "2023-09-01 08:05:33", "5.001991981080589E+17")
    assert listed(read(file(saved(book)))) == [(1, (*expected, "110105491231002", "'0012", "=SUM"))]


def test_an_error_cell_is_null(file, listed):
    book = openpyxl.Workbook()
    book.active.append(["a", "#N/A", "#DIV/0!", "b"])
    assert listed(read(file(saved(book)))) == [(1, ("a", None, None, "b"))]


def test_rows_and_columns_are_those_of_the_sheet_wherever_its_cells_begin(file):
    book = openpyxl.Workbook()
    book.active["C4"], book.active["D7"] = "张", "三"
    rows = next(read(file(saved(book)))).rows
    assert rows.get_column("row").to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert rows.select("c0", "c1", "c2", "c3").rows()[3::3] == [
        (None, None, "张", None),
        (None, None, None, "三"),
    ]
    assert rows.get_column("width").null_count() == rows.get_column("fault").null_count() == 7


def test_of_merged_cells_the_first_has_the_value(file, listed):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["C2"] = "标题", "x"
    book.active.merge_cells("A1:C1")
    assert listed(read(file(saved(book)))) == [(1, ("标题",)), (2, (None, None, "x"))]


def test_sheets_come_in_order_with_their_visibility_and_empty_ones_not_at_all(file):
    book = openpyxl.Workbook()
    book.active.title = "空"
    for name, state in (("乙", "visible"), ("甲", "hidden"), ("丙", "veryHidden")):
        sheet = book.create_sheet(name)
        sheet["A1"], sheet.sheet_state = "x", state
    found = [(grid.sheet, grid.visible) for grid in read(file(saved(book)))]
    assert found == [("乙", True), ("甲", False), ("丙", False)]


def test_batches_bound_the_grids_and_change_no_row(file, listed):
    book = openpyxl.Workbook()
    for index in range(25):
        book.active.append([index or None])
    path = file(saved(book))
    assert [grid.rows.height for grid in read(path, batch=10)] == [10, 10, 5]
    assert listed(read(path, batch=10)) == listed(read(path))


def test_a_tail_of_styled_rows_down_to_the_last_one_costs_nothing(file, listed):
    book = openpyxl.Workbook()
    book.active.append(["张", "三"])
    tail = b"".join(
        b'<row r="%d"><c r="XFD%d" s="0"/></row>' % (row, row) for row in range(1_040_000, 1_048_577, 7)
    )
    data = rewritten(saved(book), "xl/worksheets/sheet1.xml", b"</sheetData>", tail + b"</sheetData>")
    data = rewritten(data, "xl/worksheets/sheet1.xml", b'"A1:B1"', b'"A1:XFD1048576"')
    began = time.perf_counter()
    assert listed(read(file(data))) == [(1, ("张", "三"))]
    assert time.perf_counter() - began < 1


def test_one_cell_in_the_farthest_corner_is_unsafe(file):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = 1, 2
    with pytest.raises(DeliveryError) as caught:
        list(read(file(saved(book))))
    assert caught.value.code == "unsafe"


def test_one_cell_in_the_last_row_is_the_last_row(file):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1048576"] = 1, 2
    last = None
    for grid in read(file(saved(book))):
        last = grid.rows.tail(1).select("row", "c1").row(0)
    assert last == (1_048_576, "2")


def test_a_zip_that_is_no_workbook_is_unreadable(file):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(DeliveryError) as caught:
        list(read(file(buffer.getvalue())))
    assert caught.value.code == "unreadable"


def test_400_rows_are_read_at_once(file):
    book = openpyxl.Workbook()
    for index in range(400):
        book.active.append([f"张{index}"] * 15)
    path = file(saved(book))
    began = time.perf_counter()
    assert sum(grid.rows.height for grid in read(path)) == 400
    assert time.perf_counter() - began < 0.2
