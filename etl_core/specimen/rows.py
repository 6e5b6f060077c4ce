"""The rows of a specimen: plain cells with what makes a row other than a sound record, and which of a file's rows are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from etl_core.expressions import identity
from etl_core.records import Grid
from etl_core.table import Table, names
from etl_core.table import kind as kinds

# Records of a specimen, over all sheets; of one sheet never fewer than FEWEST. Odd ones come on top of them.
RECORDS, FEWEST, ODD = 120, 20, 12

# Rows of one kind that is no record, below the header.
SKIPPED = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One row. cells from left to right; width, fault, fault_at, kind and cut as in records.Grid."""

    cells: list[str | None]
    width: int | None = None
    fault: str | None = None
    fault_at: int | None = None
    kind: str | None = None
    cut: tuple[int, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of a specimen (records.Grid), with its lines; `table` says that it holds one."""

    name: str | None
    visible: bool
    file: str | None
    headers: tuple[str, ...] | None
    lines: list[Line]
    table: bool


def kind(grid: Grid, of: Table | None) -> pl.Series:
    """What each row is (table.kind); of a sheet without a table, that it is another sheet."""
    if of is None:
        other = "other_sheet" if grid.visible else "hidden_sheet"
        return pl.repeat(other, len(grid.rows), dtype=pl.String, eager=True)
    return kinds(grid.rows, of, True)


def lines(grid: Grid, kind: pl.Series) -> Iterator[Line]:
    """The rows of a grid, told apart by `kind`."""
    cells = names(grid.rows)
    rows = grid.rows.with_columns(kind.alias("_kind"))
    for row in rows.iter_rows(named=True):
        yield Line(
            [row[name] for name in cells],
            row["width"],
            row["fault"],
            row["fault_at"],
            row["_kind"],
            tuple(row.get("cut") or ()),
            row.get("kind") == "deleted",
        )


def chosen(grid: Grid, kind: pl.Series, fields: Sequence[str], most: int) -> list[int]:
    """Positions of the rows that a specimen holds, in order: head and foot, the first records, and of the others those that are odd.

    fields: what each column holds, "" where it is not loaded. Odd are the first rows in which a loaded cell is written in
    a way not seen before, a row that is broken, and a few of every kind that is no record.
    """
    rows = grid.rows.with_columns(kind.alias("_kind")).with_row_index("_at")
    records = rows.filter(pl.col("_kind").is_null() & pl.col("fault").is_null())
    broken = rows.filter(pl.col("_kind").is_null() & pl.col("fault").is_not_null())
    others = rows.filter(pl.col("_kind").is_not_null())
    above = others.filter(pl.col("_kind").is_in(["title", "header"])).head(60)
    below = others.filter(~pl.col("_kind").is_in(["title", "header"]))
    few = below.filter(pl.int_range(pl.len()).over("_kind") < SKIPPED)
    odd = [
        at
        for name, field in zip(names(grid.rows), fields, strict=False)
        if field
        for at in _odd(records, name, field)
    ]
    wanted = {*records["_at"].head(most), *broken["_at"].head(ODD), *above["_at"], *few["_at"]}
    return sorted(wanted | set(sorted(odd)[:ODD]))


def _odd(records: pl.DataFrame, name: str, field: str) -> list[int]:
    """The first row of each way in which a column is written: digits and Chinese characters count as alike."""
    shape = pl.col(name).fill_null("").str.replace_all(r"\d+", "9").str.replace_all(r"[\u3400-\u9fff]+", "字")
    if field == "id_number":
        shape = pl.concat_str(shape, identity.id_fault(name).fill_null(""))
    return (
        records.select("_at", shape=shape).unique("shape", keep="first", maintain_order=True)["_at"].to_list()
    )
