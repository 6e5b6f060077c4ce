"""Reading a cell once: a text column gets named parts beside it, which checks and a plugin's normalise then share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from etl_core.expressions import amounts, dates, divisions, identity, words
from etl_core.expressions.let import let


@dataclass(frozen=True, slots=True)
class Reading:
    """How one field's text is read: `value` is a Struct expression, `parts` its fields.

    A reading of level 1 may use the parts of readings of level 0. A value depends on its own row alone.
    """

    field: str
    value: pl.Expr
    parts: tuple[str, ...]
    level: int = 0


def name(field: str, part: str) -> str:
    """The column in which a part of a field stands."""
    return f"{field}:{part}"


def part(field: str, part: str) -> pl.Expr:
    """A part of a field that a reading of it has put beside the text."""
    return pl.col(name(field, part))


def read(frame: pl.DataFrame, readings: tuple[Reading, ...]) -> pl.DataFrame:
    """The frame with the parts of every reading beside its own columns, level by level."""
    for level in sorted({each.level for each in readings}):
        parts = [_parts(frame, each) for each in readings if each.level == level]
        frame = pl.concat([frame, *parts], how="horizontal")
    return frame


def _parts(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The parts of one reading; a value that stands in many cells (a date, a word) is read once."""
    cells = frame.select(list(dict.fromkeys(reading.value.meta.root_names())))
    known = cells.unique()
    if len(known) * 2 > len(cells):
        return cells.select(_named(reading))
    known = known.with_columns(_named(reading))
    return cells.join(known, on=cells.columns, how="left", nulls_equal=True, maintain_order="left").drop(
        cells.columns
    )


def _named(reading: Reading) -> list[pl.Expr]:
    return [reading.value.struct.field(part).alias(name(reading.field, part)) for part in reading.parts]


def value(parse: Callable[[str], pl.Expr]) -> Callable[[str], Reading]:
    """How a field is read by one expression, such as a look-up of words: part value."""
    return lambda field: Reading(field, pl.struct(value=parse(field)), ("value",))


def coded(listed: Mapping[str, str], dtype: type[pl.DataType] = pl.String) -> Callable[[str], Reading]:
    """How a field is read by an agency's own words (codes.csv): part value, null for a word it does not list."""
    return value(lambda field: words.code(field, listed, dtype))


def number(field: str, id_type: pl.Expr | None = None) -> Reading:
    """An identity number: parts number, fault and masked (identity.document)."""
    return Reading(field, identity.document(field, id_type), ("number", "fault", "masked"))


def span(field: str, year: int | pl.Expr | None = None) -> Reading:
    """A day, month, range or list of days: parts start, end and precision (dates.span), and given (`_given`)."""
    parts = ("start", "end", "precision")

    def whole(found: pl.Expr, given: pl.Expr) -> pl.Expr:
        return pl.struct(*(found.struct.field(each).alias(each) for each in parts), given.alias("given"))

    return Reading(field, let(whole, dates.span(field, year), _given(field)), (*parts, "given"))


def day(field: str) -> Reading:
    """One day: part day (dates.day), and given (`_given`)."""
    return Reading(field, pl.struct(day=dates.day(field), given=_given(field)), ("day", "given"))


def _given(field: str) -> pl.Expr:
    """Whether a date is written at all: .NET's 0001-01-01 is an empty cell (ruling 43)."""
    return dates.clean_date(field).is_not_null()


def hours(field: str) -> Reading:
    """Hours: parts stated, hours, basis (amounts.hours) and nothing (ruling 46)."""
    return _amount(field, amounts.hours(field))


def minutes(field: str) -> Reading:
    """Minutes: parts stated, hours, basis (amounts.minutes) and nothing (ruling 46)."""
    return _amount(field, amounts.minutes(field))


def _amount(field: str, amount: pl.Expr) -> Reading:
    parts = ("stated", "hours", "basis")

    def whole(amount: pl.Expr, nothing: pl.Expr) -> pl.Expr:
        return pl.struct(*(amount.struct.field(each).alias(each) for each in parts), nothing.alias("nothing"))

    return Reading(field, let(whole, amount, amounts.nothing(field)), (*parts, "nothing"))


def county(field: str, on: pl.Expr, prefecture: str | None = None, province: str | None = None) -> Reading:
    """A county's name: part code, valid on the date `on`, which may be a part itself (divisions.division)."""
    code = divisions.division(field, on, prefecture, province)
    return Reading(field, pl.struct(code=code), ("code",), level=1)
