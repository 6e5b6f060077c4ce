"""Filling a form in, to see what a source says of it: the same way that a delivery goes, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.extract import open_
from etl_core.forms.sheet import Sheet
from etl_core.prepare import prepare
from etl_core.records import Grid, Place
from etl_core.source import Source

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed check: its code, the header that it names, and how grave it is."""

    code: str
    column: str | None
    severity: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A form of a source, to be filled in with rows of text by field; `name` and `tab` are what the file and the sheet are called."""

    source: Source
    sheet: Sheet
    name: str
    on: date
    tab: str | None = None

    def faults(self, rows: Sequence[Row]) -> list[set[Fault]]:
        """What is wrong with each row; nothing at all where the form itself cannot be read."""
        lines = list(self.sheet.lines(rows))
        first = len(lines) - len(rows) + 1
        found: list[set[Fault]] = [set() for _ in rows]
        # Where a delivery stands among others does not matter to what is right in a cell.
        anywhere = replace(self.source, place=lambda name, above: Place("", (), dated=self.on))
        try:
            for raw in open_([_grid(lines, self.tab)], anywhere, self.name, self.on).raws:
                for one in prepare(raw, anywhere).issues.iter_rows(named=True):
                    found[one["row"] - first].add(Fault(one["code"], one["column"], one["severity"]))
        except DeliveryError:
            return [set() for _ in rows]
        return found


def _grid(lines: Sequence[Sequence[str | None]], tab: str | None) -> Grid:
    """The lines as a reader gives them."""
    numbers = pl.DataFrame({"row": pl.Series(range(1, len(lines) + 1), dtype=pl.Int64)})
    nothing = {"width": pl.Int64(), "fault": pl.String(), "fault_at": pl.Int64()}
    cells = [
        pl.Series(f"c{at}", column, dtype=pl.String()) for at, column in enumerate(zip(*lines, strict=True))
    ]
    fixed = (pl.lit(None, kind).alias(name) for name, kind in nothing.items())
    return Grid(numbers.with_columns(fixed).hstack(cells), tab)
