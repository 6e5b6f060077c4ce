from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import click
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from etl_core.cli import export

STARTS = "=+-@\t\0\r\n＝＋－＠"


@pytest.mark.parametrize("start", STARTS)
def test_a_text_that_a_spreadsheet_would_run_is_neutralised(start):
    frame = pl.DataFrame({"a": [f"{start}1+1"], f"{start}b": ["x"]})
    assert export.neutral(frame).row(0) == (f"'{start}1+1", "x")
    assert export.neutral(frame).columns == ["a", f"'{start}b"]


@given(st.lists(st.one_of(st.none(), st.text()), max_size=5))
def test_everything_else_stays_as_it_is(cells):
    kept = export.neutral(pl.DataFrame({"a": cells}, schema={"a": pl.String}))["a"].to_list()
    assert [
        one[1:] if one and one.startswith("'") and one != cells[at] else one for at, one in enumerate(kept)
    ] == cells
    assert not any(one and one[0] in STARTS for one in kept)


def test_numbers_are_not_texts():
    assert export.neutral(pl.DataFrame({"n": [-16]})).row(0) == (-16,)


def test_no_cell_of_an_export_is_a_formula_for_a_spreadsheet(tmp_path):
    text = export.text(pl.DataFrame({"=1+1": ["=cmd|' /C calc'!A0", "@SUM(1)", "-2+3"]}))
    book = Workbook()
    for line in csv.reader(io.StringIO(text)):
        book.active.append(line)
    book.save(tmp_path / "x.xlsx")
    cells = [cell for row in load_workbook(tmp_path / "x.xlsx").active for cell in row]
    assert [cell.data_type for cell in cells] == ["s"] * 4


def test_what_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    with pytest.raises(click.ClickException, match="No space left"):
        export.write(pl.DataFrame({"a": ["b"]}), tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_put_in_the_place_of_a_pipe_a_device_or_a_folder(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/null"), Path("/dev/stdout")):
        with pytest.raises(click.ClickException, match="not an ordinary file"):
            export.write(pl.DataFrame({"a": ["b"]}), path)
    assert pipe.is_fifo()
    assert not Path("/dev/null").is_file()
