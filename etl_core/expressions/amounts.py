"""Hours, credits, scores and other numbers as agencies write them.

`hours` and `minutes` give one struct for both: stated Float64, hours Decimal(7,2), basis String (contract hours_basis).
`stated` is the amount in hours of 45 minutes before any rounding and of any size; the range of contract §3 is checked
on it, so that 20 minutes (0.44 → 0.0 hours) load and 0 minutes do not (ruling 47). The struct is null where the cell is
empty or cannot be read; `hours` alone is null where the amount is too large for it.
"""

from __future__ import annotations

import polars as pl

from etl_core.expressions.text import clean, fold, halfwidth

HOURS_A_DAY = 8
HOURS_A_HALF_DAY = 4
MINUTES_AN_HOUR = 45
_NUMBER = r"-?\d+(?:\.\d+)?"
_UNIT = "个?(?:学时|课时)"
_DAYS = r"(?:\d+(?:\.\d+)?天半?|(?:\d+个)?半天)"
_NOTHING = r"^(?:[-/\\—–―－]+|无|0+(?:\.0+)?(?:个?(?:学时|课时|分钟)|天)?)$"


def hours(e: str | pl.Expr) -> pl.Expr:
    """Read hours of 45 minutes (ruling 45): Struct{stated Float64, hours Decimal(7,2), basis String}, or null.

    24 · 24.0 · ３６ · 24学时 · 24课时 · 3天/24课时 (the stated hours win) → basis stated; 3天 · 0.5天 → 8 a day, basis days;
    半天 · 2个半天 → 4 each, basis half_days. Negative amounts are read, so that hours.range can refuse them.
    """
    text = _plain(e)
    stated = pl.coalesce(
        text.str.extract(rf"^({_NUMBER})(?:{_UNIT})?$", 1),
        text.str.extract(rf"^{_DAYS}(?:[/、,(]({_NUMBER})(?:{_UNIT})?\)?)$", 1),
        text.str.extract(rf"^{_DAYS}({_NUMBER}){_UNIT}$", 1),
        text.str.extract(rf"^({_NUMBER}){_UNIT}[/、,(]?{_DAYS}\)?$", 1),
    )
    days = _float(text.str.extract(rf"^({_NUMBER})天半?$", 1)) + text.str.ends_with("半").cast(pl.Float64) / 2
    halves = pl.when(text == "半天").then(1.0).otherwise(_float(text.str.extract(rf"^({_NUMBER})个半天$", 1)))
    return pl.coalesce(
        _amount(_float(stated), _decimal(stated), "stated"),
        _counted(days * HOURS_A_DAY, "days"),
        _counted(halves * HOURS_A_HALF_DAY, "half_days"),
    )


def minutes(e: str | pl.Expr) -> pl.Expr:
    """Read minutes: the struct of `hours`, basis minutes; hours = minutes / 45 rounded down to 0.5 (ruling 47)."""
    stated = _float(_plain(e).str.extract(rf"^({_NUMBER})(?:分钟|分)?$", 1)) / MINUTES_AN_HOUR
    floored = (stated * 2).floor() / 2
    return _amount(stated, floored.cast(pl.Decimal(7, 2), strict=False), "minutes")


def credits(e: str | pl.Expr) -> pl.Expr:  # noqa: A001 (the field's name in contract §2)
    """Read credits: Decimal(7,2) from 5, 5.5, -3, 3学分; null when empty or unreadable.

    Amounts beyond ±99999.99 become ±99999.99: far out of range (credits.range), yet not unreadable.
    """
    text = _plain(e).str.extract(rf"^({_NUMBER})(?:个?学分)?$", 1)
    largest = pl.lit("99999.99").cast(pl.Decimal(7, 2))
    beyond = pl.when(_float(text) < 0).then(-largest).otherwise(largest).cast(pl.Decimal(7, 2))
    return pl.coalesce(_decimal(text), pl.when(text.is_not_null()).then(beyond))


def score(e: str | pl.Expr) -> pl.Expr:
    """Read a score: Decimal(5,2) from 86, 92.5, 88分; null when empty, unreadable or beyond ±999.99."""
    return _plain(e).str.extract(rf"^({_NUMBER})分?$", 1).cast(pl.Decimal(5, 2), strict=False)


def number(e: str | pl.Expr, *units: str) -> pl.Expr:
    """Read a plain number, with or without one of the units («3节»): Float64, null when empty or unreadable."""
    unit = f"(?:{'|'.join(units)})?" if units else ""
    return _float(_plain(e).str.extract(rf"^({_NUMBER}){unit}$", 1))


def nothing(e: str | pl.Expr) -> pl.Expr:
    """Tell whether a wide cell means «no record of this kind»: empty, 0, /, —, –, - or 无 (ruling 46): Boolean, never null."""
    return fold(halfwidth(clean(e))).str.contains(_NOTHING).fill_null(True)


def _plain(e: str | pl.Expr) -> pl.Expr:
    """Cells as the patterns expect them: no blanks, ASCII digits and signs."""
    return fold(halfwidth(clean(e))).str.replace("^[−﹣]", "-")


def _float(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Float64, strict=False)


def _decimal(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Decimal(7, 2), strict=False)


def _counted(amount: pl.Expr, basis: str) -> pl.Expr:
    return _amount(amount, amount.cast(pl.Decimal(7, 2), strict=False), basis)


def _amount(stated: pl.Expr, exact: pl.Expr, basis: str) -> pl.Expr:
    whole = pl.struct(stated.alias("stated"), exact.alias("hours"), pl.lit(basis).alias("basis"))
    return pl.when(stated.is_not_null()).then(whole)
