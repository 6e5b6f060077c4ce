"""What 石柱's questionnaire asks: one answer per teacher, topic and submission."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    VALUE,
    RawContract,
    column,
    credited,
    dated,
    filename,
    identified,
    known,
    readable,
    required,
    starting,
)
from etl_core.expressions import amounts, dates, reading, words

CODES = codes(__package__)


def subject(cell: str) -> pl.Expr:
    """The canonical subjects at the row's stage; several are separated by ┋ (ruling 59)."""
    return words.subject(cell, words.stage("stage"))


def credits_of(cell: str) -> pl.Expr:
    """Credits for the number of lessons."""
    return amounts.by_rule(cell, "0.5", "节", "课时")


class Answers(RawContract):
    """One row per submission."""

    term: str = filename(r"(\d{4}年[春秋]季)", shown="文件名")
    submitted: str = column(
        "提交答卷时间",
        reads=reading.value(dates.moment),
        checks=[readable("date.unparsable", VALUE)],
        example="2024/06/01 12:32:00",
    )
    person_name: str = column("1、您的姓名", checks=[required("person_name")])
    id_number: str = column(
        "2、您的身份证号码", reads=reading.number, checks=[required("id_number"), *identified()]
    )
    employer_name: str = column("3、您所在的学校（全称）")
    subject: str = column(
        "4、您的任教学科【多选题】",
        reads=reading.value(subject),
        checks=[readable("subject.unknown", VALUE)],
    )
    stage: str = column(
        "5、您任教的学段", reads=reading.value(words.stage), checks=[readable("stage.unknown", VALUE)]
    )
    class_name: str = column("6、晒课课题", example="《荷花》")
    start_date: str = column("7、授课日期", reads=reading.day, checks=[dated("start_date"), *starting()])
    credits: str = column(
        "8、本次共晒课几节",
        reads=reading.value(credits_of),
        checks=[required("credits"), *credited(VALUE)],
    )
    status: str = column("审核状态", reads=reading.coded(CODES["status"]), checks=[known("status")])
