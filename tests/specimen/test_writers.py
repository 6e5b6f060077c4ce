"""What the readers make of a written specimen is what was written, whatever the container."""

from __future__ import annotations

import struct
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.readers import ReadOptions, read
from etl_core.specimen.rows import Line, Page
from etl_core.specimen.writers import Form, write
from etl_core.table import names

WORDS = st.text("张安宁语文8.5√-/（）<&a \"'=@", min_size=1, max_size=6).map(str.strip).filter(bool)
CELLS = st.lists(
    st.lists(st.one_of(st.none(), WORDS), min_size=3, max_size=3), min_size=1, max_size=6
).filter(lambda rows: any(map(any, rows)))
FORMS = {
    "xlsx": Form("xlsx", "a.xlsx"),
    "xls": Form("xls", "a.xls"),
    "csv": Form("csv", "a.csv", "gb18030", delimiter=",", newline="\r\n"),
    "html": Form("html", "a.xls", "gb18030"),
    "json": Form("json", "a.json", "utf-8"),
    "ndjson": Form("ndjson", "a.jsonl", "gb18030", newline="\r\n"),
    "xml": Form("xml", "a.xml", "gb18030"),
}
STATED = {"json", "ndjson", "xml"}


def told(form: Form, pages: list[Page], folder: Path) -> list[list[str | None]]:
    ((name, data),) = write(form, pages).items()
    path = folder / name
    path.write_bytes(data)
    rows = []
    for grid in read(path, ReadOptions(lines=form.container == "ndjson")):
        cells = names(grid.rows)
        if grid.headers is not None:  # whatever the order of the fields of a record
            cells = [f"c{grid.headers.index(header)}" for header in sorted(grid.headers)]
        rows += [list(row) for row in grid.rows.select(cells).iter_rows()]
    return rows


HEAD = ["丙", "乙", "甲"]


def pages(form: Form, cells: list[list[str | None]]) -> list[Page]:
    stated = form.container in STATED
    lines = [Line(row, width=3) for row in (cells if stated else [HEAD, *cells])]
    return [Page("表", True, None, tuple(HEAD) if stated else None, lines, True)]


@pytest.mark.parametrize("container", FORMS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(cells=CELLS)
def test_every_cell_comes_back_as_it_was_written(container, tmp_path, cells):
    form = FORMS[container]
    wanted = cells if container in STATED else [HEAD, *cells]
    while container != "json" and not any(wanted[-1]):
        wanted = wanted[:-1]  # trailing empty rows do not exist (ruling 1); an object in a document does
    if container == "html":  # a browser shows white space as one blank
        wanted = [[cell and " ".join(cell.split()) for cell in row] for row in wanted]
    assert told(form, pages(form, cells), tmp_path) == wanted


def test_hidden_sheets_are_hidden_and_merged_groups_read_as_before(tmp_path):
    head = [Line(["姓名", "学时", None], kind="header"), Line([None, "集中", "网络"], kind="header")]
    body = [Line(["张安", "8", None])]
    for container in ("xlsx", "xls"):
        form = FORMS[container]
        two = [
            Page("表", True, None, None, [*head, *body], True),
            Page("样表", False, None, None, [Line(["样"])], False),
        ]
        ((name, data),) = write(form, two).items()
        (tmp_path / name).write_bytes(data)
        grids = list(read(tmp_path / name))
        assert [(grid.sheet, grid.visible) for grid in grids] == [("表", True), ("样表", False)]
        assert grids[0].rows.select(names(grids[0].rows)).rows()[:2] == [
            ("姓名", "学时", None),
            (None, "集中", "网络"),
        ]


def test_a_broken_row_and_an_undecodable_cell_are_broken_still(tmp_path):
    lines = [
        Line(["甲", "乙", "丙"], width=3, kind="header"),
        Line(["张", "安", "宁"], width=3, fault="text.undecodable", fault_at=1),
        Line(["样", "样", "样"], width=3, fault="row.malformed"),
        Line(["样", "样"], width=2, fault="row.malformed"),
        Line(["李", "安", "宁"], width=3),
    ]
    ((name, data),) = write(FORMS["csv"], [Page(None, True, None, None, lines, True)]).items()
    (tmp_path / name).write_bytes(data)
    rows = pl.concat([grid.rows for grid in read(tmp_path / name)])
    assert rows["fault"].to_list() == [None, "text.undecodable", "row.malformed", None, None]
    assert rows["fault_at"].to_list()[1] == 1
    assert rows["width"].to_list()[3] == 2


def test_a_table_keeps_its_fields_its_deleted_records_and_its_half_characters(tmp_path):
    fields = [(b"XM", b"C", 8), (b"XXMC", b"C", 7), (b"XS", b"N", 4)]
    head = b"\x03\x64\x01\x01" + struct.pack("<IHH", 0, 32 * 4 + 1, 20) + bytes(20)
    head += b"".join(struct.pack("<11sc4xBB14x", name, kind, size, 0) for name, kind, size in fields) + b"\r"
    lines = [
        Line(["张安", "示例小", "8"], cut=(1,)),
        Line(["李安", "示例", None], deleted=True, kind="deleted"),
        Line(["王安宁", None, "12"]),
    ]
    form = Form("dbf", "a.DBF", "gb18030", head=head)
    ((name, data),) = write(form, [Page(None, True, None, ("XM", "XXMC", "XS"), lines, True)]).items()
    (tmp_path / name).write_bytes(data)
    (grid,) = read(tmp_path / name)
    assert grid.headers == ("XM", "XXMC", "XS")
    assert grid.rows["kind"].to_list() == [None, "deleted", None]
    assert grid.rows["cut"].to_list() == [[1], [], []]
    assert grid.rows["c2"].str.strip_chars().to_list() == ["8", None, "12"]


def test_what_is_said_of_many_records_stands_around_them(tmp_path):
    headers = ("姓名", "批次/层次")
    lines = [Line(["张安", "市级"]), Line(["李安", "市级"]), Line(["王安", "国培"]), Line(["赵安", "国培"])]
    ((_, data),) = write(FORMS["xml"], [Page(None, True, None, headers, lines, True)]).items()
    assert data.decode("gb18030").count("<批次 层次=") == 2


def test_broken_lines_blank_ones_and_bad_bytes_stay_in_their_place(tmp_path):
    good = Line(["王安", "语文", None])
    lines = [good, Line(["样", None, None], fault="row.malformed"), Line([None] * 3, kind="blank"), good]
    lines.append(Line(["样", None, None], fault="text.undecodable"))
    data = write(FORMS["ndjson"], [Page(None, True, None, tuple(HEAD), lines, True)])["a.jsonl"]
    (tmp_path / "a.jsonl").write_bytes(data)
    (grid,) = read(tmp_path / "a.jsonl")
    assert grid.rows["row"].to_list() == [1, 2, 3, 4, 5]
    assert grid.rows["fault"].to_list() == [None, "row.malformed", None, None, "text.undecodable"]
    assert grid.headers is not None
    assert grid.rows[f"c{grid.headers.index('丙')}"][3] == "王安"
