from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.expressions import text


def one(expression: pl.Expr, cell: str | None) -> object:
    return pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String}).select(expression.alias("out")).item()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (" 张三 ", "张三"),
        ("　张三\u00a0", "张三"),
        ("\ufeff\u200b张三\n", "张三"),
        ("'500199", "500199"),
        ("' 500199", "500199"),
        ("''a", "'a"),
        ("a'b", "a'b"),
        ("=1+1", "=1+1"),
        ("第一行\n第 二行", "第一行\n第 二行"),
        ("'", None),
        ("''", None),
        ("", None),
        ("　 \t", None),
        (None, None),
    ],
)
def test_clean_trims_every_blank_and_one_mark_and_makes_nothing_null(
    cell: str | None, expected: str | None
) -> None:
    assert one(text.clean("cell"), cell) == expected


@given(st.text())
def test_cleaning_leaves_no_blank_at_either_end(cell: str) -> None:
    out = one(text.clean("cell"), cell)
    assert out is None or (isinstance(out, str) and out and out == out.strip(text.BLANKS))


def test_full_width_letters_become_ascii_but_roman_numerals_and_circled_ones_stay() -> None:
    assert one(text.halfwidth("cell"), "Ａ１（２４）：～　Ⅱ①") == "A1(24):~ Ⅱ①"


def test_fold_takes_all_white_space_out() -> None:
    assert one(text.fold("cell"), "北温泉 小学\n（东　校区）\u200b") == "北温泉小学（东校区）"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("10—国家级", "10-国家级"),
        ("１０－ 国家级", "10-国家级"),
        ("a-护照", "A-护照"),
        ("10.0", "10"),
        ("10.5", "10.5"),
    ],
)
def test_a_key_has_one_dash_ascii_capitals_and_no_needless_fraction(cell: str, expected: str) -> None:
    assert one(text.key("cell"), cell) == expected


def test_a_column_may_be_named_or_given_as_an_expression() -> None:
    frame = pl.DataFrame({"cell": [" a "]})
    assert frame.select(text.clean("cell")).equals(frame.select(text.clean(pl.col("cell"))))
