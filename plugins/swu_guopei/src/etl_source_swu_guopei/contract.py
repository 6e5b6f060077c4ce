"""What 西南大学 promises: one row per trainee and class, with a number of its own."""

from __future__ import annotations

from functools import partial

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract,
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
    """The county's code at the class's start; trainees from other provinces have none (ruling 60)."""
    return reading.county(field, on=part("start_date", "day"), prefecture="prefecture", province="province")


number = partial(reading.number, id_type=words.code("id_type", CODES["id_type"], pl.String))


class Completion(RawContract):
    """One row per trainee and class."""

    project_code: str = column("项目编号")
    project_name: str = column("子项目", checks=[required("project_name")])
    class_name: str = column("班级")
    agency_record_id: str = column("学号", checks=[required("agency_record_id")])
    person_name: str = column("姓名", checks=[required("person_name")])
    id_type: str = column(
        "证件类型",
        reads=reading.coded(CODES["id_type"]),
        checks=[required("id_type"), known("id_type")],
    )
    id_number: str = column("证件号", reads=number, checks=[required("id_number"), *identified()])
    province: str = column("省", example="四川省")
    prefecture: str = column("市", example="成都市")
    county: str = column(
        "县", reads=county, checks=[readable("division.unknown", of("code"))], example="锦江区"
    )
    employer_name: str = column("单位")
    stage: str = column(
        "学段", reads=reading.value(words.stage), checks=[readable("stage.unknown", of("value"))]
    )
    subject: str = column(
        "学科", reads=reading.value(subject), checks=[readable("subject.unknown", of("value"))]
    )
    mode_detail: str = column(
        "培训方式",
        reads=reading.coded(CODES["mode_detail"]),
        checks=[required("mode"), known("mode")],
    )
    start_date: str = column("开始日期", reads=reading.day, checks=[dated("start_date"), *starting()])
    end_date: str = column("结束日期", reads=reading.day, checks=[dated("end_date"), *ending("start_date")])
    score: str = column("成绩", reads=reading.value(amounts.score), checks=[known("score")])
    result: str = column(
        "是否合格",
        reads=reading.coded(CODES["result"]),
        checks=[required("result"), known("result")],
    )
    hours: str = column(
        "学时",
        reads=reading.hours,
        checks=[required("hours"), *houred(), daily(part("start_date", "day"), part("end_date", "day"))],
    )
    certificate_no: str = column("证书编号")
