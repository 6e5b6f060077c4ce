from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from etl_core.cli.layout import laid

HEADS = ("文件", "读入行", "结果")
ROW = ("潼南区_遂潼活动登记_2023年秋.csv", "135", "已入库")
RIGHT = (False, True, False)


def test_a_table_that_fits_has_one_line_a_row_and_numbers_at_the_right():
    assert list(laid(HEADS, [ROW, ("x", "", "")], RIGHT, 80)) == [
        "文件                               读入行   结果",
        "─" * 50,
        "潼南区_遂潼活动登记_2023年秋.csv      135   已入库",
        "x",
    ]


def test_a_table_that_is_a_little_too_wide_folds_its_widest_column_alone():
    lines = list(laid(HEADS, [ROW], RIGHT, 44))
    assert lines[2:] == [
        "潼南区_遂潼活动登记_2023年      135   已入库",
        "秋.csv",
    ]


def test_a_table_that_is_far_too_wide_becomes_a_paragraph_a_row():
    assert list(laid(HEADS, [ROW, ("x", "", "b")], RIGHT, 30)) == [
        "文件: 潼南区_遂潼活动登记_2023年秋.csv",
        "  读入行: 135   结果: 已入库",
        "文件: x   结果: b",
    ]


ROWS = st.lists(
    st.tuples(st.text("张a", min_size=1, max_size=60), st.text("三1", max_size=9)), min_size=1, max_size=4
)


@given(ROWS)
def test_without_a_width_every_row_is_one_line_with_all_its_cells(rows):
    lines = list(laid(("h", "i"), rows, (False, False), None))
    assert [tuple(line.split()) for line in lines[2:]] == [tuple(filter(None, row)) for row in rows]


@given(ROWS, st.integers(1, 90))
def test_a_width_loses_nothing_and_a_table_keeps_to_it(rows, width):
    head, *lines = laid(("h", "i"), rows, (False, False), width)
    said = "".join(part for row in rows for part in row)
    told = "".join([head, *lines])
    assert all(told.count(char) == said.count(char) for char in "张a三1")
    if head.split() == ["h", "i"]:
        assert all(cell_len(line) <= width for line in lines)
