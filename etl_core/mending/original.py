"""The delivery that is mended, read once more: its tables, what stands above them, and the rows that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from etl_core import extract, header, marker
from etl_core.extract import Delivery, Key
from etl_core.masking import identity
from etl_core.records import Grid, Place
from etl_core.source import Source
from etl_core.table import Table, fault, kind, names
from etl_core.validate import rules

Cells = tuple[str | None, ...]

_LABEL = "_label"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a delivery: its table, its place as reasons name it, and its cells; `malformed` where no header is theirs."""

    key: Key
    file: str
    sheet: str | None
    row: int
    cells: Cells
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Original:
    """A delivery as far as it is needed: where it stands, its tables with the lines down to their header, and rows by label."""

    place: Place
    delivery: Delivery
    tables: Mapping[Key, Table]
    heads: Mapping[Key, tuple[Cells, ...]]
    rows: Mapping[str, Row]


def original(
    grids: Iterable[Grid], source: Source, name: str, arrived: date, wanted: Collection[str]
) -> Original:
    """Read a delivery for its `wanted` rows (marker.place); rows that are no records are not found.

    Raises DeliveryError as extract.open_ does.
    """
    begun = extract.begun(grids, source, name, arrived)
    tables: dict[Key, Table | None] = {}
    heads: dict[Key, tuple[Cells, ...]] = {}
    rows: dict[str, Row] = {}
    for grid, first, _ in extract.tabled(begun.grids, begun.delivery, tables):
        key = grid.table
        of = tables[key]
        if of is None:
            continue
        if first or grid.headers is not None:
            heads[key] = _head(grid, of)
        rows |= _rows(grid, of, first, wanted, name)
    known = {key: of for key, of in tables.items() if of is not None}
    return Original(begun.place, begun.delivery, known, heads, rows)


def _head(grid: Grid, of: Table) -> tuple[Cells, ...]:
    """The lines above the header and the header; the header alone where the container states it apart."""
    if grid.headers is not None:
        return (of.layout.texts,)
    return tuple(grid.rows.select(names(grid.rows)).head(of.end).iter_rows())


def _rows(grid: Grid, of: Table, first: bool, wanted: Collection[str], name: str) -> dict[str, Row]:
    lead = marker.place(grid.file, grid.sheet, 0)[:-1]
    label = pl.lit(lead) + pl.col("row").cast(pl.String)
    told = grid.rows.with_columns(label.alias(_LABEL), _kind=kind(grid.rows, of, first), _fault=fault(of))
    asked = told.filter(pl.col(_LABEL).is_in(list(wanted)) & pl.col("_kind").is_null())
    cells = names(grid.rows)
    return {
        label: Row(
            grid.table,
            grid.path(name),
            grid.sheet,
            row,
            tuple(each),
            malformed == "row.malformed",
        )
        for label, row, malformed, *each in asked.select(_LABEL, "row", "_fault", *cells).iter_rows()
    }


def kept(of: Table, source: Source) -> dict[int, str]:
    """The headed columns of a table that its agency may see again, each with a label of its own (header.labels)."""
    dropped = {header.normal(each) for each in source.dropped}
    called = header.called(of.layout.texts)
    return {at: label for at, label in header.labels(of.layout.texts).items() if not called[at] & dropped}


def numbers(of: Table, source: Source) -> frozenset[int]:
    """The columns of a table that hold identity numbers, by their checks or by their header."""
    fields = {rule.field for rule in rules(source.contract) if rule.code.startswith("id_number.")}
    told = {at for field, at in of.layout.fields.items() if field in fields}
    return frozenset(told | {at for at, text in enumerate(of.layout.texts) if text and identity(text)})
