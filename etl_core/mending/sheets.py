"""A mending as it was sent: its marker, and each of its sheets with the column that says which row stands for which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

import polars as pl

from etl_core import header, marker
from etl_core.errors import DeliveryError
from etl_core.header import Layout
from etl_core.marker import Marker
from etl_core.records import Grid
from etl_core.source import Source
from etl_core.table import head, names


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a mending: all of its rows, its header without the last column, and where that stands.

    layout is None on a sheet that holds no rows to mend.
    """

    grid: Grid
    layout: Layout | None
    at: int

    @property
    def end(self) -> int:
        """Rows down to and including the header."""
        return self.layout.top + self.layout.depth if self.layout else 0

    @property
    def labels(self) -> list[str | None]:
        """What the last column says of each row below the header."""
        below = self.grid.rows.slice(self.end)[f"c{self.at}"].str.strip_chars()
        return [each or None for each in below.to_list()]


@dataclass(frozen=True, slots=True)
class Sent:
    """A mending: what its marker says, and its sheets."""

    marker: Marker
    sheets: tuple[Sheet, ...]

    @property
    def wanted(self) -> set[str]:
        """The rows of the original that it names."""
        return {label for each in self.sheets if each.layout for label in each.labels if label}


def marked(grid: Grid) -> Marker | None:
    """The marker, where a workbook begins with one. Raises DeliveryError mending.unknown for one that cannot be read."""
    if grid.visible or grid.sheet != marker.SHEET:
        return None
    return marker.read(grid.rows["c0"][0] if grid.rows.height and "c0" in grid.rows.columns else None)


def sent(grids: Iterable[Grid], source: Source, on: date) -> Sent:
    """Read a mending. Raises DeliveryError mending.unknown (its marker), mending.unmarked (no sheet has the last column)."""
    whole = list(_whole(grids))
    found = marked(whole[0]) if whole else None
    if found is None:
        raise DeliveryError("mending.unknown")
    sheets = tuple(_sheet(grid, source, on) for grid in whole)
    if not any(sheet.layout for sheet in sheets):
        raise DeliveryError("mending.unmarked")
    return Sent(found, sheets)


def _whole(grids: Iterable[Grid]) -> Iterator[Grid]:
    """Each sheet in one grid: what was refused is a part of a delivery, and never too much."""
    for _, of_sheet in groupby(grids, key=lambda grid: grid.sheet):
        parts = list(of_sheet)
        yield replace(parts[0], rows=pl.concat([each.rows for each in parts], how="diagonal"))


def _sheet(grid: Grid, source: Source, on: date) -> Sheet:
    layout = header.locate(head(grid), source, on) if grid.visible else None
    last = {at for at, text in enumerate(layout.texts) if text and _same(text)} if layout else set()
    if layout is None or not last:
        return Sheet(grid, None, 0)
    at = min(last)
    texts = tuple(None if number in last else text for number, text in enumerate(layout.texts))
    return Sheet(grid, replace(layout, texts=texts), at)


def _same(text: str) -> bool:
    return header.normal(text) == header.normal(marker.COLUMN)


def bare(sheet: Sheet) -> list[int]:
    """Columns without a header, from left to right: what stands beside a malformed row's own."""
    texts = sheet.layout.texts if sheet.layout else ()
    count = len(names(sheet.grid.rows))
    return [at for at in range(count) if at != sheet.at and (at >= len(texts) or texts[at] is None)]
