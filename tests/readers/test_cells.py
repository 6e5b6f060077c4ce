from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from etl_core.readers.cells import column


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (16, "16"),
        (16.0, "16"),
        (-3.0, "-3"),
        (0.0, "0"),
        (30.5, "30.5"),
        (0.1 + 0.2, "0.3"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2023, 9, 1), "2023-09-01"),
        (dt.datetime(2023, 9, 1), "2023-09-01"),
        (dt.datetime(2023, 9, 1, 8, 5, 33), "2023-09-01 08:05:33"),
        (dt.datetime(2023, 9, 1, 8, 5, 32, 999_900), "2023-09-01 08:05:33"),
        (dt.time(8, 5, 33), "08:05:33"),
        (dt.timedelta(hours=36, seconds=5), "36:00:05"),
        (dt.timedelta(minutes=-90), "-01:30:00"),
        ("'张", "'张"),
        ("=1+1", "=1+1"),
        (" 张 ", " 张 "),
        ("", None),
        (None, None),
    ],
)
def test_a_value_becomes_the_text_that_a_person_sees(value, text):
    assert column("c0", [value, "x"]).to_list() == [text, "x"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (110105491231002.0, "110105491231002"),
        (999_999_999_999_999.0, "999999999999999"),
        (5.00196198108059e17, "5.00196198108059E+17"),
        (1e15, "1E+15"),
        (1234567890123456.0, "1.234567890123456E+15"),
        (500199198108058961, "5.00199198108058961E+17"),
    ],
)
def test_a_number_is_exact_up_to_15_digits_and_shows_its_damage_from_16(value, text):
    assert column("c0", [value]).to_list() == [text]


def test_a_column_of_text_is_a_column_of_strings():
    assert column("c3", ["a", "", "b"]).to_frame().schema == {"c3": pl.String()}
    assert column("c3", ["a", "", "b"]).to_list() == ["a", None, "b"]
