from __future__ import annotations

import pytest

from etl_core.specimen.fates import match
from etl_schemas import tables
from etl_schemas.training import FIELDS

# Beside the unified fields: what several of them are made of, and what is not loaded.
MORE = {"period", "minutes", "province", "prefecture", "county", "ignored", "dropped"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("姓名", "person_name"),
        ("*教师姓名", "person_name"),
        ("学员姓名：", "person_name"),
        ("公民身份号码", "id_number"),
        ("2、您的身份证号码", "id_number"),
        ("3、您所在的学校（全称）", "employer_name"),
        ("批次/层次", "level"),
        ("content.trainEndDate", "end_date"),
        ("applyCredits[0].credit", "credits"),
        ("学习时长(分钟)", "minutes"),
        ("学时\n（课时）", "hours"),
        ("SFZJH", "id_number"),
        ("参加培训教师姓名", "person_name"),
    ],
)
def test_a_header_means_the_field_that_people_mean(header, field):
    met = match(header)
    assert met is not None
    assert met.field == field


@pytest.mark.parametrize(
    "header",
    [
        "联系电话",
        "9、您的手机号码",
        "登录密码",
        "MM",
        "IP",
        "来自IP",
        "微信昵称",
        "电子邮箱",
        "家庭住址",
        "班主任手机（必填）",
    ],
)
def test_what_reaches_a_person_is_dropped_whatever_else_the_header_says(header):
    met = match(header)
    assert met is not None
    assert met.field == "dropped"


def test_a_header_that_is_only_alike_says_so():
    met = match("培训获得总学时")
    assert met is not None
    assert (met.field, met.near) == ("hours", True)


@pytest.mark.parametrize("header", ["晒课课题", "10月12日/上午", "栏目甲", "areaId"])
def test_of_a_header_that_nothing_is_like_nothing_is_said(header):
    assert match(header) is None


def test_every_field_of_the_dictionary_is_one_and_no_header_stands_twice():
    rows = tables.rows("headers")
    assert {row["field"] for row in rows} <= {*FIELDS, *MORE}
    headers = [row["header"].lower() for row in rows]
    assert len(headers) - len(set(headers)) <= 2  # XM and xm: of two standards
