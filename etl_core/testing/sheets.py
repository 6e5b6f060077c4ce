"""Samples taken apart into sheets and put together again, changed: what a container must not depend on."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl

from etl_core.readers import ReadOptions, read
from etl_core.records import Grid
from etl_core.source import Source
from etl_core.table import Table, names, table
from etl_core.testing import pages
from etl_core.testing.folders import packed

Row = list[str | None]
_NO_ROWS = pl.DataFrame()
Place = tuple[str, str | None, int]

# A header that no contract knows, and what turns a known one into another.
STRANGE, NEW = "外加的列", "新"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as text: `head` up to and including the header, `body` the records; `of` is None where it holds no table.

    `file` is the page of a pull that the sheet is, else None.
    """

    name: str | None
    visible: bool
    head: list[Row]
    body: list[Row]
    of: Table | None
    file: str | None = None


Change = Callable[[Sheet], Sheet]


def read_sheets(file: Path, options: ReadOptions | None = None) -> list[Grid]:
    """Every sheet as one grid."""
    grids = groupby(
        read(packed(file), options, name=file.name), key=lambda grid: replace(grid, rows=_NO_ROWS)
    )
    return [
        replace(alike, rows=pl.concat([grid.rows for grid in some], how="diagonal")) for alike, some in grids
    ]


def taken(file: Path, source: Source, on: date, records: Collection[Place]) -> list[Sheet]:
    """The sheets of a sample; of a table only its head and the rows (file, sheet, row) that are named as `records`."""
    return [
        _taken(grid, table(grid, source, file.name, on), file.name, records)
        for grid in read_sheets(file, source.read)
    ]


def _taken(grid: Grid, of: Table | None, name: str, records: Collection[Place]) -> Sheet:
    width = of.width if of else None
    lines = [list(line) for line in grid.rows.select(names(grid.rows)[:width]).iter_rows()]
    if of is None:
        return Sheet(grid.sheet, grid.visible, lines, [], None, grid.file)
    numbered = zip(grid.rows["row"], lines, strict=True)
    body = [line for row, line in numbered if (grid.path(name), grid.sheet, row) in records]
    head: list[Row] = lines[: of.end] if grid.headers is None else [[*grid.headers]]
    return Sheet(grid.sheet, grid.visible, head, body, of, grid.file)


def reordered(sheet: Sheet) -> Sheet:
    """All columns but the first in the opposite order; the first tells records from totals and notes.

    Columns of one name keep their order: nothing else tells the first «姓名» from the second.
    """
    head = _unmerged(sheet)
    order = _turned(sheet, max(map(len, head)))
    return replace(
        sheet, head=[_ordered(row, order) for row in head], body=[_ordered(row, order) for row in sheet.body]
    )


def _turned(sheet: Sheet, width: int) -> list[int]:
    """The column that comes to stand in each place."""
    assert sheet.of is not None
    turned = [0, *range(width - 1, 0, -1)]
    texts = sheet.of.layout.texts
    for text in filter(None, set(texts)):
        same = [at for at, other in enumerate(texts) if other == text]
        for place, at in zip(sorted(map(turned.index, same)), same, strict=True):
            turned[place] = at
    return turned


def _ordered(row: Row, order: Iterable[int]) -> Row:
    return [row[at] for at in order]


def _unmerged(sheet: Sheet) -> list[Row]:
    """The head with the upper level of a two-level header written over each of its columns."""
    assert sheet.of is not None
    head = [list(row) for row in sheet.head]
    if sheet.of.layout.depth == 2:
        upper, lower = head[-2:]
        group: str | None = None
        for at, (over, under) in enumerate(zip(upper, lower, strict=True)):
            group = over or (group if under else None)
            upper[at] = group
    return head


def widened(sheet: Sheet) -> Sheet:
    """One more column at the end, under a header that nobody knows."""
    assert sheet.of is not None
    top = sheet.of.layout.top
    head = [[*row, STRANGE if at == top else None] for at, row in enumerate(sheet.head)]
    return replace(sheet, head=head, body=[[*row, "1"] for row in sheet.body])


def renamed(field: str) -> Change:
    """The header of one field of the contract written otherwise."""

    def change(sheet: Sheet) -> Sheet:
        assert sheet.of is not None
        at = sheet.of.layout.fields[field]
        head = [list(row) for row in sheet.head]
        line = next(row for row in reversed(head) if row[at])
        line[at] = f"{NEW}{line[at]}"
        return replace(sheet, head=head)

    return change


def emptied(sheet: Sheet) -> Sheet:
    """The head alone (ruling 16)."""
    return replace(sheet, body=[])


def shortened(rows: int) -> Change:
    """No more than so many records."""
    return lambda sheet: replace(sheet, body=sheet.body[:rows])


def write(sheets: Iterable[Sheet], change: Change, folder: Path, name: str, delimiter: str = ",") -> Path:
    """A file of that name with the changed sheets: a workbook of text cells where they have names, the pages of a pull
    where they are such pages, else delimited text."""
    folder.mkdir()
    changed = [change(sheet) if sheet.of else sheet for sheet in sheets]
    path = folder / name
    if changed[0].file is not None:
        pages.write([pages.Page(str(sheet.file), sheet.head[0], sheet.body) for sheet in changed], path)
    elif changed[0].name is None:
        _write_text(path, changed[0], delimiter)
    else:
        _write_workbook(path, changed)
    return path


def _write_text(path: Path, sheet: Sheet, delimiter: str) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([*sheet.head, *sheet.body])


def _write_workbook(path: Path, sheets: Iterable[Sheet]) -> None:
    # Of the dev extra, and without types: only whoever tests a workbook needs it.
    from openpyxl import Workbook  # type: ignore[import-untyped]

    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.sheet_state = "visible" if sheet.visible else "hidden"
        for at, row in enumerate([*sheet.head, *sheet.body], 1):
            for column, value in enumerate(row, 1):
                if value is not None:
                    cell = page.cell(at, column, value)
                    cell.data_type = "s"  # text that begins with = is no formula (ruling 63)
    book.save(path)
