"""What 西南大学 promises: one row per trainee and class, with a number of its own."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract, column, daily, ending, houred, identified, known, readable, required, starting,
)
from etl_core.expressions import amounts, dates, divisions, words

CODES = codes(__package__)


def coded(field: str) -> pl.Expr:
    """A coded column, by this agency's own words."""
    return words.code(field, CODES[field], pl.String)


def division(cell: pl.Expr) -> pl.Expr:
    """The county's code at the class's start; trainees from other provinces have none (ruling 60)."""
    return divisions.division(cell, dates.day("start_date"), prefecture=pl.col("prefecture"), province=pl.col("province"))


def subject(cell: pl.Expr) -> pl.Expr:
    """The canonical subject at the row's stage (ruling 59)."""
    return words.subject(cell, words.stage("stage"))


hours = amounts.hours("hours").struct.field("hours").cast(pl.Float64)


class Completion(RawContract):
    """One row per trainee and class."""

    project_code: str = column("项目编号")
    project_name: str = column("子项目", checks=[required("project_name")])
    class_name: str = column("班级")
    agency_record_id: str = column("学号", checks=[required("agency_record_id")])
    person_name: str = column("姓名", checks=[required("person_name")])
    id_type: str = column("证件类型", checks=[required("id_type"), known("id_type", lambda _: coded("id_type"))])
    id_number: str = column("证件号", checks=[required("id_number"), *identified(coded("id_type"))])
    province: str = column("省")
    prefecture: str = column("市")
    county: str = column("县", checks=[readable("division.unknown", division)])
    employer_name: str = column("单位")
    stage: str = column("学段", checks=[readable("stage.unknown", words.stage)])
    subject: str = column("学科", checks=[readable("subject.unknown", subject)])
    mode_detail: str = column(
        "培训方式", checks=[required("mode"), known("mode", lambda _: coded("mode_detail"))]
    )
    start_date: str = column("开始日期", checks=[required("start_date"), *starting()])
    end_date: str = column("结束日期", checks=[required("end_date"), *ending("start_date")])
    score: str = column("成绩")
    result: str = column("是否合格", checks=[required("result"), known("result", lambda _: coded("result"))])
    hours: str = column(
        "学时",
        checks=[
            required("hours"),
            *houred(),
            daily(hours, dates.day("start_date"), dates.day("end_date"), pl.lit(True)),
        ],
    )
    certificate_no: str = column("证书编号")
