"""The rules that every container shares: trailing empty rows do not exist (ruling 1), grids are bounded.

A frame of rows has the columns of FIXED, then c0…cN, as records.Grid describes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

FIXED = {"row": pl.Int64(), "width": pl.Int64(), "fault": pl.String(), "fault_at": pl.Int64()}

# What only some containers tell of a row (records.Grid).
TOLD = ("kind", "cut")


def names(width: int) -> list[str]:
    """Names of the cell columns of a frame of `width` cells: c0…c{width-1}."""
    return [f"c{index}" for index in range(width)]


def framed(numbers: Sequence[int], columns: Iterable[Sequence[str | None] | pl.Series]) -> pl.DataFrame:
    """Rows of these numbers with these cells, column by column; no width and no fault is known of them."""
    cells = [pl.Series(f"c{at}", column, dtype=pl.String()) for at, column in enumerate(columns)]
    nothing = (pl.lit(None, FIXED[name]).alias(name) for name in ("width", "fault", "fault_at"))
    rows = pl.DataFrame({"row": numbers}, schema={"row": FIXED["row"]})
    return rows.with_columns(nothing).hstack(cells)


def settled(frames: Iterable[pl.DataFrame], batch: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of `frames` in order, at most `batch` at a time, without the empty rows at the end.

    No frame has fewer columns than those before it. Runs of empty rows are held back, as their places only,
    until a row that is not empty proves them inner ones.
    """
    held: list[pl.DataFrame] = []
    columns = 0
    for frame in frames:
        columns = max(columns, len(_cells(frame)))
        end = _end(frame)
        if end:
            for part in (*held, frame.head(end)):
                yield from _widened(part, columns).iter_slices(batch)
            held.clear()
        if end < frame.height:
            held.append(frame.slice(end).drop(_cells(frame)))


def _end(frame: pl.DataFrame) -> int:
    """Number of rows up to the last one that is not empty."""
    alive = pl.any_horizontal(pl.col("fault", *_cells(frame)).is_not_null())
    if frame.tail(1).select(alive).to_series().any():
        return frame.height
    places = frame.select(alive).to_series().arg_true()
    return int(places[-1]) + 1 if len(places) else 0


def _cells(frame: pl.DataFrame) -> list[str]:
    """The cell columns, which are the last ones: what a container tells of a row (`kind`, `cut`) stands before them."""
    return [name for name in frame.columns[len(FIXED) :] if name not in TOLD]


def _widened(frame: pl.DataFrame, columns: int) -> pl.DataFrame:
    missing = names(columns)[len(_cells(frame)) :]
    return frame.with_columns(pl.lit(None, pl.String()).alias(name) for name in missing)


def told(frame: pl.DataFrame, damage: str) -> pl.DataFrame:
    """Rows that hold `damage` get the fault "text.undecodable" and its first cell; the damage becomes U+FFFD."""
    cells = frame.columns[len(FIXED) :]
    hits = [
        pl.when(pl.col(cell).str.contains(damage, literal=True)).then(at) for at, cell in enumerate(cells)
    ]
    at = pl.when(pl.col("fault").is_null()).then(pl.coalesce(hits)).cast(pl.Int64)
    return frame.with_columns(
        at.alias("fault_at"),
        pl.when(at.is_not_null()).then(pl.lit("text.undecodable")).otherwise("fault").alias("fault"),
        pl.col(cells).str.replace_all(damage, "\ufffd", literal=True),
    )
