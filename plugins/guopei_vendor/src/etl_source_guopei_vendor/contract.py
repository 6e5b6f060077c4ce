"""What the platform promises: one row per trainee and class, with a number of its own."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract,
    agreeing,
    column,
    daily,
    dated,
    ending,
    houred,
    identified,
    known,
    of,
    readable,
    required,
    starting,
)
from etl_core.expressions import amounts, reading, words
from etl_core.expressions.reading import Reading, part

CODES = codes(__package__)


def subject(cell: str) -> pl.Expr:
    """The canonical subject at the row's stage (ruling 59)."""
    return words.subject(cell, words.stage("stage"))


def county(field: str) -> Reading:
    """The county's code at the class's start; there is no column for its prefecture, so 市中区 has none."""
    return reading.county(field, on=part("start_date", "day"))


class Learning(RawContract):
    """One row per trainee and class."""

    agency_record_id: str = column("学员编号", checks=[required("agency_record_id")])
    person_name: str = column("姓名", checks=[required("person_name")])
    sex: str = column("性别", checks=[agreeing("id_number")])
    id_number: str = column("身份证号", reads=reading.number, checks=[required("id_number"), *identified()])
    county: str = column("区县", reads=county, example="北碚区")
    employer_name: str = column("学校")
    stage: str = column(
        "学段", reads=reading.value(words.stage), checks=[readable("stage.unknown", of("value"))]
    )
    subject: str = column(
        "学科", reads=reading.value(subject), checks=[readable("subject.unknown", of("value"))]
    )
    project_name: str = column("项目名称", checks=[required("project_name")])
    class_name: str = column("班级")
    start_date: str = column("开始时间", reads=reading.day, checks=[dated("start_date"), *starting()])
    end_date: str = column("结束时间", reads=reading.day, checks=[dated("end_date"), *ending("start_date")])
    hours: str = column(
        "学习时长(分钟)",
        reads=reading.minutes,
        example="1350",
        checks=[required("hours"), *houred(), daily(part("start_date", "day"), part("end_date", "day"))],
    )
    score: str = column("成绩", reads=reading.value(amounts.score), checks=[known("score")])
    result: str = column(
        "考核结果",
        reads=reading.coded(CODES["result"]),
        checks=[required("result"), known("result")],
    )
