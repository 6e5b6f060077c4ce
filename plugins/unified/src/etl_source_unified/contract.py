"""What the unified form asks: a column for each field of a training record that is not made of another, under its Chinese title."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from etl_core.contract import (
    VALUE,
    RawContract,
    agreeing,
    check,
    column,
    credited,
    daily,
    ending,
    filename,
    houred,
    identified,
    known,
    of,
    readable,
    required,
    starting,
)
from etl_core.expressions import amounts, dates, divisions, reading, words
from etl_core.expressions.reading import Reading, part
from etl_schemas.enums import ENUMS, IdType
from etl_schemas.messages import text

# Every list's own terms, as they stand in the data dictionary.
TERMS = {field: {member.label: str(member.value) for member in members} for field, members in ENUMS.items()}
NUMBERS = ("level",)

START, END = part("start_date", "day"), part("end_date", "day")
NAMELESS = pl.col("id_type") == IdType.NONE.label

number = partial(reading.number, id_type=words.code("id_type", TERMS["id_type"], pl.String))


def headed(field: str, **declared: Any) -> Any:
    """The column under a field's Chinese title."""
    return column(text(f"field.{field}"), **declared)


def coded(field: str, must: bool = False) -> Any:
    """A column that holds the terms of a closed list."""
    dtype = pl.Int16 if field in NUMBERS else pl.String
    checks = [required(field)] if must else []
    return headed(field, reads=reading.coded(TERMS[field], dtype), checks=[*checks, known(field)])


def subject(cell: str) -> pl.Expr:
    """The canonical subject at the row's stage (ruling 59)."""
    return words.subject(cell, part("stage", "value"))


def division(field: str) -> Reading:
    """The code of a county or prefecture, given by itself or by name, at the start or in the stated year (ruling 60)."""
    on = pl.coalesce(START, pl.date(part("training_year", "value"), 12, 31))
    code = pl.coalesce(divisions.division_valid(field, on), divisions.division(field, on))
    return Reading(field, pl.struct(code=code), ("code",), level=1)


class Records(RawContract):
    """One row per person and training; with dates, or with the year alone."""

    reporter: str = filename(r"^教师培训记录_([^_]+)_", shown="报送单位")
    person_name: str = headed("person_name", checks=[required("person_name")])
    id_type: str = coded("id_type", must=True)
    id_number: str = headed(
        "id_number",
        reads=number,
        checks=[
            check("required.id_number", lambda cell: pl.col(cell).is_not_null() | NAMELESS),
            *identified(),
        ],
    )
    sex: str = headed("sex", checks=[agreeing("id_number")])
    employer_name: str = headed("employer_name", checks=[required("employer_name")])
    employer_code: str = headed("employer_code")
    employer_division: str = headed(
        "employer_division", reads=division, checks=[readable("division.unknown", of("code"))]
    )
    stage: str = headed("stage", reads=reading.value(words.stage), checks=[readable("stage.unknown", VALUE)])
    subject: str = headed("subject", checks=[readable("subject.unknown", subject)])
    title: str = headed("title", reads=reading.value(words.title), checks=[readable("title.unknown", VALUE)])
    project_code: str = headed("project_code")
    project_name: str = headed("project_name", checks=[required("project_name")])
    class_name: str = headed("class_name")
    level: str = coded("level", must=True)
    mode_detail: str = coded("mode_detail", must=True)
    role: str = coded("role", must=True)
    provider_name: str = headed("provider_name")
    start_date: str = headed("start_date", reads=reading.day, checks=starting())
    end_date: str = headed("end_date", reads=reading.day, checks=ending("start_date"))
    training_year: str = headed(
        "training_year",
        reads=reading.value(dates.year),
        checks=[
            check("required.training_year", lambda cell: pl.col(cell).is_not_null() | END.is_not_null()),
            readable("date.unparsable", VALUE),
        ],
    )
    hours: str = headed("hours", reads=reading.hours, checks=[*houred(), daily(START, END)])
    credits: str = headed("credits", checks=credited())
    credit_kind: str = coded("credit_kind")
    score: str = headed("score", reads=reading.value(amounts.score), checks=[known("score")])
    result: str = coded("result", must=True)
    certificate_no: str = headed("certificate_no")
    status: str = coded("status", must=True)
    agency_record_id: str = headed("agency_record_id")
