"""Dates, ranges of dates, years and school years as agencies write them (rulings 38-40, 43).

A text is first brought to a canonical spelling, tokens joined by «~» (range) or «,» (list), each token being one of
Y.M.D, M.D, D and Y.M; then the first token is the start and the last one the end. Years are 1900-2099: anything else
(0000-00-00, a typing error) cannot be read.
"""

from __future__ import annotations

import polars as pl

from etl_core.expressions.text import clean, fold, halfwidth

SPAN = pl.Struct({"start": pl.Date(), "end": pl.Date(), "precision": pl.String()})
_CLOCK = (
    r"(?:T|\s+|日\s*|号\s*)(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
    r"(?:\s*(?:Z|[+-]\d\d:\d\d|\+\d{4}))?"
)
_TOKEN = r"(?:\d{4}\.)?\d{1,2}(?:\.\d{1,2})?"
_WHOLE = rf"^{_TOKEN}(?:[~,]{_TOKEN})*$"
_FIRST = r"^(?:((?:19|20)\d\d)\.)?(\d{1,2})(?:\.(\d{1,2}))?$"
_LAST_DAY = r"^(?:(?:((?:19|20)\d\d)\.)?(\d{1,2})\.)?(\d{1,2})$"
_LAST_MONTH = r"^(?:((?:19|20)\d\d)\.)?(\d{1,2})$"
# Spelling by spelling, in this order. Hyphens join the parts of a date where they can, else they are a range.
_SPELLINGS = (
    (r"[—–―～~至到]+", "~"),
    (r"[、,;]|及|和", ","),
    (r"[年月/]", "."),
    (r"[日号]", ""),
    (r"\.+(~|,|-|$)", "$1"),
    (r"\b((?:19|20)\d\d)(\d\d)(\d\d)\b", "$1.$2.$3"),
    (r"\b((?:19|20)\d\d)(\d\d)\b", "$1.$2"),
    (r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", "$1.$2.$3"),
    (r"\b(\d{4})-(\d{1,2})\b", "$1.$2"),
    (r"([~,-])(\d{1,2})-(\d{1,2})$", "$1$2.$3"),
    (r"^(\d{1,2})-(\d{1,2})([~,-]|$)", "$1.$2$3"),
    (r"-", "~"),
)


def clean_date(e: str | pl.Expr) -> pl.Expr:
    """`clean` for a cell of a date: .NET's 0001-01-01 counts as empty (ruling 43)."""
    text = clean(e)
    return pl.when(~text.str.contains(r"^0001[-/.]0?1[-/.]0?1(?:\D|$)")).then(text)


def span(e: str | pl.Expr, year: int | pl.Expr | None = None) -> pl.Expr:
    """Read a day, a month, a range or a list of days: Struct{start Date, end Date, precision String}.

    The struct itself is null where the cell is empty or any date of it does not exist (rulings 38-40, 43):
    - 2023.9.1 · 2023-9-1 · 2023/9/1 8:05:33 · 2023年9月1日 · 20230901 · ISO time stamps · Excel serials of the 1900
      system (20000-60000) → one day;
    - 2023.9.1-9.5 · 2023.9.1—5日 · 2023年9月1日至5日 · 2023-09-01至2023-09-05 → a range: missing parts of the end are
      taken from the start, an end month-day before the start is next year's. A lone end day before the start day, and
      stated years that run backwards, keep end < start so that date.order sees them;
    - 2024.4.12、4.19 → first and last of the list;
    - 2023年9月 · 2023.09 · 202309 · 2023年9月至12月 → whole months, precision month (day otherwise).

    Args:
        e: the cell.
        year: the year of a first date that states none («9月1日至5日»), as a number or an integer expression.
    """
    text = _canonical(e)
    whole = pl.when(text.str.contains(_WHOLE)).then(text)
    first = whole.str.extract("^([^~,]+)", 1).str.extract_groups(_FIRST)
    last = whole.str.extract("[~,]([^~,]+)$", 1)
    return pl.coalesce(_serial(e), _days(first, last, _year_of(first, year)), _months(first, last))


def day(e: str | pl.Expr) -> pl.Expr:
    """Read one day: Date, null when empty, unreadable, or a range, list or month (the single-day forms of `span`)."""
    text = _canonical(e)
    single = pl.when(text.str.contains(r"^\d{4}\.\d{1,2}\.\d{1,2}$")).then(text)
    stated = single.str.extract_groups(_FIRST).struct
    return pl.coalesce(_serial(e).struct["start"], _date(stated["1"], stated["2"], stated["3"]))


def year(e: str | pl.Expr) -> pl.Expr:
    """Read a year 1900-2099: Int16 from 2023, 2023.0, 2023年, 2023年度; null when empty or unreadable."""
    text = fold(halfwidth(clean(e)))
    return text.str.extract(r"^((?:19|20)\d\d)(?:\.0+|年|年度)?$", 1).cast(pl.Int16)


def school_year(e: str | pl.Expr) -> pl.Expr:
    """Read the first year of two that follow each other: Int16 from 2022-2023年度, 学年度, 学年 (ruling 38); else null."""
    text = fold(halfwidth(clean(e)))
    years = text.str.extract_groups(
        r"^((?:19|20)\d\d)年?[-—–―~至到/]+((?:19|20)\d\d)(?:年度|学年度|学年)?$"
    ).struct
    first, second = years["1"].cast(pl.Int16), years["2"].cast(pl.Int16)
    return pl.when(second == first + 1).then(first)


def _canonical(e: str | pl.Expr) -> pl.Expr:
    """Bring every spelling to tokens of numbers and dots, joined by ~ and ,."""
    text = fold(halfwidth(clean(e)).str.replace_all(_CLOCK, ""))
    for pattern, replacement in _SPELLINGS:
        text = text.str.replace_all(pattern, replacement)
    return text


def _serial(e: str | pl.Expr) -> pl.Expr:
    """Excel serials: days since 1899-12-30 with an optional time of day."""
    days = halfwidth(clean(e)).str.extract(r"^([2-5]\d{4}|60000)(?:\.\d+)?$", 1).cast(pl.Int32)
    start = pl.lit("1899-12-30").str.to_date("%Y-%m-%d") + pl.duration(days=days)
    return _span(start, start, "day")


def _year_of(first: pl.Expr, year: int | pl.Expr | None) -> pl.Expr:
    stated = first.struct["1"].cast(pl.Int32)
    if year is None:
        return stated
    given = pl.lit(year) if isinstance(year, int) else year
    return pl.coalesce(stated, given.cast(pl.Int32))


def _days(first: pl.Expr, last: pl.Expr, year: pl.Expr) -> pl.Expr:
    """Spans of days: the first token states a month and a day."""
    month, day = first.struct["2"].cast(pl.Int32), first.struct["3"].cast(pl.Int32)
    stated = last.str.extract_groups(_LAST_DAY).struct
    end_year, end_month, end_day = (stated[part].cast(pl.Int32) for part in ("1", "2", "3"))
    turned = end_month * 100 + end_day < month * 100 + day
    end = _date(
        pl.coalesce(end_year, year + turned.fill_null(False).cast(pl.Int32)),
        pl.coalesce(end_month, month),
        end_day,
    )
    start = _date(year, month, day)
    return _span(start, pl.when(last.is_null()).then(start).otherwise(end), "day")


def _months(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """Spans of whole months: the first token states a year and a month, the last one at most as much."""
    year, month = first.struct["1"].cast(pl.Int32), first.struct["2"].cast(pl.Int32)
    stated = last.str.extract_groups(_LAST_MONTH).struct
    end_year, end_month = stated["1"].cast(pl.Int32), stated["2"].cast(pl.Int32)
    turned = (end_month < month).cast(pl.Int32)
    end = _date(pl.coalesce(end_year, year + turned), end_month, pl.lit(1))
    start = pl.when(first.struct["3"].is_null()).then(_date(year, month, pl.lit(1)))
    return _span(start, pl.when(last.is_null()).then(start).otherwise(end).dt.month_end(), "month")


def _date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Build dates; null where such a day does not exist (pl.date would raise)."""
    parts = [part.cast(pl.String) for part in (year, month, day)]
    return pl.concat_str(parts, separator="-").str.to_date("%Y-%m-%d", strict=False)


def _span(start: pl.Expr, end: pl.Expr, precision: str) -> pl.Expr:
    whole = pl.struct(start.alias("start"), end.alias("end"), pl.lit(precision).alias("precision"))
    return pl.when(start.is_not_null() & end.is_not_null()).then(whole).cast(SPAN)


