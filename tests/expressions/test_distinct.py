"""Columns by their distinct values: whatever is evaluated on them is what plain columns give, row by row."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.contract import readings
from etl_core.expressions import distinct, reading, words
from etl_core.expressions.distinct import Distinct
from etl_core.expressions.reading import Reading, part
from etl_core.expressions.text import clean
from tests.fakes import number
from tests.made_up import source

texts = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.sampled_from(
        ["", "'", " 2023-05-06", "2023.5.6", "20230506", "江北区", "重庆市", "居民身份证", "8", "3天"]
    ),
    st.sampled_from([number(1), number(2), number(1)[:-1] + "x", number(1)[:17] + "0", "5001991980010100"]),
)
# Few rows of few values, so that columns are told apart in some draws and left alone in others.
columns = st.lists(st.sampled_from([None, "", "a", "b", "江"]), max_size=12)


@given(columns)
def test_a_column_is_its_own_distinct_values_by_position(cells: list[str | None]) -> None:
    column = pl.Series("cell", cells, pl.String)
    held = distinct.of(column)
    assert held.rows()["cell"].equals(column, null_equal=True)
    assert len(held.values) <= max(len(column), 1)


@given(st.lists(st.tuples(*[st.sampled_from([None, "a", "b"])] * 3, st.integers(0, 2)), max_size=30))
def test_columns_side_by_side_keep_their_rows(cells: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame(cells, schema={**dict.fromkeys("abc", pl.String), "d": pl.Int64}, orient="row")
    held = [distinct.of(frame[name]) for name in frame.columns]
    assert distinct.joined(held).rows().equals(frame)
    assert distinct.joined([*held[:2], Distinct(frame.select("c", "d"))]).rows().equals(frame)


@given(st.lists(st.dates(date(2023, 1, 1), date(2023, 1, 9)), max_size=40))
def test_values_that_have_become_fewer_are_told_apart_once_more(days: list[date]) -> None:
    column = pl.Series("day", days, pl.Date)
    months = distinct.again(distinct.of(column).select(pl.col("day").dt.month()))
    assert months.rows()["day"].to_list() == [day.month for day in days]


def test_a_column_of_few_texts_is_held_by_its_texts_and_one_of_many_as_it_is() -> None:
    few = distinct.of(pl.Series("cell", ["a", "b", None] * 4))
    many = distinct.of(pl.Series("cell", ["a", "b", None]))
    assert (len(few.values), few.at is None) == (3, False)
    assert (len(many.values), many.at is None) == (3, True)


KINDS = words.code("kind", {"居民身份证": "resident_id", "8": "passport"}, pl.String)


def _here(field: str) -> Reading:
    return reading.county(field, pl.lit(date(2023, 5, 6)))


def _county(field: str) -> Reading:
    return reading.county(field, part("day", "day"), "other", "cell")


READ = {
    "a number": (reading.number("cell"),),
    "a number beside its kind": (reading.number("cell", KINDS),),
    "hours": (reading.hours("cell"),),
    "a span of days": (reading.span("cell"),),
    "a county on one day": (_here("cell"),),
    "a county on a day": (reading.day("day"), _county("kind")),
}


def _given(one: pl.Expr) -> pl.Expr:
    """A literal's search is one value long, which a frame of many rows does not take for a literal."""
    return one if one.meta.root_names() else pl.lit(pl.select(one).to_series()[0], pl.UInt32).alias("_era")


@pytest.mark.parametrize("how", READ.values(), ids=READ)
@given(cells=st.lists(st.tuples(texts, texts, texts, texts), min_size=1, max_size=6), times=st.integers(1, 3))
def test_a_reading_gives_what_its_value_gives_on_all_rows(
    how: tuple[Reading, ...], cells: list[tuple[str | None, ...]], times: int
) -> None:
    frame = pl.DataFrame(
        cells * times, schema=dict.fromkeys(("cell", "kind", "day", "other"), pl.String), orient="row"
    )
    found = reading.read({name: distinct.of(frame[name]) for name in frame.columns}, how)
    for each in how:
        frame = frame.with_columns(*(_given(one) for one in each.given))
        frame = frame.with_columns(_value=each.value)
        plain = [frame["_value"].struct.field(one).alias(reading.name(each.field, one)) for one in each.parts]
        frame = frame.with_columns(plain).drop("_value")
        for column in plain:
            assert found[column.name].rows().to_series().equals(column, null_equal=True, check_names=True)
            assert found[column.name].values.dtypes == [column.dtype]


@given(st.lists(texts, min_size=1, max_size=6), st.integers(1, 3))
def test_a_cell_is_trimmed_alike_by_its_distinct_values(cells: list[str | None], times: int) -> None:
    column = pl.Series("cell", cells * times, pl.String)
    held = distinct.of(column).select(clean("cell")).rows()
    assert held.equals(column.to_frame().select(clean("cell")))


@given(st.one_of(texts, st.integers(1, 99).map(number)), st.sampled_from(["resident_id", "passport", None]))
def test_a_usual_number_is_read_the_shorter_way_as_the_longer_one_would(
    text: str | None, kind: str | None
) -> None:
    how = reading.number("cell", pl.col("kind"))
    frame = pl.DataFrame({"cell": [text], "kind": [kind]}, schema=dict.fromkeys(("cell", "kind"), pl.String))
    frame = frame.with_columns(*how.given)
    assert how.usual is not None
    (usual,) = frame.select(how.usual.when.fill_null(False)).to_series()
    if usual:
        assert frame.select(how.usual.value).rows() == frame.select(how.value).rows()
    assert usual == (kind == "resident_id" and frame.select(how.value).item()["number"] == text is not None)


def test_a_kind_that_is_the_same_for_every_row_may_be_a_literal() -> None:
    cells = {"cell": distinct.of(pl.Series("cell", [number(1), "E1234567", None]))}
    numbers = {
        kind: reading.read(cells, (reading.number("cell", pl.lit(kind)),))["cell:number"]
        .rows()
        .to_series()
        .to_list()
        for kind in ("resident_id", "passport")
    }
    assert numbers == {"resident_id": [number(1), None, None], "passport": [number(1), "E1234567", None]}


def test_the_readings_of_a_contract_are_made_once() -> None:
    assert readings(source().contract) is readings(source().contract)
