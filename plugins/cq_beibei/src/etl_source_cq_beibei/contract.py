"""What 北碚 promises: names and identity numbers always, and at least one of three kinds of hours."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract, agreeing, check, column, daily, houred, identified, known, readable, required, spanning, title,
)
from etl_core.expressions import amounts, dates, words

CODES = codes(__package__)
KINDS = ("hours_face", "hours_online", "hours_placement")


def period(part: str) -> pl.Expr:
    """The start or end of the term's 研修时间, the same for every row."""
    return dates.span("period").struct.field(part)


def _within_day(kind: str) -> list[object]:
    hours = amounts.hours(kind).struct.field("hours").cast(pl.Float64)
    return [*houred(nothing=True), daily(hours, period("start"), period("end"), period("precision") == "day")]


def _result(cell: pl.Expr) -> pl.Expr:
    return words.code(cell, CODES["result"], pl.String)


any_hours = check(
    "required.hours", lambda _: pl.any_horizontal(amounts.nothing(kind).not_() for kind in KINDS), at="研修学时"
)


class Register(RawContract):
    """One row per principal and term; the three 研修学时 columns are told apart into records of their own."""

    period: str = title(r"研修时间[:：]\s*(\S+)", shown="研修时间", checks=[required("start_date"), *spanning()])
    person_name: str = column("姓名", checks=[required("person_name")])
    sex: str = column("性别", checks=[agreeing("id_number")])
    id_number: str = column("身份证号码", "身份证号", checks=[required("id_number"), *identified()])
    employer_name: str = column("工作单位")
    title: str = column("职称", checks=[readable("title.unknown", words.title)])
    hours_face: str = column("研修学时/集中研修", checks=[any_hours, *_within_day("hours_face")])
    hours_online: str = column("研修学时/网络研修", checks=_within_day("hours_online"))
    hours_placement: str = column("研修学时/跟岗", checks=_within_day("hours_placement"))
    result: str = column("考核等次", checks=[known("result", _result)])
