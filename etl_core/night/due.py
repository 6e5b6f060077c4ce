"""When deliveries of a source are due, and what the calendar says of those that came.

A period ends with a day on which a delivery is due, and its grace. What is loaded after the end of the period before counts
for it, so a delivery that comes early within its period is in time, and one that comes late ends the waiting.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from etl_core.config import Due

USUAL = 2  # earlier periods without which nobody knows what is usual


@dataclass(frozen=True, slots=True)
class Arrived:
    """A loaded delivery: the day on which it was loaded, and its rows that became records."""

    day: date
    rows: int
    replaces: bool = False  # it says everything of its slot anew, so rows of a period are not added up


@dataclass(frozen=True, slots=True)
class Judged:
    """What the calendar says of a source: the day that was due last, the next one, and how the period ended.

    late: nothing came for it; days: since it was due. rows, usual: of the period, and the median of earlier ones (None where
    that is not known); shrunken: there are too few.
    """

    due: date | None
    following: date | None
    late: bool = False
    days: int = 0
    rows: int = 0
    usual: int | None = None
    shrunken: bool = False


def judged(due: Due, arrived: Sequence[Arrived], today: date) -> Judged:
    """Judge what has arrived by `today`."""
    first = min((one.day for one in arrived), default=today)
    days = sorted({day for year in range(first.year - 2, today.year + 2) for day in _days(due, year)})
    grace = timedelta(days=due.grace_days)
    following = next((day for day in days if day + grace >= today), None)
    over = [day for day in days if day + grace < today]
    if not over:
        return Judged(None, following)
    ends = [date.min, *(day + grace for day in over)]
    *earlier, rows = [_rows(arrived, start, end) for start, end in pairwise(ends)]
    rows = _rows(arrived, ends[-2], today) if rows is None else rows
    if rows is None:
        return Judged(over[-1], following, late=True, days=(today - over[-1]).days)
    known = [one for one in earlier if one is not None]
    usual = int(median(known)) if len(known) >= USUAL else None
    shrunken = usual is not None and rows < due.least * usual
    return Judged(over[-1], following, rows=rows, usual=usual, shrunken=shrunken)


def _rows(arrived: Iterable[Arrived], start: date, end: date) -> int | None:
    """Rows of what came after `start` and by `end`; None where nothing did."""
    within = [one for one in arrived if start < one.day <= end]
    if not within:
        return None
    rows = [one.rows for one in within]
    return max(rows) if all(one.replaces for one in within) else sum(rows)


def _days(due: Due, year: int) -> Iterable[date]:
    """The days of a year on which deliveries are due."""
    if due.every == "month":
        return [date(year, month, min(due.day, monthrange(year, month)[1])) for month in range(1, 13)]
    if due.every == "term":
        return [date.fromisoformat(f"{year}-{term}") for term in due.terms]
    return [day for day in due.dates if day.year == year]
