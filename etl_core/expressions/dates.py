"""Dates, ranges of dates, years and school years as agencies write them (rulings 38-40, 43).

A text is first brought to a canonical spelling: tokens joined by «~» (range) or «,» (list), each token one of
Y.M.D, M.D, D and Y.M; then the first token is the start and the last one the end. Years are 1900-2099:
anything else (0000-00-00, a slip of the keyboard) cannot be read.
"""

from __future__ import annotations

import polars as pl

from etl_core.expressions.let import let
from etl_core.expressions.text import clean, fold, halfwidth, plain

SPAN = pl.Struct({"start": pl.Date(), "end": pl.Date(), "precision": pl.String()})
_YEAR = r"(?:19|20)[0-9][0-9]"
_CLOCK = (
    r"(?:T|\s+|日\s*|号\s*)(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
    r"(?:\s*(?:Z|[+-][0-9][0-9]:[0-9][0-9]|\+[0-9]{4}))?"
)
_PART = r"(?:[0-9]{4}\.)?[0-9]{1,2}(?:\.[0-9]{1,2})?"
_WHOLE = rf"^{_PART}(?:[~,]{_PART})*$"
_FIRST = rf"^(?:({_YEAR})\.)?([0-9]{{1,2}})(?:\.([0-9]{{1,2}}))?(?:[~,]|$)"
_LAST_DAY = rf"[~,](?:(?:({_YEAR})\.)?([0-9]{{1,2}})\.)?([0-9]{{1,2}})$"
_LAST_MONTH = rf"[~,](?:({_YEAR})\.)?([0-9]{{1,2}})$"
# One rewriting after the other. Hyphens join the parts of a date where they can, else they mean a range.
_SPELLINGS = (
    (r"[—–―～~至到]+", "~"),
    (r"[、,;及和]", ","),
    (r"[年月/]", "."),
    (r"[日号]", ""),
    (r"\.+(~|,|-|$)", "$1"),
    (rf"\b({_YEAR})([0-9][0-9])([0-9][0-9])\b", "$1.$2.$3"),
    (rf"\b({_YEAR})([0-9][0-9])\b", "$1.$2"),
    (r"\b([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\b", "$1.$2.$3"),
    (r"\b([0-9]{4})-([0-9]{1,2})\b", "$1.$2"),
    (r"([~,-])([0-9]{1,2})-([0-9]{1,2})$", "$1$2.$3"),
    (r"^([0-9]{1,2})-([0-9]{1,2})([~,-]|$)", "$1.$2$3"),
    (r"-", "~"),
)


def clean_date(e: str | pl.Expr) -> pl.Expr:
    """`clean` for a cell of a date: .NET's 0001-01-01 counts as empty (ruling 43)."""
    text = clean(e)
    return pl.when(~text.str.contains(r"^0001[-/.]0?1[-/.]0?1(?:\D|$)")).then(text)


def span(e: str | pl.Expr, year: int | pl.Expr | None = None) -> pl.Expr:
    """Read a day, a month, a range or a list of days: Struct{start Date, end Date, precision String}.

    The struct itself is null where the cell is empty or a date of it does not exist (rulings 38-40, 43):
    - 2023.9.1 · 2023-9-1 · 2023/9/1 8:05:33 · 2023年9月1日 · 20230901 · ISO time stamps · Excel serials of
      the 1900 system (20000-60000) are one day;
    - 2023.9.1-9.5 · 2023.9.1—5日 · 2023年9月1日至5日 · 2023-09-01至2023-09-05 are ranges: missing parts of
      the end are taken from the start, an end month-day before the start is next year's. A lone end day
      before the start day, and stated years that run backwards, keep end < start: date.order sees them;
    - 2024.4.12、4.19 is the first and last of a list;
    - 2023年9月 · 2023.09 · 202309 · 2023年9月至12月 are whole months, precision month (else day).

    Args:
        e: the cell.
        year: the year of a first date that states none («9月1日至5日»), a number or an integer expression.
    """
    given = pl.lit(year, pl.Int32) if year is None or isinstance(year, int) else year.cast(pl.Int32)
    written = let(lambda text, given: pl.coalesce(_days(text, given), _months(text)), _canonical(e), given)
    return pl.coalesce(_serial(e), written)


def day(e: str | pl.Expr) -> pl.Expr:
    """Read one day: Date from the single-day forms of `span`; null for a range, a list, a month."""
    alone = rf"^({_YEAR})\.([0-9]{{1,2}})\.([0-9]{{1,2}})$"
    written = _canonical(e).str.extract_groups(alone)
    found = let(lambda parts: _date(*(parts.struct.field(part) for part in "123")), written)
    return pl.coalesce(_serial_day(e), found)


def moment(e: str | pl.Expr) -> pl.Expr:
    """Read a moment: Datetime(us) from 2023/06/01 12:32:05, 2023-6-1 12:32, 2023-06-01T12:32:05; a day alone is its midnight.

    Without a time zone: moments are compared within one file. Null when empty or unreadable.
    """
    text = halfwidth(clean_date(e)).str.replace_all("[/.]", "-").str.replace(r"[T ]+", " ")
    forms = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    return pl.coalesce(text.str.to_datetime(form, strict=False, time_unit="us") for form in forms)


def year(e: str | pl.Expr) -> pl.Expr:
    """Read a year 1900-2099: Int16 from 2023, 2023.0, 2023年, 2023年度; null when empty or unreadable."""
    return plain(e).str.extract(rf"^({_YEAR})(?:\.0+|年|年度)?$", 1).cast(pl.Int16, strict=False)


def school_year(e: str | pl.Expr) -> pl.Expr:
    """Read the first of two years in a row: Int16 from 2022-2023年度, 学年度, 学年 (ruling 38), else null."""
    pattern = rf"^({_YEAR})年?[-—–―~至到/]+({_YEAR})(?:年度|学年度|学年)?$"

    def first(years: pl.Expr) -> pl.Expr:
        one, two = (years.struct.field(part).cast(pl.Int16, strict=False) for part in "12")
        return pl.when(two == one + 1).then(one)

    return let(first, plain(e).str.extract_groups(pattern))


def _canonical(e: str | pl.Expr) -> pl.Expr:
    """Bring every spelling to tokens of numbers and dots, joined by ~ and ,; null for anything else."""
    text = fold(halfwidth(clean(e)).str.replace_all(_CLOCK, ""))
    for pattern, replacement in _SPELLINGS:
        text = text.str.replace_all(pattern, replacement)
    return text.str.extract(f"({_WHOLE})", 1)


def _serial_day(e: str | pl.Expr) -> pl.Expr:
    """Days since 1899-12-30, with or without a time of day."""
    days = plain(e).str.extract(r"^([2-5][0-9]{4}|60000)(?:\.[0-9]+)?$", 1).cast(pl.Int32, strict=False)
    return pl.lit("1899-12-30").str.to_date("%Y-%m-%d") + pl.duration(days=days)


def _serial(e: str | pl.Expr) -> pl.Expr:
    return let(lambda found: _span(found, found, "day"), _serial_day(e))


def _days(text: pl.Expr, given: pl.Expr) -> pl.Expr:
    """Spans of days: the first token states a month and a day."""

    def read(first: pl.Expr, last: pl.Expr, given: pl.Expr, alone: pl.Expr) -> pl.Expr:
        own, month, day = _numbers(first)
        start_year = pl.coalesce(own, given)
        end_year, end_month, end_day = _numbers(last)
        turned = (end_month * 100 + end_day < month * 100 + day).fill_null(False).cast(pl.Int32)
        end = _date(pl.coalesce(end_year, start_year + turned), pl.coalesce(end_month, month), end_day)
        start = _date(start_year, month, day)
        return _span(start, pl.when(alone).then(start).otherwise(end), "day")

    groups = (text.str.extract_groups(pattern) for pattern in (_FIRST, _LAST_DAY))
    return let(read, *groups, given, ~text.str.contains("[~,]"))


def _months(text: pl.Expr) -> pl.Expr:
    """Spans of whole months: the first token states a year and a month, the last one no more than that."""

    def read(first: pl.Expr, last: pl.Expr, alone: pl.Expr) -> pl.Expr:
        year, month, day = _numbers(first)
        end_year, end_month = _numbers(last, "12")
        turned = (end_month < month).cast(pl.Int32)
        end = _date(pl.coalesce(end_year, year + turned), end_month, pl.lit(1))
        start = pl.when(day.is_null()).then(_date(year, month, pl.lit(1)))
        return _span(start, pl.when(alone).then(start).otherwise(end).dt.month_end(), "month")

    groups = (text.str.extract_groups(pattern) for pattern in (_FIRST, _LAST_MONTH))
    return let(read, *groups, ~text.str.contains("[~,]"))


def _numbers(groups: pl.Expr, parts: str = "123") -> list[pl.Expr]:
    return [groups.struct.field(part).cast(pl.Int32, strict=False) for part in parts]


def _date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Build dates; null where such a day does not exist (pl.date would raise)."""
    parts = [part.cast(pl.String) for part in (year, month, day)]
    return pl.concat_str(parts, separator="-").str.to_date("%Y-%m-%d", strict=False)


def _span(start: pl.Expr, end: pl.Expr, precision: str) -> pl.Expr:
    def whole(start: pl.Expr, end: pl.Expr) -> pl.Expr:
        found = pl.struct(start.alias("start"), end.alias("end"), pl.lit(precision).alias("precision"))
        return pl.when(start.is_not_null() & end.is_not_null()).then(found).cast(SPAN)

    return let(whole, start, end)
