"""The raw contract: what an agency promises about the cells of its files, declared as a pandera model.

A contract is a subclass of `RawContract`. Each field says where its text comes from (a header, the title above the
table, the file's name, the sheet's name) and which checks it must pass. All fields are text: nothing is interpreted here.

    class Register(RawContract):
        person_name: str = column("姓名", "教师姓名", checks=[required("person_name")])
        period: str = title(r"研修时间[:：]\\s*(\\S+)", shown="研修时间", checks=[readable("date.unparsable", span_start)])

A check is a polars expression that is true (or null) where the cell is right; its reason code is its `error`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from etl_core.expressions import amounts, dates, identity, text

Parse = Callable[[pl.Expr], pl.Expr]

# Columns that every raw frame has beside the contract's: the delivery's own date, for date.future (ruling 42).
DATED = "_dated"


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
    kind "sheet": the sheet's name. `shown` is the place that a reason names. An `optional` header may be missing.
    """

    kind: Literal["header", "title", "name", "sheet"]
    headers: tuple[Header, ...] = ()
    pattern: str = ""
    shown: str = ""
    optional: bool = False


class RawContract(pa.DataFrameModel):
    """Base of every agency's promise; see the module's text."""


def column(*headers: str | Header, checks: Iterable[pa.Check] = (), optional: bool = False) -> Any:
    """A field read from the column under one of `headers` (older and newer spellings side by side)."""
    known = tuple(Header(each) if isinstance(each, str) else each for each in headers)
    return _field(Origin("header", headers=known, shown=known[0].text, optional=optional), checks)


def title(pattern: str, shown: str, checks: Iterable[pa.Check] = ()) -> Any:
    """A field read from the lines above the header: first group of `pattern`, the same for every row of the sheet."""
    return _field(Origin("title", pattern=pattern, shown=shown), checks)


def filename(pattern: str, shown: str, checks: Iterable[pa.Check] = ()) -> Any:
    """A field read from the delivery's file name: first group of `pattern`."""
    return _field(Origin("name", pattern=pattern, shown=shown), checks)


def sheetname(shown: str, checks: Iterable[pa.Check] = ()) -> Any:
    """A field whose text is the name of the sheet that the row stands in."""
    return _field(Origin("sheet", shown=shown), checks)


def _field(origin: Origin, checks: Iterable[pa.Check]) -> Any:
    field = pa.Field(nullable=True, metadata={"origin": origin})
    field.checks = list(checks)
    return field


def origins(contract: type[RawContract]) -> Mapping[str, Origin]:
    """Each field's origin, in the order of declaration."""
    columns = contract.to_schema().columns
    return {name: declared.metadata["origin"] for name, declared in columns.items()}


def check(code: str, passes: Parse, at: str | None = None) -> pa.Check:
    """A check with reason code `code`; `at` names another place for the reason than the field's own header."""

    def evaluate(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(passes(pl.col(data.key)))

    return pa.Check(evaluate, name=code, error=code, title=at)


def required(field: str, at: str | None = None) -> pa.Check:
    """The cell may not be empty (ruling 78: only for columns the agency calls 必填)."""
    return check(f"required.{field}", lambda cell: text.clean(cell).is_not_null(), at)


def readable(code: str, parse: Parse) -> pa.Check:
    """An empty cell, or one that `parse` can read. Also serves the warnings such as division.unknown or subject.unknown."""
    return check(code, lambda cell: text.clean(cell).is_null() | parse(cell).is_not_null())


def known(field: str, parse: Parse) -> pa.Check:
    """A word that a mapping knows, or nothing: an unknown value is never given a default."""
    return readable(f"code.unknown.{field}", parse)


def identified(id_type: pl.Expr | None = None) -> list[pa.Check]:
    """Checks of an identity number: damaged, length, checksum (contract §3) and the warning masked (ruling 24)."""

    def sound(code: str) -> Parse:
        return lambda cell: identity.id_fault(cell, id_type).ne_missing(pl.lit(code))

    faults = ("id_number.damaged", "id_number.length", "id_number.checksum")
    return [
        *(check(code, sound(code)) for code in faults),
        check("id_number.masked", lambda cell: identity.masked(cell).not_()),
    ]


def agreeing(id_number: str) -> pa.Check:
    """Warning sex.conflict: the stated sex differs from the identity number's 17th digit (ruling 32)."""

    def agrees(cell: pl.Expr) -> pl.Expr:
        return identity.sex(cell) == identity.sex_of(identity.id_number(pl.col(id_number)))

    return check("sex.conflict", agrees)


def spanning(year: pl.Expr | None = None) -> list[pa.Check]:
    """Checks of a column that holds a whole range: unparsable, order, future (ruling 43)."""

    def start(cell: pl.Expr) -> pl.Expr:
        return dates.span(cell, year).struct.field("start")

    def end(cell: pl.Expr) -> pl.Expr:
        return dates.span(cell, year).struct.field("end")

    return [
        readable("date.unparsable", start),
        check("date.order", lambda cell: start(cell) <= end(cell)),
        check("date.future", lambda cell: start(cell) <= pl.col(DATED)),
    ]


def starting() -> list[pa.Check]:
    """Checks of a start date in a column of its own: unparsable, future (ruling 43)."""
    return [
        readable("date.unparsable", dates.day),
        check("date.future", lambda cell: dates.day(cell) <= pl.col(DATED)),
    ]


def ending(start: str) -> list[pa.Check]:
    """Checks of an end date in a column of its own: unparsable, not before the field `start` (ruling 43)."""
    return [
        readable("date.unparsable", dates.day),
        check("date.order", lambda cell: dates.day(pl.col(start)) <= dates.day(cell)),
    ]


def ranged(code: str, stated: Parse, limit: float) -> pa.Check:
    """The stated amount lies in (0, limit] (contract §3; ruling 47: the stated value, before any conversion)."""
    return check(code, lambda cell: stated(cell).is_between(0, limit, closed="right"))


def houred(parse: Parse = amounts.hours, nothing: bool = False) -> list[pa.Check]:
    """Checks of hours: unparsable, range. With `nothing`, a cell that means «no record of this kind» passes (ruling 46)."""

    def stated(cell: pl.Expr) -> pl.Expr:
        value = parse(cell).struct.field("stated")
        return pl.when(amounts.nothing(cell).not_()).then(value) if nothing else value

    def legible(cell: pl.Expr) -> pl.Expr:
        empty = amounts.nothing(cell) if nothing else text.clean(cell).is_null()
        return empty | parse(cell).struct.field("stated").is_not_null()

    return [check("hours.unparsable", legible), ranged("hours.range", stated, 2000)]


def credited() -> list[pa.Check]:
    """Checks of credits: unparsable, range (ruling 57: negative ones only in a cancellation)."""
    return [
        readable("credits.unparsable", amounts.number),
        ranged("credits.range", amounts.number, 500),
    ]


def daily(hours: pl.Expr, start: pl.Expr, end: pl.Expr, precise: pl.Expr) -> pa.Check:
    """Warning hours.daily_limit: more than 8 hours a day over the calendar days (ruling 41), where dates have days."""
    limit = ((end - start).dt.total_days() + 1) * 8
    return check("hours.daily_limit", lambda _: precise.not_() | (hours <= limit))
