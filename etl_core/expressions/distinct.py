"""Columns held as their distinct values: what stands in many cells is evaluated once, and its result put back by position.

An expression that depends on its own row alone gives the same on the distinct values as on all rows; a property holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

# Values are told apart where each stands in at least so many cells on average: below, it costs more than it spares.
_SHARED = 2


@dataclass(frozen=True, slots=True)
class Distinct:
    """Columns of one batch.

    values  the columns, with one row for each distinct one (or more: nothing relies on it)
    at      for each row of the batch, which row of `values` stands there (UInt32, never null); None: the rows themselves
    """

    values: pl.DataFrame
    at: pl.Series | None = None

    def select(self, made: pl.Expr) -> Distinct:
        """Another column made of these, row by row; a literal is one value that stands in each row."""
        if made.meta.root_names():
            return Distinct(self.values.select(made), self.at)
        rows = len(self.values if self.at is None else self.at)
        return Distinct(pl.select(made), pl.zeros(rows, dtype=pl.UInt32, eager=True))

    def rows(self) -> pl.DataFrame:
        """The columns as plain ones, row by row."""
        return self.values if self.at is None else self.values.select(pl.all().gather(self.at))

    def ordered(self, order: pl.Series) -> Distinct:
        """The same values where `order` says at which row of this each row stands."""
        return Distinct(self.values, order if self.at is None else self.at.gather(order))


def of(column: pl.Series) -> Distinct:
    """A column by its distinct values, or as it is where most of them differ."""
    known = column.unique()
    if len(known) * _SHARED > len(column):
        return Distinct(column.to_frame())
    if column.dtype == pl.String:
        return _words(column, known.drop_nulls())
    return Distinct(known.to_frame(), _found(column, known))


def _words(column: pl.Series, texts: pl.Series) -> Distinct:
    """An enumeration of the texts numbers a column of them faster than a join."""
    at = column.cast(pl.Enum(texts)).to_physical().cast(pl.UInt32).fill_null(len(texts))
    return Distinct(texts.extend_constant(None, 1).to_frame(), at)


def _found(cells: pl.Series, known: pl.Series) -> pl.Series:
    """At which place of `known` each cell stands."""
    places = known.to_frame("cell").with_row_index("at")
    return cells.to_frame("cell").join(
        places, on="cell", how="left", nulls_equal=True, maintain_order="left"
    )["at"]


def again(column: Distinct) -> Distinct:
    """Values that have become fewer, such as eras for days, told apart once more."""
    own = of(column.values.to_series())
    if column.at is None or own.at is None:
        return own if column.at is None else column
    return own.ordered(column.at)


def joined(columns: Sequence[Distinct]) -> Distinct:
    """Columns side by side, by their distinct combinations."""
    return reduce(_joined, columns)


def _joined(one: Distinct, other: Distinct) -> Distinct:
    if one.at is other.at:
        return Distinct(pl.concat([one.values, other.values], how="horizontal"), one.at)
    if one.at is not None and other.at is not None:
        pairs = one.at.cast(pl.UInt64) * len(other.values) + other.at
        known = pairs.unique()
        if len(known) * _SHARED <= len(pairs):
            values = [
                one.values.select(pl.all().gather(known // len(other.values))),
                other.values.select(pl.all().gather(known % len(other.values))),
            ]
            return Distinct(pl.concat(values, how="horizontal"), _found(pairs, known))
    return Distinct(pl.concat([one.rows(), other.rows()], how="horizontal"))
