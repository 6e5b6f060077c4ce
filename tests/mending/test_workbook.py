"""What an agency gets: its own layout, all text, nothing that runs, nothing that may not be seen."""

from __future__ import annotations

import io
import re
from pathlib import Path

import polars as pl
from openpyxl import load_workbook

from etl_core import marker
from etl_core.cli import workbook
from etl_core.cli.workbook import AMBER, RED, Fault
from etl_core.marker import Marker
from etl_core.readers import read
from etl_core.records import Excerpt, Heading
from tests.mending.agency import Office, colour, samples

ODD = [
    "=1+1",
    "+86",
    "-1",
    "@x",
    "＝1",
    "\t=1",
    "007",
    "500199198001010015123",
    " 两边 ",
    "一\n二",
    "'引",
    "5.10",
]
TOLD = Marker("made_up", "a" * 64, "交来的.csv")


def written(part: Excerpt, path: Path, faults: dict[str, list[Fault]] | None = None) -> Path:
    with path.open("wb") as file:
        workbook.write(file, [part], faults or {}, TOLD, "zh")
    return path


def excerpt(cells: list[str]) -> Excerpt:
    columns = tuple(Heading(at, f"列{at}", words=("甲", "乙") if at == 0 else ()) for at in range(len(cells)))
    schema = {f"c{at}": pl.String for at in range(len(cells))}
    head = pl.DataFrame([[column.text for column in columns]], schema=schema, orient="row")
    rows = pl.DataFrame([["17", *cells]], schema={"place": pl.String, **schema}, orient="row")
    return Excerpt("", columns, 1, head, rows)


def test_every_text_comes_back_as_it_was_and_no_cell_is_a_formula(tmp_path):
    path = written(excerpt(ODD), tmp_path / "a.xlsx")
    page = load_workbook(path).worksheets[1]
    cells = [page.cell(2, at + 1) for at in range(len(ODD))]
    assert [cell.data_type for cell in cells] == ["s"] * len(ODD)
    assert {cell.number_format for cell in cells} == {"@"}
    assert [cell.quotePrefix for cell in cells[:6]] == [True] * 6
    assert not cells[6].quotePrefix
    (grid,) = [grid for grid in read(path) if grid.visible]
    assert list(grid.rows.select(f"c{at}" for at in range(len(ODD))).row(1)) == ODD


def test_known_words_are_offered_and_others_allowed(tmp_path):
    page = load_workbook(written(excerpt(["甲", "x"]), tmp_path / "a.xlsx")).worksheets[1]
    (rule,) = page.data_validations.dataValidation
    assert (rule.type, rule.errorStyle, str(rule.sqref)) == ("list", "warning", "A2")
    book = load_workbook(tmp_path / "a.xlsx")
    assert [cell.value for cell in book[marker.SHEET]["B"]] == ["甲", "乙"]


def test_a_faulty_cell_is_red_and_a_faulty_row_amber_with_what_to_do(tmp_path):
    faults = {"17": [Fault("列1", "改这一格"), Fault(None, "看这一行")]}
    page = load_workbook(written(excerpt(["a", "b"]), tmp_path / "a.xlsx", faults)).worksheets[1]
    assert [colour(page.cell(2, at)) for at in (1, 2, 3)] == [AMBER, RED, AMBER]
    assert [page.cell(2, at).comment.text for at in (1, 2)] == ["看这一行", "改这一格"]


def test_a_header_in_two_levels_and_its_title_stand_as_they_were_sent(office: Office):
    office.take(samples("cq_beibei")[-1])
    ((of, path),) = office.workbooks("cq_beibei")
    mine, theirs = load_workbook(path).worksheets[1], load_workbook(samples("cq_beibei")[-1]).worksheets[0]
    head = [[cell.value for cell in row] for row in theirs.iter_rows(max_row=4)]
    width = len(head[0])
    got = [[cell.value for cell in row][:width] for row in mine.iter_rows(max_row=4)]
    assert got == head
    assert mine.max_row == 4 + len(of.faults)
    headers = {
        str(each) for each in theirs.merged_cells.ranges if 3 <= each.min_row <= 4 and each.max_row <= 4
    }
    assert headers <= {str(each) for each in mine.merged_cells.ranges}
    assert mine.cell(3, width + 1).value == marker.COLUMN


def test_the_marker_is_hidden_and_the_file_its_owners_alone(office: Office):
    office.take(samples("cq_beibei")[-1])
    ((of, path),) = office.workbooks("cq_beibei")
    book = load_workbook(path)
    assert book.sheetnames[0] == marker.SHEET
    assert book[marker.SHEET].sheet_state == "veryHidden"
    assert book.active.title != marker.SHEET
    told = marker.read(book[marker.SHEET]["A1"].value)
    assert (told.source, told.mends, told.name) == ("cq_beibei", of.line["fingerprint"], of.line["file"])
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_id_number_is_seen_and_a_comment_says_what_to_do_in_chinese(office: Office):
    office.take(samples("cq_beibei")[0])
    ((_, path),) = office.workbooks("cq_beibei")
    page = load_workbook(path).worksheets[1]
    texts = [str(cell.value) for row in page.iter_rows(min_row=5) for cell in row if cell.value]
    assert not [text for text in texts if re.search(r"\d{15}", text)]
    assert [text for text in texts if re.fullmatch(r"\d{3}\*{11}\d{3}[\dX]", text)]
    notes = [cell.comment.text for row in page.iter_rows(min_row=5) for cell in row if cell.comment]
    assert notes
    assert all(re.search("请", note) for note in notes)


def test_columns_that_may_not_be_kept_are_in_no_workbook(office: Office):
    office.take(samples("cq_shizhu")[-1])
    ((_, path),) = office.workbooks("cq_shizhu")
    page = load_workbook(path).worksheets[1]
    headers = [cell.value for cell in page[1]]
    assert "1、您的姓名" in headers
    assert not [text for text in headers if re.search("手机|IP|来源|所用时间", str(text))]
    texts = " ".join(str(cell.value) for row in page.iter_rows() for cell in row)
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)|\d+\.\d+\.\d+\.\d+", texts)


def test_a_name_that_excel_refuses_is_made_one_that_it_takes():
    file = io.BytesIO()
    parts = [Excerpt("语/文", *_parts()), Excerpt("语?文", *_parts()), Excerpt("x" * 40, *_parts())]
    workbook.write(file, parts, {}, None, "zh")
    assert load_workbook(file).sheetnames == ["语_文", "语_文_2", "x" * 28]


def _parts():
    part = excerpt(["a", "b"])
    return part.columns, part.depth, part.head, part.rows
