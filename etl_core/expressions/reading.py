"""Reading a cell once: a text column gets named parts beside it, which checks and a plugin's normalise then share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import polars as pl

from etl_core.expressions import amounts, dates, distinct, divisions, identity, words
from etl_core.expressions.distinct import Distinct
from etl_core.expressions.let import let

# What other columns are brought to before they are told apart: many days lie in one era of the table of divisions, and
# the kind of a document is read once for each word, not once for each number.
_ERA = "_era"
_TYPE = "_id_type"


@dataclass(frozen=True, slots=True)
class Usual:
    """Cells written as they should be: `when` tells them, `value` is what a reading's own value gives for such a cell."""

    when: pl.Expr
    value: pl.Expr


@dataclass(frozen=True, slots=True)
class Reading:
    """How one field's text is read: `value` is a Struct expression, `parts` its fields.

    A reading of level 1 may use the parts of readings of level 0. A value depends on its own row alone.
    `given` are named expressions that the value may use like columns; they bring columns to fewer values before these are
    told apart. `usual` is a shorter way to the same value for cells as they should be, where nearly all cells differ.
    `words` are all that a cell may hold, where they can be listed, with what each means, for those who fill in a form.
    """

    field: str
    value: pl.Expr
    parts: tuple[str, ...]
    level: int = 0
    given: tuple[pl.Expr, ...] = ()
    usual: Usual | None = None
    words: Mapping[str, str] | None = None


def name(field: str, part: str) -> str:
    """The column in which a part of a field stands."""
    return f"{field}:{part}"


def part(field: str, part: str) -> pl.Expr:
    """A part of a field that a reading of it has put beside the text."""
    return pl.col(name(field, part))


def read(columns: Mapping[str, Distinct], readings: Iterable[Reading]) -> dict[str, Distinct]:
    """The parts of every reading, by name, level by level; `columns` holds the fields by name, each alone."""
    parts: dict[str, Distinct] = {}
    for each in sorted(readings, key=lambda reading: reading.level):
        parts |= _parts({**columns, **parts}, each)
    return parts


def _parts(columns: Mapping[str, Distinct], reading: Reading) -> dict[str, Distinct]:
    """The parts of one reading."""
    given = {
        value.meta.output_name(): distinct.again(_cells(columns, value).select(value))
        for value in reading.given
    }
    cells = _cells({**columns, **given}, reading.value)
    found = cells.select(reading.value.alias("")) if reading.usual is None else _usual(cells, reading)
    values = found.values.unnest("")
    return {
        name(reading.field, part): Distinct(
            values.select(pl.col(part).alias(name(reading.field, part))), found.at
        )
        for part in reading.parts
    }


def _cells(columns: Mapping[str, Distinct], value: pl.Expr) -> Distinct:
    """What an expression is evaluated on: a literal on any column, as many rows as there are."""
    roots = value.meta.root_names() or list(columns)[:1]
    return distinct.joined([columns[root] for root in dict.fromkeys(roots)])


def _usual(cells: Distinct, reading: Reading) -> Distinct:
    """The value of each cell, by the shorter way where the cell is a usual one."""
    assert reading.usual is not None
    usual = cells.values.select(reading.usual.when.fill_null(False)).to_series()
    values = [
        cells.values.filter(usual).select(reading.usual.value.alias("")),
        cells.values.filter(~usual).select(reading.value.alias("")),
    ]
    order = usual.arg_true().append((~usual).arg_true()).arg_sort()
    found = Distinct(pl.concat(values), order)
    return found if cells.at is None else found.ordered(cells.at)


def value(parse: Callable[[str], pl.Expr]) -> Callable[[str], Reading]:
    """How a field is read by one expression, such as a look-up of words: part value."""
    return lambda field: Reading(field, pl.struct(value=parse(field)), ("value",))


def coded(listed: Mapping[str, str], dtype: type[pl.DataType] = pl.String) -> Callable[[str], Reading]:
    """How a field is read by an agency's own words (codes.csv): part value, null for a word it does not list."""
    return lambda field: replace(
        value(lambda field: words.code(field, listed, dtype))(field), words=dict(listed)
    )


def number(field: str, id_type: pl.Expr | None = None) -> Reading:
    """An identity number: parts number, fault and masked (identity.document); `id_type` as there."""
    given = () if id_type is None else (id_type.alias(_TYPE),)
    kind = None if id_type is None else pl.col(_TYPE)
    sound = pl.struct(number=pl.col(field), fault=pl.lit(None, pl.String), masked=pl.lit(False))
    return Reading(
        field,
        identity.document(field, kind),
        ("number", "fault", "masked"),
        given=given,
        usual=Usual(identity.sound(field, kind), sound),
    )


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
    code = divisions.in_era(field, pl.col(_ERA), prefecture, province)
    return Reading(field, pl.struct(code=code), ("code",), level=1, given=(divisions.era(on).alias(_ERA),))
