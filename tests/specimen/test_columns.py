from __future__ import annotations

import polars as pl
import pytest

from etl_core.specimen.columns import CHOSEN, MEANT, UNKNOWN, columns, named

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


@pytest.mark.parametrize(
    ("field", "cells", "said"),
    [
        ("subject", ("小学语文组", "初中数学组"), "2/2 格内容读不出：这些格入库后为空"),
        ("stage", ("甲", "小学"), "1/2 格内容读不出：这些格入库后为空"),
        ("title", ("甲", "乙"), "2/2 格内容读不出：这些格入库后为空"),
        ("sex", ("甲", "乙"), "2/2 格内容读不出：这些格入库后为空"),
        ("score", ("优", "90"), "1/2 格内容读不出：这些行会被隔离"),
        ("credits", ("很多", "不少"), "2/2 格内容读不出：这些行会被隔离"),
        ("hours", ("很多", "8"), "1/2 格内容读不出：这些行会被隔离"),
        ("start_date", ("上午", "下午"), "2/2 格内容读不出：这些行会被隔离"),
    ],
)
def test_a_column_that_a_person_has_named_is_that_whatever_its_cells_hold(field, cells, said):
    column = seen("甲栏", *cells, chosen={"甲栏": field})
    assert (column.field, column.fate) == (field, "mapped")
    assert column.remark.startswith("由 --column 指定；" + said)


def test_of_a_coded_column_that_a_person_has_named_every_word_is_open_and_none_counted():
    column = seen("成绩", "甲等", "乙等", chosen={"成绩": "level"})
    assert (column.field, column.coded, column.words) == ("level", "level", ("乙等", "甲等"))
    assert column.remark == CHOSEN


def test_a_column_that_a_person_has_named_is_not_given_up_for_another():
    headers = {"c0": "学时", "c1": "时长"}
    frame = pl.DataFrame({"c0": ["8"], "c1": ["360"]})
    hours, minutes = columns(frame, headers, {"时长": "minutes"})
    assert (minutes.field, hours.fate) == ("minutes", "ignored")


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("主办方", "provider_name"),
        ("参训结论", "result"),
        ("受训人", "person_name"),
        ("学员编码", "agency_record_id"),
    ],
)
def test_what_an_unknown_header_may_mean_is_said_and_not_mapped(header, field):
    column = seen(header, "甲栏一", "乙栏一")
    assert (column.field, column.fate) == ("", "ignored")
    assert f"--column {header}={field}" in column.remark


def test_a_header_that_is_near_nothing_is_unknown():
    assert seen("甲栏", "甲").remark == UNKNOWN
