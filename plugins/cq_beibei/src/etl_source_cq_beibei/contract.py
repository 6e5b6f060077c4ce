"""What 北碚 promises: names and identity numbers always, and at least one of three kinds of hours."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract,
    agreeing,
    check,
    column,
    daily,
    dated,
    houred,
    identified,
    known,
    of,
    readable,
    required,
    spanning,
    title,
)
from etl_core.expressions import reading, words
from etl_core.expressions.reading import part

CODES = codes(__package__)
KINDS = ("hours_face", "hours_online", "hours_placement")


def period(name: str) -> pl.Expr:
    """The start, end or precision of the term's 研修时间, the same for every row."""
    return part("period", name)


# Empty, 0, / and — mean «no hours of this kind» (ruling 46); a teacher without any kind has no hours at all.
ANY = check(
    "required.hours",
    lambda _: pl.any_horizontal(part(kind, "nothing").not_() for kind in KINDS),
    at="研修学时",
)
HOURS = [*houred(nothing=True), daily(period("start"), period("end"), period("precision"))]


class Register(RawContract):
    """One row per principal and term; the three 研修学时 columns are told apart into records of their own."""

    period: str = title(
        r"研修时间[:：]\s*(\S+)",
        shown="研修时间",
        example="研修时间：2024.3.4-7.12",
        reads=reading.span,
        checks=[dated("start_date"), *spanning()],
    )
    person_name: str = column("姓名", checks=[required("person_name")])
    sex: str = column("性别", checks=[agreeing("id_number")])
    id_number: str = column(
        "身份证号码", "身份证号", reads=reading.number, checks=[required("id_number"), *identified()]
    )
    employer_name: str = column("工作单位")
    title: str = column(
        "职称", reads=reading.value(words.title), checks=[readable("title.unknown", of("value"))]
    )
    hours_face: str = column("研修学时/集中研修", reads=reading.hours, checks=[ANY, *HOURS])
    hours_online: str = column("研修学时/网络研修", reads=reading.hours, checks=HOURS)
    hours_placement: str = column("研修学时/跟岗", reads=reading.hours, checks=HOURS)
    result: str = column("考核等次", reads=reading.coded(CODES["result"]), checks=[known("result")])
