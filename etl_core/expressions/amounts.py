"""Hours, credits, scores and other numbers as agencies write them.

`hours` and `minutes` give one struct: stated Float64, hours Decimal(7,2), basis String (contract hours_basis).
`stated` is the amount in hours of 45 minutes before any rounding and of any size; the range of contract §3 is
checked on it, so that 20 minutes (0.44, kept as 0.0 hours) load and 0 minutes do not (ruling 47). The struct
is null where the cell is empty or cannot be read; `hours` alone is null where the amount is too large for it.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from etl_core.expressions.let import let
from etl_core.expressions.text import plain

# Contract §2: hours of 45 minutes, a day is 8, a half-day 4.
HOURS_A_DAY = 8
HOURS_A_HALF_DAY = 4
MINUTES_AN_HOUR = 45
_LARGEST = "99999.99"
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_UNIT = "个?(?:学时|课时)"
_DAYS = r"(?:[0-9]+(?:\.[0-9]+)?天半?|(?:[0-9]+个)?半天)"
_STATED = (
    rf"^({_NUMBER})(?:{_UNIT})?$",
    rf"^{_DAYS}[/、,(]({_NUMBER})(?:{_UNIT})?\)?$",
    rf"^{_DAYS}({_NUMBER}){_UNIT}$",
    rf"^({_NUMBER}){_UNIT}[/、,(]?{_DAYS}\)?$",
)
_NOTHING = r"^(?:[-/\\—–―]+|无|0+(?:\.0+)?(?:个?(?:学时|课时)|分钟|天)?)$"


def hours(e: str | pl.Expr) -> pl.Expr:
    """Read hours of 45 minutes (ruling 45): Struct{stated Float64, hours Decimal(7,2), basis String}.

    24 · 24.0 · ３６ · 24学时 · 24课时 · 3天/24课时 (the stated hours win) have the basis stated; 3天 · 0.5天 are
    8 a day, basis days; 半天 · 2个半天 are 4 each, basis half_days. Null when empty or unreadable; negative
    amounts are read, so that hours.range can refuse them.
    """
    return let(_hours, _signed(e))


def minutes(e: str | pl.Expr) -> pl.Expr:
    """Read minutes: the struct of `hours`, basis minutes, hours = minutes / 45 floored to 0.5 (ruling 47)."""
    stated = _float(_signed(e).str.extract(rf"^({_NUMBER})(?:分钟|分)?$", 1)) / MINUTES_AN_HOUR
    # Rounded first: a product with 1/45 may fall short of a whole half-hour by its last bit.
    return let(lambda hours: _amount(hours, _fitted((hours * 2).round(6).floor() / 2), "minutes"), stated)


def credits(e: str | pl.Expr) -> pl.Expr:  # noqa: A001 (the field's name in contract §2)
    """Read credits: Decimal(7,2) from 5, 5.5, -3, 3学分; null when empty or unreadable.

    Amounts beyond ±99999.99 become ±99999.99: out of range (credits.range), yet not unreadable.
    """
    return let(_limited, _signed(e).str.extract(rf"^({_NUMBER})(?:个?学分)?$", 1))


def by_rule(e: str | pl.Expr, each: str, *units: str) -> pl.Expr:
    """Credits for a number of things that give `each` of them, as lessons do («3节», ruling 54): Decimal(7,2), as `credits`."""
    unit = f"(?:{'|'.join(units)})?" if units else ""
    number = let(_limited, _signed(e).str.extract(rf"^({_NUMBER}){unit}$", 1))
    return (number * pl.lit(Decimal(each))).cast(pl.Decimal(7, 2), strict=False)


def score(e: str | pl.Expr) -> pl.Expr:
    """Read a score: Decimal(5,2) from 86, 92.5, 88分; null when empty, unreadable or beyond ±999.99."""
    return _signed(e).str.extract(rf"^({_NUMBER})分?$", 1).cast(pl.Decimal(5, 2), strict=False)


def number(e: str | pl.Expr, *units: str) -> pl.Expr:
    """Read a plain number, with or without one of the units («3节»): Float64, null when unreadable."""
    unit = f"(?:{'|'.join(units)})?" if units else ""
    return _float(_signed(e).str.extract(rf"^({_NUMBER}){unit}$", 1))


def nothing(e: str | pl.Expr) -> pl.Expr:
    """Tell whether a wide cell means «no record of this kind» (ruling 46): Boolean, never null.

    Empty, 0, /, —, –, - and 无 do.
    """
    return plain(e).str.contains(_NOTHING).fill_null(True)


def _signed(e: str | pl.Expr) -> pl.Expr:
    return plain(e).str.replace("^[−﹣]", "-")


def _hours(text: pl.Expr) -> pl.Expr:
    stated = pl.coalesce([text.str.extract(pattern, 1) for pattern in _STATED])
    days = (
        _float(text.str.extract(rf"^({_NUMBER})天半?$", 1)) + text.str.ends_with("天半").cast(pl.Float64) / 2
    )
    halves = _float(text.str.replace("^半天$", "1个半天").str.extract(rf"^({_NUMBER})个半天$", 1))
    return pl.coalesce(
        let(lambda written: _amount(_float(written), written, "stated"), stated),
        let(lambda hours: _amount(hours, _fitted(hours), "days"), days * HOURS_A_DAY),
        let(lambda hours: _amount(hours, _fitted(hours), "half_days"), halves * HOURS_A_HALF_DAY),
    )


def _fitted(hours: pl.Expr) -> pl.Expr:
    """Leave out what Decimal(7,2) cannot hold: from a float, even a lenient cast raises there."""
    return pl.when(hours.abs() < 99999.99).then(hours)


def _amount(stated: pl.Expr, exact: pl.Expr, basis: str) -> pl.Expr:
    hours = exact.cast(pl.Decimal(7, 2), strict=False)
    whole = pl.struct(stated.alias("stated"), hours.alias("hours"), pl.lit(basis).alias("basis"))
    return pl.when(stated.is_not_null()).then(whole)


def _limited(written: pl.Expr) -> pl.Expr:
    largest = pl.when(written.str.starts_with("-")).then(pl.lit("-" + _LARGEST)).otherwise(pl.lit(_LARGEST))
    exact = written.cast(pl.Decimal(7, 2), strict=False)
    return pl.coalesce(exact, pl.when(written.is_not_null()).then(largest.cast(pl.Decimal(7, 2))))


def _float(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Float64, strict=False)
