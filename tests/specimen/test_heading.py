from __future__ import annotations

import pytest

from etl_core.specimen import heading
from tests.fakes import grid

HEAD = ["序号", "姓名", "单位", "学时", None]


def test_the_header_is_found_below_its_title_and_above_the_records():
    found = heading.layout(
        grid([["登记表", None, None, None, None], HEAD, ["1", "张安", "某小学", "8", None]])
    )
    assert found is not None
    assert (found.top, found.depth) == (1, 1)


def test_two_rows_are_one_header_where_the_lower_one_fills_the_gaps_of_the_upper_one():
    upper = ["姓名", "单位", "研修学时", None, "备注"]
    lower = [None, None, "集中研修", "网络研修", None]
    found = heading.layout(
        grid([["题", None, None, None, None], upper, lower, ["张安", "某小学", "8", "4", None]])
    )
    assert found is not None
    assert (found.top, found.depth) == (1, 2)
    assert found.texts[2:4] == ("研修学时/集中研修", "研修学时/网络研修")


def test_what_is_said_above_a_header_is_no_upper_level_of_it():
    told = ["填表单位：某校", None, "研修时间：2023.3.6-7.14", None, None]
    found = heading.layout(
        grid([told, ["姓名", "单位", "学科", "学时", None], ["张安", "某小学", "语文", "8", None]])
    )
    assert found is not None
    assert (found.top, found.depth) == (1, 1)


@pytest.mark.parametrize("rows", [[["张安", "8"], ["李安", "9"]], [["说明", None], ["请如实填写", None]]])
def test_where_the_dictionary_knows_nothing_there_is_no_header(rows):
    assert heading.layout(grid(rows)) is None


def test_headers_that_a_person_has_named_count_as_known():
    rows = [["xingming", "danwei", "bz"], ["张安", "某小学", None]]
    assert heading.layout(grid(rows)) is None
    found = heading.layout(grid(rows), ("xingming", "danwei"))
    assert found is not None
    assert found.texts == ("xingming", "danwei", "bz")
