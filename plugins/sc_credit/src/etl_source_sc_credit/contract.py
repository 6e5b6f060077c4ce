"""What the service promises: one application a record, with the credits that it claims as a list in it."""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    VALUE,
    RawContract,
    check,
    column,
    credited,
    ending,
    identified,
    known,
    of,
    readable,
    required,
    starting,
)
from etl_core.expressions import amounts, dates, divisions, reading
from etl_core.expressions.reading import Reading, part

CODES = codes(__package__)

# Entries of one application that are read. There are two kinds of credits, so that even two entries of each fit; the
# headers of a further entry would be unknown ones in the account of the headers.
ENTRIES = range(4)


def kind(at: int) -> str:
    """The field with the kind of credits of one entry."""
    return f"kind_{at}"


def credit(at: int) -> str:
    """The field with the credits of one entry."""
    return f"credit_{at}"


def mode(address: str) -> pl.Expr:
    """Ruling 58: what is written of the place tells the mode; whatever names no network is a place."""
    text = pl.col(address).fill_null("")
    online = text.str.contains("线上", literal=True)
    return (
        pl.when(online & text.str.contains("线下", literal=True))
        .then(pl.lit("blended"))
        .when(online | text.str.contains("网络|网上"))
        .then(pl.lit("online"))
        .otherwise(pl.lit("face_to_face"))
    )


def area(field: str) -> Reading:
    """The division's code, valid at the start, else at the end of the stated year."""
    on = pl.coalesce(part("start_date", "day"), pl.date(part("year_name", "value"), 12, 31))
    return Reading(field, pl.struct(code=divisions.division_valid(field, on)), ("code",), level=1)


def paired(field: str, other: str) -> pa.Check:
    """A date may not be empty where the other one of its range is written."""
    return check(f"required.{field}", lambda cell: part(cell, "given") | part(other, "given").not_())


def _with(other: str, field: str) -> pa.Check:
    """What an entry may not leave out: a kind has credits, and credits have a kind."""
    return check(f"required.{field}", lambda cell: pl.col(cell).is_not_null() | pl.col(other).is_null())


def _kind(at: int) -> Any:
    return column(
        f"applyCredits[{at}].creditTypeName",
        reads=reading.coded(CODES["credit_kind"]),
        checks=[_with(credit(at), "credit_kind"), known("credit_kind")],
        optional=at > 0,
    )


def _credit(at: int) -> Any:
    return column(
        f"applyCredits[{at}].credit",
        reads=reading.value(amounts.credits),
        checks=[_with(kind(at), "credits"), *credited(VALUE)],
        optional=at > 0,
    )


ANY = check(
    "required.credits",
    lambda _: pl.any_horizontal(pl.col(name(at)).is_not_null() for at in ENTRIES for name in (kind, credit)),
)


class Application(RawContract):
    """One application for credits."""

    agency_record_id: str = column("id", checks=[required("agency_record_id")])
    area: str = column(
        "areaId", reads=area, checks=[readable("division.unknown", of("code"))], example="510104"
    )
    employer_name: str = column("unitName")
    person_name: str = column("employeeName", checks=[required("person_name")])
    id_number: str = column("idCard", reads=reading.number, checks=[required("id_number"), *identified()])
    year_name: str = column(
        "yearName",
        reads=reading.value(dates.school_year),
        checks=[readable("date.unparsable", VALUE)],
        example="2023-2024年度",
    )
    project_name: str = column("name", checks=[required("project_name")])
    level: str = column(
        "projectLevelDesc",
        reads=reading.coded(CODES["level"], pl.Int16),
        checks=[required("level"), known("level")],
    )
    start_date: str = column(
        "content.trainBeginDate",
        reads=reading.day,
        checks=[paired("start_date", "end_date"), *starting()],
    )
    end_date: str = column(
        "content.trainEndDate",
        reads=reading.day,
        checks=[paired("end_date", "start_date"), *ending("start_date")],
    )
    provider_name: str = column("content.trainUnitName")
    mode_detail: str = column("content.trainAddress", reads=reading.value(mode), example="线下集中")
    # The list itself: a cell of its own only where it is empty.
    apply_credits: str = column("applyCredits", checks=[ANY], optional=True)
    kind_0: str = _kind(0)
    credit_0: str = _credit(0)
    kind_1: str = _kind(1)
    credit_1: str = _credit(1)
    kind_2: str = _kind(2)
    credit_2: str = _credit(2)
    kind_3: str = _kind(3)
    credit_3: str = _credit(3)
    status: str = column(
        "creditCheckStatusDesc", reads=reading.coded(CODES["status"]), checks=[known("status")]
    )
