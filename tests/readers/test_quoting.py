from __future__ import annotations

import re

import pytest

from etl_core.readers import quoting
from etl_core.readers.quoting import Irregular, irregular, regular


@pytest.mark.parametrize("line", ["", "a", "a,b", '"a"', '"a,b",c', '"a ""b""",', ",,", '"",""'])
def test_a_line_that_is_a_whole_record_is_regular(line):
    assert re.search(regular(","), line)


@pytest.mark.parametrize("line", ['"', 'a,"b', 'a"b', '"a"b,c', '"a" ,b', 'a,"b""'])
def test_a_line_that_may_be_less_or_more_is_not(line):
    assert not re.search(regular(","), line)


def test_a_record_goes_on_until_its_quote_closes():
    assert irregular(['a,"b\r\n', 'c",d\r\n'], [0, 1], [None, None], ",", final=True) == (
        [Irregular(0, 2, ["a", "b\r\nc", "d"])],
        2,
    )


def test_a_record_open_at_the_end_of_a_chunk_waits_for_the_next_one():
    assert irregular(["x\n", 'a,"b\n', "c\n"], [1], [1, None, 1], ",", final=False) == ([], 1)


def test_a_record_open_at_the_end_of_the_file_is_broken_in_its_first_line():
    assert irregular(['a,"b\n', "c\n"], [0], [None, 1], ",", final=True) == (
        [Irregular(0, 1, ["a", '"b'], broken=True)],
        2,
    )


@pytest.mark.parametrize(("limit", "value"), [("LINES", 10), ("CHARACTERS", 20)])
def test_a_record_beyond_the_limits_is_broken_wherever_the_chunk_ends(limit, value, monkeypatch):
    monkeypatch.setattr(quoting, limit, value)
    lines = ['a,"b\n', *["c\n"] * 30, '",d\n']
    for final in (True, False):
        found, _ = irregular(lines, [0], [None, *[1] * 30, None], ",", final=final)
        assert found[0] == Irregular(0, 1, ["a", '"b'], broken=True)
