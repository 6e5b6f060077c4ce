"""The raw contract: what an agency promises about the cells of its files, declared as a pandera model.

A contract is a subclass of `RawContract`. Each field says where its text comes from (a header, the title above the
table, the file's name, the sheet's name) and which checks it must pass. All fields are text, trimmed, and null where the cell is empty: nothing is interpreted here.

    class Register(RawContract):
        person_name: str = column("姓名", "教师姓名", checks=[required("person_name")])
        period: str = title(r"研修时间[:：]\\s*(\\S+)", shown="研修时间", reads=dates.span, checks=spanning())

A check is a polars expression that is true (or null) where the cell is right; its reason code is its `error`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from etl_core.expressions import amounts, identity
from etl_core.expressions.reading import Reading, part

# How a field's text is read, once the field's name is known.
Reads = Callable[[str], Reading]

# What a check asks of a field, by the field's name: true or null where the cell is right.
Passes = Callable[[str], pl.Expr]

# Columns that every raw frame has beside the contract's: the delivery's own date, for date.future (ruling 42).
DATED = "_dated"

JOINT = "┋"  # between the cells of a field that stands in several columns; no agency writes it into one cell of those


@dataclass(frozen=True, slots=True)
class Header:
    """One spelling of a column's header, and the dates of delivery between which it is used (inclusive)."""

    text: str
    since: date | None = None
    until: date | None = None

    def holds(self, on: date) -> bool:
        """Whether this spelling is in use at the date of a delivery."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the text of a contract's field comes from.

    kind "header": the column under one of `headers` («上层/下层» for two-level ones; «姓名#2» is the second of that name);
    kinds "title" and "name": the first group of `pattern` in the lines above the header, or in the file's name;
    kind "sheet": the sheet's name; kind "columns": every column whose header matches `pattern`. `shown` is the place that a reason names. An `optional` header may be missing.
    `example` is what people are shown as one: a cell's text, of a title its line. `members` are headers of a form that has the
    columns of kind "columns".
    """

    kind: Literal["header", "title", "name", "sheet", "columns"]
    headers: tuple[Header, ...] = ()
    pattern: str = ""
    shown: str = ""
    optional: bool = False
    example: str = ""
    members: tuple[str, ...] = ()


class RawContract(pa.DataFrameModel):
    """Base of every agency's promise; see the module's text."""


def column(
    *headers: str | Header,
    checks: Iterable[pa.Check] = (),
    reads: Reads | None = None,
    optional: bool = False,
    example: str = "",
) -> Any:
    """A field read from the column under one of `headers` (older and newer spellings side by side)."""
    known = tuple(Header(each) if isinstance(each, str) else each for each in headers)
    origin = Origin("header", headers=known, shown=known[0].text, optional=optional, example=example)
    return _field(origin, checks, reads)


def title(
    pattern: str,
    shown: str,
    checks: Iterable[pa.Check] = (),
    reads: Reads | None = None,
    example: str = "",
) -> Any:
    """A field read from the lines above the header: first group of `pattern`, the same for every row of the sheet."""
    return _field(Origin("title", pattern=pattern, shown=shown, example=example), checks, reads)


def filename(pattern: str, shown: str, checks: Iterable[pa.Check] = (), reads: Reads | None = None) -> Any:
    """A field read from the delivery's file name: first group of `pattern`."""
    return _field(Origin("name", pattern=pattern, shown=shown), checks, reads)


def sheetname(shown: str, checks: Iterable[pa.Check] = (), reads: Reads | None = None) -> Any:
    """A field whose text is the name of the sheet that the row stands in."""
    return _field(Origin("sheet", shown=shown), checks, reads)


def columns(
    pattern: str,
    shown: str,
    checks: Iterable[pa.Check] = (),
    reads: Reads | None = None,
    members: Iterable[str] = (),
) -> Any:
    """A field that stands in as many columns as have a header like `pattern`, such as the half-days of an attendance sheet.

    Its text are the cells from left to right, joined by JOINT; part "headers" are their headers, joined alike. Each check is
    asked of every cell alone, and names its header. At least one such column is promised.
    """
    return _field(Origin("columns", pattern=pattern, shown=shown, members=tuple(members)), checks, reads)


def member(field: str, number: int) -> str:
    """The name of one column of a field that has several."""
    return f"{field}[{number}]"


def _field(origin: Origin, checks: Iterable[pa.Check], reads: Reads | None) -> Any:
    field = pa.Field(nullable=True, metadata={"origin": origin, "reads": reads})
    field.checks = list(checks)
    return field


def origins(contract: type[RawContract]) -> Mapping[str, Origin]:
    """Each field's origin, in the order of declaration."""
    return {name: told["origin"] for name, told in _declared(contract).items()}


@cache
def families(contract: type[RawContract]) -> Mapping[str, Origin]:
    """The fields that stand in several columns."""
    return {field: origin for field, origin in origins(contract).items() if origin.kind == "columns"}


@cache
def readings(contract: Any) -> tuple[Reading, ...]:
    """How the cells of the contract (a RawContract) are read, each of them once (expressions/reading.py)."""
    return tuple(told["reads"](name) for name, told in _declared(contract).items() if told["reads"])


@cache
def _declared(contract: Any) -> dict[str, dict[str, Any]]:
    """What `_field` keeps of each field; Any, here as above, because pyright holds a pandera model for unhashable."""
    return {name: column.metadata for name, column in contract.to_schema().columns.items()}


def check(code: str, passes: Passes, at: str | None = None) -> pa.Check:
    """A check with reason code `code`; `at` names another place for the reason than the field's own header."""

    def evaluate(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(passes(data.key))

    return pa.Check(evaluate, name=code, error=code, title=at)


def required(field: str, at: str | None = None) -> pa.Check:
    """The cell may not be empty (ruling 78: only for columns the agency calls 必填)."""
    return check(f"required.{field}", lambda cell: pl.col(cell).is_not_null(), at)


def dated(field: str) -> pa.Check:
    """As `required`, for a cell read by reading.span or reading.day: 0001-01-01 is empty (ruling 43)."""
    return check(f"required.{field}", lambda cell: part(cell, "given"))


def readable(code: str, read: Passes) -> pa.Check:
    """An empty cell, or one that `read` gives a value for; also the warnings such as division.unknown."""
    return check(code, lambda cell: pl.col(cell).is_null() | read(cell).is_not_null())


def of(name: str) -> Passes:
    """The part of that name, whichever field it is asked of."""
    return lambda field: part(field, name)


# The value that reading.value and reading.coded give.
VALUE = of("value")


def known(field: str, read: Passes = VALUE) -> pa.Check:
    """A word that a mapping knows, or nothing: an unknown value is never given a default."""
    return readable(f"code.unknown.{field}", read)


def identified() -> list[pa.Check]:
    """Checks of identity.number: damaged, length, checksum (contract §3) and the warning masked (ruling 24)."""

    def free_of(code: str) -> Passes:
        return lambda cell: part(cell, "fault").ne_missing(pl.lit(code))

    faults = ("id_number.damaged", "id_number.length", "id_number.checksum")
    masked = check("id_number.masked", lambda cell: part(cell, "masked").not_())
    return [*(check(code, free_of(code)) for code in faults), masked]


def agreeing(id_number: str) -> pa.Check:
    """Warning sex.conflict: the stated sex differs from the identity number's 17th digit (ruling 32)."""
    return check(
        "sex.conflict", lambda cell: identity.sex(cell) == identity.sex_of(part(id_number, "number"))
    )


def spanning() -> list[pa.Check]:
    """Checks of dates.span, a whole range in one cell: unparsable, order, future (ruling 43)."""
    return [
        _legible("start"),
        check("date.order", lambda cell: part(cell, "start") <= part(cell, "end")),
        check("date.future", lambda cell: part(cell, "start") <= pl.col(DATED)),
    ]


def _legible(name: str) -> pa.Check:
    """A date that is written can be read."""
    return check("date.unparsable", lambda cell: part(cell, "given").not_() | part(cell, name).is_not_null())


def starting() -> list[pa.Check]:
    """Checks of a start date in a column of its own (dates.day): unparsable, future (ruling 43)."""
    return [
        _legible("day"),
        check("date.future", lambda cell: part(cell, "day") <= pl.col(DATED)),
    ]


def ending(start: str) -> list[pa.Check]:
    """Checks of an end date in a column of its own (dates.day): unparsable, not before the field `start` (ruling 43)."""
    return [
        _legible("day"),
        check("date.order", lambda cell: part(start, "day") <= part(cell, "day")),
    ]


def houred(nothing: bool = False) -> list[pa.Check]:
    """Checks of amounts.hours or amounts.minutes: unparsable, and the stated amount in (0, 2000] (ruling 47).

    With `nothing`, a cell that means «no record of this kind» passes (ruling 46).
    """

    def empty(cell: str) -> pl.Expr:
        return part(cell, "nothing") if nothing else pl.col(cell).is_null()

    return [
        check("hours.unparsable", lambda cell: empty(cell) | part(cell, "stated").is_not_null()),
        check(
            "hours.range", lambda cell: empty(cell) | part(cell, "stated").is_between(0, 2000, closed="right")
        ),
    ]


def credited(read: Passes = amounts.credits, negative: pl.Expr | None = None) -> list[pa.Check]:
    """Checks of credits: unparsable, and in (0, 500], or in [-500, 0) where the row is `negative`: a cancellation (ruling 57).

    read: VALUE where a reading has read the credits already.
    """
    cancels = pl.lit(False) if negative is None else negative

    def inside(cell: str) -> pl.Expr:
        amount = read(cell)
        taken, given = amount.is_between(-500, 0, closed="left"), amount.is_between(0, 500, closed="right")
        return pl.when(cancels).then(taken).otherwise(given)

    return [readable("credits.unparsable", read), check("credits.range", inside)]


def daily(start: pl.Expr, end: pl.Expr, precision: pl.Expr | None = None) -> pa.Check:
    """Warning hours.daily_limit: more than 8 hours a day over the calendar days (ruling 41), where dates have days."""
    limit = ((end - start).dt.total_days() + 1) * 8
    coarse = pl.lit(False) if precision is None else precision != "day"
    return check("hours.daily_limit", lambda cell: coarse | (part(cell, "hours") <= limit))
