"""Records of bytes → columns: fields of fixed places, in an encoding whose characters may not fit their field (ruling 22).

A column is decoded by its distinct values, and not at all where it is ASCII.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from etl_core.readers.batches import FIXED

# What stands behind a value that is shorter than its field.
PADDING = " \0"

Told = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name as a header, its place in a record in bytes, whether it is text by itself."""

    name: str
    start: int
    length: int
    textual: bool = True


@dataclass(frozen=True, slots=True)
class Records:
    """Some records: their numbers, their bytes (Binary), which are no whole records, and the skip kind of those that are marked."""

    numbers: pl.Series
    data: pl.Series
    malformed: pl.Series
    kinds: pl.Series


def framed(of: Records, fields: Sequence[Field], codec: str) -> pl.DataFrame:
    """Rows of a Grid, with `kind` and `cut`; malformed ones have that fault and no other."""
    columns = [_column(of.data, field, codec) for field in fields]
    states = {at: state for at, (_, state) in enumerate(columns) if state.null_count() < len(state)}
    rows = pl.DataFrame({"row": of.numbers, **{str(at): state for at, state in states.items()}})
    nothing = pl.lit(None, pl.Int64)
    bad = pl.when(~of.malformed).then(pl.coalesce(nothing, *_where(states, "text.undecodable")))
    told = rows.select(
        pl.col("row").cast(FIXED["row"]),
        pl.lit(None, FIXED["width"]).alias("width"),
        pl.when(of.malformed)
        .then(pl.lit("row.malformed"))
        .when(bad.is_not_null())
        .then(pl.lit("text.undecodable"))
        .alias("fault"),
        bad.alias("fault_at"),
        of.kinds.cast(pl.String).alias("kind"),
        pl.concat_list(nothing, *_where(states, "text.cut")).list.drop_nulls().alias("cut"),
    )
    return told.hstack(pl.DataFrame({f"c{at}": text for at, (text, _) in enumerate(columns)}))


def _where(states: Iterable[int], state: str) -> Iterator[pl.Expr]:
    """For each column its number, in the rows in which it has that state."""
    for at in states:
        yield pl.when(pl.col(str(at)) == state).then(pl.lit(at, pl.Int64))


def _column(records: pl.Series, field: Field, codec: str) -> tuple[pl.Series, pl.Series]:
    """Text of a column, null where nothing stands in it, and what is wrong with it: null, or a reason code."""
    nothing = pl.repeat(None, len(records), dtype=pl.String, eager=True)
    if not field.textual:
        return nothing, nothing
    cells = records.bin.slice(field.start, field.length)
    text = _ascii(cells)
    state = nothing
    if text is None:
        known = cells.unique()
        told = [_decoded(cell, codec) for cell in known.to_list()]
        texts, states = (pl.Series(each, dtype=pl.String) for each in zip(*told, strict=True))
        text, state = (cells.replace_strict(known, each, return_dtype=pl.String) for each in (texts, states))
    bare = text.str.strip_chars_end(PADDING)
    holds_nul = bare.str.contains("\0", literal=True)
    if holds_nul.any():
        state = state.set(holds_nul, "text.undecodable")
        bare = bare.str.replace_all("\0", "\ufffd", literal=True)
    return bare.set(bare == "", None), state


def _ascii(cells: pl.Series) -> pl.Series | None:
    """The cells as text, where all of them are ASCII: nothing needs to be decoded, as in columns of numbers and dates."""
    try:
        text = cells.cast(pl.String)
    except pl.exceptions.ComputeError:  # not even UTF-8
        return None
    return text if (text.str.len_bytes() == text.str.len_chars()).all() else None


def _decoded(cell: bytes, codec: str) -> Told:
    """A whole field as text, padding included, and what is wrong with it."""
    try:
        return cell.decode(codec), None
    except UnicodeDecodeError:
        pass
    try:  # what an unfinished decoder still waits for is a half character, and the field ends with it
        return codecs.getincrementaldecoder(codec)().decode(cell), "text.cut"
    except UnicodeDecodeError:
        return cell.decode(codec, "replace"), "text.undecodable"
