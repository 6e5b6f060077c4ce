"""The rows of a mending, read as if they stood in the delivery that they mend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from etl_core import extract, header
from etl_core.extract import Delivery, Raw
from etl_core.mending.original import Cells
from etl_core.mending.sheets import Sent, Sheet
from etl_core.mending.versions import Line, Versions, lines
from etl_core.readers.batches import FIXED
from etl_core.records import MENDED, PLACE, Grid, HeaderAccount
from etl_core.source import Source
from etl_core.table import Table


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a mending that are of one table, and which rows they stand for (records.MENDED)."""

    raw: Raw
    mended: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Shaped:
    """A row of a grid: its number, its cells, and what is known of it."""

    number: int
    cells: Cells
    fault: str | None = None
    kind: str | None = None
    fault_at: int | None = None


def mended(
    of: Sent, known: Versions, source: Source, name: str
) -> tuple[list[Part], tuple[HeaderAccount, ...]]:
    """Every row of a mending called `name`, each once, and what became of its headers.

    Rows, titles and dates are those of the original; places are those of the mending. Raises DeliveryError
    schema.missing_column, mending.unknown.
    """
    original = known.original
    delivery = Delivery(source, name, original.place, original.delivery.dated)
    told: dict[str | None, list[Line]] = {}
    for sheet, line in _by_sheet(of, known, source):
        told.setdefault(sheet, []).append(line)
    parts = [
        part for sheet in of.sheets for part in _parts(sheet, told.get(sheet.grid.sheet, []), known, delivery)
    ]
    accounts = tuple(
        HeaderAccount(name, sheet.grid.sheet, **header.account(sheet.layout, source))
        for sheet in of.sheets
        if sheet.layout
    )
    return parts, accounts


def _by_sheet(of: Sent, known: Versions, source: Source) -> Iterator[tuple[str | None, Line]]:
    """Lines come sheet by sheet, as many as each has below its header."""
    coming = lines(of, known, source)
    for sheet in of.sheets:
        if sheet.layout is not None:
            for _ in range(len(sheet.labels)):
                yield sheet.grid.sheet, next(coming)


def _parts(sheet: Sheet, told: Sequence[Line], known: Versions, delivery: Delivery) -> Iterator[Part]:
    if sheet.layout is None:
        yield Part(extract.batch(sheet.grid, None, delivery, first=False), pl.DataFrame(schema=MENDED))
        return
    head = sheet.grid.rows.head(sheet.end)
    titles = [_above(number, row, sheet) for number, row in enumerate(head.iter_rows(named=True))]
    first = told[0].key if told else next(iter(known.original.tables))
    for key in dict.fromkeys([first, *(line.key for line in told)]):
        mine = [line for line in told if line.key == key]
        rows = [*(titles if key == first else []), *map(_row, mine)]
        yield _part(rows, mine, known.original.tables[key], sheet.grid.sheet, delivery)


def _above(number: int, row: dict[str, str | None], sheet: Sheet) -> _Shaped:
    """A row down to the header; its kind is known already."""
    assert sheet.layout is not None
    empty = not any(
        (text or "").strip() for name, text in row.items() if name[0] == "c" and name[1:].isdecimal()
    )
    kind = "header" if number >= sheet.layout.top else "blank" if empty else "title"
    return _Shaped(int(str(row["row"])), (), kind=kind)


def _row(line: Line) -> _Shaped:
    return _Shaped(line.number, line.cells, fault=line.fault, fault_at=line.at)


def _part(rows: list[_Shaped], told: list[Line], of: Table, sheet: str | None, delivery: Delivery) -> Part:
    grid = Grid(_frame(rows, len(of.layout.texts)), sheet)
    raw = extract.batch(grid, of, delivery, first=False)
    records = pl.concat([raw.frame.select(*PLACE), raw.refused.select(*PLACE)])
    stands = [
        (delivery.name, sheet, line.number, line.row.file, line.row.sheet, line.row.row)
        for line in told
        if line.row is not None
    ]
    found = pl.DataFrame(stands, schema=MENDED, orient="row")
    return Part(raw, found.join(records, on="row", how="semi"))


def _frame(rows: list[_Shaped], width: int) -> pl.DataFrame:
    """Rows as records.Grid describes them, at least `width` cells wide."""
    cells = [row.cells for row in rows]
    width = max([width, *map(len, cells)])
    columns = {
        f"c{at}": pl.Series([each[at] if at < len(each) else None for each in cells], dtype=pl.String)
        for at in range(width)
    }
    fixed = {
        "row": pl.Series([row.number for row in rows], dtype=FIXED["row"]),
        "width": pl.Series([None] * len(rows), dtype=FIXED["width"]),
        "fault": pl.Series([row.fault for row in rows], dtype=FIXED["fault"]),
        "fault_at": pl.Series([row.fault_at for row in rows], dtype=FIXED["fault_at"]),
        "kind": pl.Series([row.kind for row in rows], dtype=pl.String),
    }
    return pl.DataFrame(fixed | columns)
