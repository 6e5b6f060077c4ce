from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.pulls.values import text, texts


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        ("", ""),
        ("=1+1", "=1+1"),
        (True, "true"),
        (500199198001010017, "500199198001010017"),
        (Decimal("24.50"), "24.50"),
        (Decimal("1E+20"), "100000000000000000000"),
        (Decimal("-0.00001"), "-0.00001"),
        (0.1, "0.1"),
        (24.0, "24"),
        (1e22, "10000000000000000000000"),
        (date(2023, 9, 1), "2023-09-01"),
        (datetime(2023, 9, 1, 8, 5, 33), "2023-09-01 08:05:33"),
        (time(8, 5), "08:05:00"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
        (timedelta(seconds=-1.5), "-00:00:01.500000"),
        ("石柱".encode(), "石柱"),
        (memoryview(b"\xff\x00"), "ff00"),
        ([1, {"a": Decimal("0.50")}], '[1, {"a": "0.50"}]'),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_value_is_written_with_all_that_it_says(value, written):
    assert text(value) == written
    assert texts([value, value]) == [written, written]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_decimal_loses_a_digit(value):
    assert Decimal(text(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_gives_itself_again(value):
    assert float(text(value)) == value
