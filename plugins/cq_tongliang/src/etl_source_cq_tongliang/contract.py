"""What 铜梁 promises: one row per teacher and training; the subject is the sheet's name."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract,
    column,
    daily,
    dated,
    houred,
    identified,
    known,
    of,
    readable,
    required,
    sheetname,
    spanning,
)
from etl_core.expressions import reading, words
from etl_core.expressions.reading import part

CODES = codes(__package__)


def when(name: str) -> pl.Expr:
    """The start, end or precision of 培训时间."""
    return part("period", name)


class Register(RawContract):
    """One row per teacher and training."""

    subject: str = sheetname(
        shown="工作表名",
        reads=reading.value(words.subject),
        checks=[readable("subject.unknown", of("value"))],
    )
    person_name: str = column("姓名", checks=[required("person_name")])
    id_number: str = column("身份证号", reads=reading.number, checks=[required("id_number"), *identified()])
    employer_name: str = column("单位")
    title: str = column(
        "职称", reads=reading.value(words.title), checks=[readable("title.unknown", of("value"))]
    )
    project_name: str = column("培训项目", checks=[required("project_name")])
    level: str = column(
        "培训级别",
        reads=reading.coded(CODES["level"], pl.Int16),
        checks=[required("level"), known("level")],
    )
    period: str = column("培训时间", reads=reading.span, checks=[dated("start_date"), *spanning()])
    hours: str = column(
        "学时",
        reads=reading.hours,
        checks=[required("hours"), *houred(), daily(when("start"), when("end"), when("precision"))],
    )
    mode_detail: str = column(
        "培训方式",
        reads=reading.coded(CODES["mode_detail"]),
        checks=[required("mode"), known("mode")],
    )
