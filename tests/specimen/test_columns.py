from __future__ import annotations

import polars as pl
import pytest

from etl_core.specimen.columns import MEANT, columns, named

LABELS = ["序号", "教师信息/姓名", "研修活动/层次", "单位/名称", "活动/名称", "teacher.xm"]


def seen(header: str, *cells: str, chosen: dict[str, str] | None = None):
    """The column of that header with those cells."""
    (column,) = columns(
        pl.DataFrame({"c0": list(cells)}, schema={"c0": pl.String}), {"c0": header}, chosen or {}
    )
    return column


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("教师信息/姓名", "教师信息/姓名"),
        ("姓名", "教师信息/姓名"),
        (" 层 次", "研修活动/层次"),
        ("xm", "teacher.xm"),
        ("名称", None),
        ("电话", None),
    ],
)
def test_a_person_may_say_the_last_part_of_a_header_that_only_one_column_has(said, meant):
    assert named(said, LABELS) == meant


def test_what_a_person_says_of_the_last_part_holds_for_the_column():
    column = seen("研修活动/甲", "区级", chosen={"甲": "level"})
    assert (column.field, column.coded) == ("level", "level")


def test_an_unknown_header_is_told_by_words_that_stand_for_little_else():
    column = seen("甲", "优秀", "合格", "合格", "待定")
    assert (column.field, column.near, column.remark) == ("result", True, MEANT)
    assert column.words == ("合格", "优秀", "待定")


@pytest.mark.parametrize("cells", [("合格", "合格"), ("合格", "优秀", "甲", "乙", "丙"), ("甲", "乙"), ()])
def test_one_known_word_or_a_few_among_many_tell_nothing(cells):
    assert seen("甲", *cells).field == ""


def test_the_share_of_cells_that_no_table_knows_is_told_with_some_of_their_words():
    column = seen("学科", "语文", "数学", "英语", "茶艺")
    assert column.field == "subject"
    assert column.remark.startswith("25% 的内容不在代码表内（如 茶艺）")


def test_words_that_may_be_a_person_are_not_told():
    assert "（如 …）" in seen("学科", "语文", "数学", "英语", "张三丰").remark


@pytest.mark.parametrize(("said", "form"), [("mode", "moe"), ("mode_detail", "")])
def test_whether_bare_codes_are_the_ministrys_or_the_agencys_own_a_person_says(said, form):
    column = seen("fs", "1", "3", "4", chosen={"fs": said})
    assert (column.field, column.form, column.words) == ("mode_detail", form, ("1", "3", "4"))


def test_codes_that_are_taken_for_the_ministrys_are_said_to_be():
    assert seen("培训方式", "1", "3").remark.startswith("按教育部的培训方式代码理解")
