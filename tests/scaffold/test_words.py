from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.expressions.text import key
from etl_core.scaffold import Plan
from etl_core.scaffold.words import folded, words
from etl_core.seen import Column, Seen


def seen(*columns: Column) -> Seen:
    return Seen("a_2024.csv", "csv", "utf-8", ",", (), 0, 1, columns, False, {}, 1, 1, None)


def plan(agency: str, *columns: Column) -> Plan:
    return Plan("cq_example", agency, "某校", "登记表", "append", date(2026, 1, 1), seen(*columns))


LEVEL = Column("级别", "level", "mapped", words=("市级", "区县级", "片区级", " 国 培 "), coded="level")


@pytest.mark.parametrize(("agency", "value"), [("500199", "20"), ("510100", "30"), ("100000", "")])
def test_a_word_has_the_code_of_the_agencys_province_or_none(agency, value):
    told = {each.word: each.value for each in words(plan(agency, LEVEL))}
    assert told == {"市级": value, "区县级": "40", "片区级": "", " 国 培 ": "10"}


@given(st.text("市级10.0ＡａＢ－—- 　", min_size=1, max_size=8).filter(str.strip))
def test_words_are_folded_as_cells_are_looked_up(word):
    assert pl.DataFrame({"w": [word]}).select(key("w")).item() == folded(word)


def test_two_spellings_of_one_word_stand_once():
    column = Column("级别", "level", "mapped", words=("市级", "市 级"), coded="level")
    assert [each.word for each in words(plan("500199", column))] == ["市级"]
