"""Samples taken apart into sheets: what a container holds, as text."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl

from etl_core.readers import ReadOptions, read
from etl_core.records import Grid
from etl_core.source import Source
from etl_core.table import Table, names, table
from etl_core.testing.folders import packed

Row = list[str | None]
_NO_ROWS = pl.DataFrame()
Place = tuple[str, str | None, int]


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

    @property
    def table(self) -> Table:
        """The table that the sheet holds, where it holds one."""
        assert self.of is not None
        return self.of

    @property
    def width(self) -> int:
        """Number of its columns."""
        return max(map(len, self.head))


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
