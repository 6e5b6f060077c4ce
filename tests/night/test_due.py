"""The calendar: what was due, what came for it, and whether it was as much as usual."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.config import Due
from etl_core.night import Arrived, judged

MONTHLY = Due(every="month", day=10, grace_days=5)
TODAY = date(2026, 10, 16)  # the day after the grace of 10 October


def came(*days: date, rows: int = 100) -> list[Arrived]:
    return [Arrived(day, rows) for day in days]


def test_a_delivery_that_never_came_is_late_the_day_after_its_grace_and_not_before():
    before = judged(MONTHLY, came(date(2026, 9, 9)), TODAY - timedelta(days=1))
    after = judged(MONTHLY, came(date(2026, 9, 9)), TODAY)
    assert (before.late, before.due, before.following) == (False, date(2026, 9, 10), date(2026, 10, 10))
    assert (after.late, after.due, after.days, after.following) == (
        True,
        date(2026, 10, 10),
        6,
        date(2026, 11, 10),
    )


@pytest.mark.parametrize(
    "day", [date(2026, 9, 16), date(2026, 10, 10), date(2026, 10, 15), date(2026, 10, 16)]
)
def test_what_comes_after_the_period_before_counts_however_early_or_late(day):
    assert not judged(MONTHLY, came(date(2026, 9, 9), day), TODAY).late


def test_what_came_within_the_grace_of_the_month_before_does_not_count_for_this_one():
    assert judged(MONTHLY, came(date(2026, 9, 15)), TODAY).late


def test_a_source_that_never_delivered_anything_is_late():
    assert judged(MONTHLY, [], TODAY).late


def test_the_31st_is_the_last_day_of_a_shorter_month():
    due = Due(every="month", day=31, grace_days=0)
    assert judged(due, [], date(2026, 3, 1)).due == date(2026, 2, 28)


def test_terms_are_due_twice_a_year():
    due = Due(every="term", grace_days=10)
    said = judged(due, [], date(2026, 7, 20))
    assert (said.due, said.following) == (date(2026, 1, 20), date(2026, 7, 10))
    assert judged(due, [], date(2026, 7, 21)).due == date(2026, 7, 10)


def test_of_listed_days_only_those_that_are_over_can_be_missed():
    due = Due(dates=(date(2026, 6, 30), date(2027, 1, 15)), grace_days=0)
    assert judged(due, [], date(2026, 6, 30)).due is None
    late = judged(due, [], date(2026, 7, 1))
    assert (late.late, late.following) == (True, date(2027, 1, 15))
    assert judged(due, [], date(2028, 1, 1)).following is None


def months(*rows: int) -> list[Arrived]:
    """One delivery for each month up to October."""
    first = 10 - len(rows) + 1
    return [Arrived(date(2026, first + at, 8), number) for at, number in enumerate(rows)]


def test_a_period_with_fewer_rows_than_half_of_the_usual_is_shrunken():
    said = judged(MONTHLY, months(100, 120, 110, 54), TODAY)
    assert (said.shrunken, said.rows, said.usual) == (True, 54, 110)
    assert not judged(MONTHLY, months(100, 120, 110, 55), TODAY).shrunken


def test_one_earlier_period_does_not_say_what_is_usual():
    said = judged(MONTHLY, months(100, 1), TODAY)
    assert (said.shrunken, said.usual) == (False, None)


def test_corrections_of_a_period_are_added_up_and_snapshots_are_not():
    usual = months(100, 100, 60)
    more = Arrived(date(2026, 10, 9), 30)
    assert judged(MONTHLY, [*usual, more], TODAY).rows == 90
    replacing = [Arrived(one.day, one.rows, replaces=True) for one in [*usual, more]]
    assert judged(MONTHLY, replacing, TODAY).rows == 60


def test_a_share_of_nought_looks_at_no_rows():
    assert not judged(Due(every="month", day=10, least=0), months(100, 100, 100, 0), TODAY).shrunken


@given(
    st.lists(st.dates(date(2024, 1, 1), date(2026, 12, 31)), max_size=12),
    st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    st.integers(1, 31),
    st.integers(0, 40),
)
def test_a_source_that_delivers_today_is_never_late(days, today, day, grace):
    due = Due(every="month", day=day, grace_days=grace)
    known = [one for one in days if one <= today]
    assert not judged(due, came(*known, today), today).late
    said = judged(due, came(*known), today)
    assert not (said.late and said.shrunken)
    assert said.following is None or said.following + timedelta(days=grace) >= today
