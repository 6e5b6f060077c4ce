"""From 西南大学's completion data to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, dates, identity, names, text, words
from etl_source_swu_guopei.contract import coded, division, subject

_HOURS = amounts.hours("hours")

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": coded("id_type"),
    "id_number": identity.id_number("id_number", coded("id_type")),
    "employer_name": text.clean("employer_name"),
    "employer_division": division(pl.col("county")),
    "stage": words.stage("stage"),
    "subject": subject(pl.col("subject")),
    "project_code": text.clean("project_code"),
    "project_name": text.clean("project_name"),
    "class_name": text.clean("class_name"),
    "level": pl.lit(10),
    "mode_detail": coded("mode_detail"),
    "role": pl.lit("trainee"),
    "provider_name": pl.lit("西南大学"),
    "start_date": dates.day("start_date"),
    "end_date": dates.day("end_date"),
    "date_precision": pl.lit("day"),
    "hours": _HOURS.struct.field("hours"),
    "hours_basis": _HOURS.struct.field("basis"),
    "score": amounts.score("score"),
    "result": coded("result"),
    "certificate_no": text.clean("certificate_no"),
    "status": pl.lit("recognised"),
    "agency_record_id": text.clean("agency_record_id"),
}
