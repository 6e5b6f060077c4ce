"""A CSV delivery as a workbook: `PYTHON -m benchmarks.workbook CSV WORKBOOK`, .xlsx by openpyxl, .xls by xlwt.

Scores and hours are numbers, everything else is text. A row with a cell too many loses it and gets its identity number as a
number instead, as a spreadsheet makes it of digits typed into it.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.words import HEADERS, MODIFIED

NUMBERS = frozenset(map(HEADERS.index, ("成绩", "学时")))
IDENTITY = HEADERS.index("证件号")

Cell = str | float | None


def rows(path: Path) -> Iterator[list[Cell]]:
    """The rows with the types of their cells; an empty cell is None."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            yield [_cell(at, cell, len(row) > len(HEADERS)) for at, cell in enumerate(row[: len(HEADERS)])]


def _cell(at: int, cell: str, damaged: bool) -> Cell:
    if at in NUMBERS and cell.isdecimal():
        return float(cell)
    if at == IDENTITY and damaged:
        return float(cell.replace("X", "0"))
    return cell or None


def xlsx(source: Path, target: Path) -> None:
    """Write with shared strings, as spreadsheet programs do."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in rows(source):
        sheet.append(row)
    book.save(target)


def xls(source: Path, target: Path) -> None:
    """Write BIFF8, which holds 65 536 rows."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    for number, row in enumerate(rows(source)):
        for at, cell in enumerate(row):
            if cell is not None:
                sheet.write(number, at, cell)
        if number % 1000 == 0:
            sheet.flush_row_data()
    book.save(str(target))


if __name__ == "__main__":
    _source, _target = Path(sys.argv[1]), Path(sys.argv[2])
    (xls if _target.suffix == ".xls" else xlsx)(_source, _target)
    os.utime(_target, (MODIFIED, MODIFIED))
