"""What the MOE template promises: columns with * always; codes as «10-国家级», «10» or «国家级»."""

from __future__ import annotations

from functools import partial

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    RawContract,
    check,
    column,
    credited,
    houred,
    identified,
    known,
    of,
    readable,
    required,
)
from etl_core.expressions import dates, reading, words

CODES = codes(__package__)


number = partial(reading.number, id_type=words.code("id_type", CODES["id_type"], pl.String))


class Import(RawContract):
    """One row per person, year and project; no dates and no employer."""

    person_name: str = column("教师姓名", checks=[required("person_name")])
    id_type: str = column(
        "身份证件类型",
        reads=reading.coded(CODES["id_type"]),
        checks=[required("id_type"), known("id_type")],
    )
    id_number: str = column("教师身份证号", reads=number, checks=[required("id_number"), *identified()])
    training_year: str = column(
        "培训年度",
        reads=reading.value(dates.year),
        checks=[required("training_year"), readable("date.unparsable", of("value"))],
    )
    level: str = column(
        "培训类别",
        reads=reading.coded(CODES["level"], pl.Int16),
        checks=[required("level"), known("level")],
    )
    project_name: str = column("培训项目名称", checks=[required("project_name")])
    provider_name: str = column(
        "培训机构名称",
        reads=reading.value(words.provider_known),
        checks=[check("provider.unknown", of("value"))],
    )
    mode: str = column(
        "培训方式",
        reads=reading.coded(CODES["mode"], pl.Int16),
        checks=[required("mode"), known("mode")],
    )
    hours: str = column("培训获得学时", reads=reading.hours, checks=[required("hours"), *houred()])
    credits: str = column("培训获得学分", checks=credited())
