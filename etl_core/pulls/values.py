"""A value of a database as the exact text that a delivery holds; null stays null."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import singledispatch


@singledispatch
def text(value: object) -> str | None:
    """Numbers with all their digits and no exponent, ISO dates and times, true and false, JSON as JSON, bytes as UTF-8 or hex."""
    return None if value is None else str(value)


@text.register
def _(value: bool) -> str:
    return str(value).lower()


@text.register
def _(value: Decimal) -> str:
    return format(value, "f")


@text.register
def _(value: float) -> str:
    """The shortest digits that give the same number again, whole numbers without a fraction."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


@text.register
def _(value: datetime) -> str:
    return value.isoformat(" ")


@text.register(date)
@text.register(time)
def _(value: date | time) -> str:
    return value.isoformat()


@text.register
def _(value: timedelta) -> str:
    """A TIME of MySQL, which may be more than a day and less than nothing."""
    seconds, micro = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    sign = "-" if value < timedelta(0) else ""
    fraction = f".{micro:06}" if micro else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


@text.register(bytes)
@text.register(bytearray)
@text.register(memoryview)
def _(value: bytes) -> str:
    written = bytes(value)
    try:
        return written.decode()
    except UnicodeDecodeError:
        return written.hex()


@text.register(dict)
@text.register(list)
@text.register(tuple)
def _(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=text)


def texts(row: Sequence[object]) -> list[str | None]:
    """A row, value by value."""
    return [text(value) for value in row]
