"""What 成都's old software wrote: codes of the national standards, dates of eight digits, texts of fixed length."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract,
    agreeing,
    column,
    credited,
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
from etl_core.expressions import reading, words
from etl_core.expressions.reading import part

CODES = codes(__package__)


class History(RawContract):
    """One record per person and training; the fields' names are the initials of their Chinese ones."""

    person_name: str = column("XM", checks=[required("person_name")])
    sex: str = column("XBM", checks=[agreeing("id_number")])
    id_number: str = column("SFZJH", reads=reading.number, checks=[required("id_number"), *identified()])
    employer_code: str = column("XXDM")
    employer_name: str = column("XXMC")
    subject: str = column(
        "XKMC", reads=reading.value(words.subject), checks=[readable("subject.unknown", of("value"))]
    )
    project_name: str = column("PXXMMC", checks=[required("project_name")])
    level: str = column("PXLB", reads=reading.coded(CODES["level"], pl.Int16), checks=[known("level")])
    mode: str = column("PXFS", reads=reading.coded(CODES["mode"], pl.Int16), checks=[known("mode")])
    hours: str = column(
        "XS",
        reads=reading.hours,
        checks=[required("hours"), *houred(), daily(part("start_date", "day"), part("end_date", "day"))],
    )
    credits: str = column("XF", checks=[required("credits"), *credited()])
    start_date: str = column("KSRQ", reads=reading.day, checks=[dated("start_date"), *starting()])
    end_date: str = column("JSRQ", reads=reading.day, checks=[dated("end_date"), *ending("start_date")])
    result: str = column("KHJG", reads=reading.coded(CODES["result"]), checks=[known("result")])
