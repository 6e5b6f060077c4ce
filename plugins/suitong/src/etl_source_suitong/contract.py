"""What the two registrars promise: who, which activity, what kind, when, how long, in which role."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract,
    column,
    daily,
    dated,
    filename,
    houred,
    known,
    of,
    readable,
    required,
    spanning,
)
from etl_core.expressions import reading, words
from etl_core.expressions.reading import Reading, part

CODES = codes(__package__)


def when(name: str) -> pl.Expr:
    """The start, end or precision of 起止时间."""
    return part("period", name)


def level(cell: str) -> pl.Expr:
    """«市级» is 20 where 潼南 reports (provincial level) and 30 where 遂宁 does (ruling 51)."""
    return (
        pl.when(pl.col("reporter") == "潼南").then(words.level(cell, "50")).otherwise(words.level(cell, "51"))
    )


def county(field: str) -> Reading:
    """The county's code at the activity's date; «遂宁市» stands in front of the county in some rows."""
    return reading.county(field, on=when("start"))


class Activity(RawContract):
    """One row per person and activity; who reports stands in the file's name alone."""

    reporter: str = filename(r"^(潼南|遂宁)[区市]_", shown="报送方")
    province: str = column("省市", example="重庆市")
    county: str = column(
        "市州/区县", reads=county, checks=[readable("division.unknown", of("code"))], example="潼南区"
    )
    employer_name: str = column("派出单位")
    person_name: str = column("姓名", checks=[required("person_name")])
    subject: str = column(
        "学科", reads=reading.value(words.subject), checks=[readable("subject.unknown", of("value"))]
    )
    project_name: str = column("活动名称", checks=[required("project_name")])
    level: str = column("级别", reads=reading.value(level), checks=[required("level"), known("level")])
    mode_detail: str = column(
        "形式",
        reads=reading.coded(CODES["mode_detail"]),
        checks=[required("mode"), known("mode")],
    )
    period: str = column("起止时间", reads=reading.span, checks=[dated("start_date"), *spanning()])
    hours: str = column(
        "学时",
        reads=reading.hours,
        checks=[required("hours"), *houred(), daily(when("start"), when("end"), when("precision"))],
    )
    role: str = column("角色", reads=reading.coded(CODES["role"]), checks=[required("role"), known("role")])
