"""Values of workbook cells → the text that a person sees, as far as it is the value and not its format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from etl_core.readers.batches import FIXED

# Excel keeps 15 significant digits; from here on the digits that were typed are lost (rulings 26 and 27).
INEXACT = 1e15

_SPENT = r"^(-?)PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S$"


def column(name: str, values: Sequence[Any]) -> pl.Series:
    """One column of cells as String; empty cells are null. Most columns are all text, others repeat few values."""
    kinds = set(map(type, values))
    if bool in kinds:  # True == 1.0: they would be one key
        values = [_TEXT[type(value)](value) for value in values]
    elif kinds != {str}:
        texts = {value: _TEXT[type(value)](value) for value in set(values)}
        values = list(map(texts.__getitem__, values))
    column = pl.Series(name, values, dtype=pl.String())
    empty = column == ""
    return column.set(empty, None) if empty.any() else column


def spent(frame: pl.DataFrame) -> pl.DataFrame:
    """Times of an .ods (ISO 8601, «PT08H30M00S») as a workbook of Excel has them: «08:30:00», «36:00:00»."""
    columns = frame.columns[len(FIXED) :]
    return frame.with_columns(pl.col(columns).str.replace(_SPENT, "${1}${2}:${3}:${4}")) if columns else frame


def _text(value: str | None) -> str | None:
    return value


def _boolean(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def number(value: float) -> str:
    """16 → "16", 30.5 → "30.5"; with 16 digits or more, which are not exact, "5.00196198108059E+17".

    15 significant digits, as Excel shows them: 0.1 + 0.2 is "0.3".
    """
    if abs(value) >= INEXACT:
        return f"{Decimal(repr(value)).normalize():E}"
    return str(int(value)) if value == int(value) else f"{value:.15g}"


def _moment(value: dt.datetime) -> str:
    """A date, with its time to the second unless that is midnight: "2023-09-01", "2023-09-01 08:05:33"."""
    value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")


def _duration(value: dt.timedelta) -> str:
    """Hours, minutes and seconds of a cell formatted [h]:mm:ss: "36:00:00"."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


_TEXT: dict[type, Callable[[Any], str | None]] = {
    type(None): _text,
    str: _text,
    bool: _boolean,
    int: number,
    float: number,
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: lambda value: value.isoformat("seconds"),
    dt.timedelta: _duration,
}
