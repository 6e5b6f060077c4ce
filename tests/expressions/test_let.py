from __future__ import annotations

import polars as pl

from etl_core.expressions.let import let

FRAME = pl.DataFrame({"a": [1, None, 3], "b": [10, 20, 30]})


def test_the_body_sees_every_value_and_the_first_one_names_the_output() -> None:
    out = FRAME.select(let(lambda one, two: one * one + two, pl.col("a") + 1, pl.col("b")))
    assert out.to_dict(as_series=False) == {"a": [14, None, 46]}


def test_lets_nest_when_values_are_handed_in_again() -> None:
    nested = let(lambda one: let(lambda twice, one: twice + one, one * 2, one), pl.col("a"))
    assert FRAME.select(nested)["a"].to_list() == [3, None, 9]


def test_a_let_works_on_an_empty_frame_and_beside_a_literal() -> None:
    total = let(lambda one, two: one + two, pl.col("a"), pl.lit(5))
    assert FRAME.clear().select(total).height == 0
    assert FRAME.select(total)["a"].to_list() == [6, None, 8]


def test_the_plan_grows_by_a_step_and_not_by_a_factor() -> None:
    written, bound = pl.col("a"), pl.col("a")
    for _ in range(8):
        written = written + written
        bound = let(lambda value: value + value, bound)
    assert FRAME.select(bound)["a"].to_list() == FRAME.select(written)["a"].to_list() == [256, None, 768]
    assert len(bound.meta.root_names()) < len(written.meta.root_names())
