"""A visible sheet that is no table of the delivery's source: what of it may be passed over, and what may not.

Lists of codes, instructions and summaries are counted and told (ruling 2). A sheet that holds persons is never passed over, be it
that its headers were changed or lost, or that it is another agency's: nothing of the delivery is loaded until somebody has decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from etl_core import header
from etl_core.contract import origins
from etl_core.errors import DeliveryError
from etl_core.expressions import identity
from etl_core.header import Layout
from etl_core.records import Grid
from etl_core.source import Source
from etl_core.table import head, located, names


def demand_none(  # noqa: PLR0917 (what a delivery's batches share)
    grid: Grid, first: bool, source: Source, others: tuple[Source, ...], name: str, on: date
) -> None:
    """Refuse a batch of a sheet that is no table of `source` where it may be a table all the same; `first`: its first batch.

    Raises DeliveryError ambiguous (one of `others` finds its whole header there), schema.missing_column (cells that look like
    identity numbers, or two headers of the source, one of them that of a person).
    """
    if first:
        _demand_unclaimed(grid, source, others, name, on)
    layout = located(grid, source, on) if first else None
    persons = identified(grid, source)
    if persons or (layout and len(layout.fields) > 1 and source.personal & layout.fields.keys()):
        near = layout or Layout(0, 1, (), {}, header.promised(source))
        fault = header.missing(near, source, grid.sheet)
        told = {"member": grid.file or "", "persons": persons or ""}
        raise DeliveryError(fault.code, **fault.detail, **told)


def identified(grid: Grid, source: Source) -> int:
    """How many rows hold something like an identity number.

    One row that names a column of the source beside its number explains that column, as instructions do with an example.
    """
    cells = names(grid.rows)
    numbered = pl.any_horizontal(pl.lit(False), *map(identity.like, cells))
    found = grid.rows.filter(numbered).select(explaining=pl.any_horizontal(False, *_named(cells, source)))
    alone = len(found) == 1 and found["explaining"].item()
    return 0 if alone else len(found)


def _named(cells: list[str], source: Source) -> Iterator[pl.Expr]:
    """Cells that are a header of the source, of one in two levels the lower."""
    headers = [each.text for origin in origins(source.contract).values() for each in origin.headers]
    known = {spelt for text in headers for spelt in (header.normal(text), header.normal(text).split("/")[-1])}
    bare = (pl.col(cell).str.replace_all(r"\s+", "").str.strip_chars("*＊:：“”") for cell in cells)
    return (text.is_in(known) for text in bare)


def _demand_unclaimed(grid: Grid, source: Source, others: tuple[Source, ...], name: str, on: date) -> None:
    claimed = [other.name for other in others if _whole(grid, other, name, on)]
    if claimed:
        rivals = ", ".join(sorted([source.name, *claimed]))
        raise DeliveryError("ambiguous", sources=rivals, sheet=grid.sheet or "", member=grid.file or "")


def _whole(grid: Grid, other: Source, name: str, on: date) -> bool:
    layout = located(grid, other, on)
    if layout is None or layout.absent:
        return False
    above = (cell for row in head(grid)[: layout.top] for cell in row)
    return other.said([*grid.names(name), grid.sheet, *above])
