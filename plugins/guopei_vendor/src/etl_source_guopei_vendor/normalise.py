"""From the platform's export to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import identity, names
from etl_core.expressions.reading import part

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "sex": identity.sex("sex"),
    "employer_name": pl.col("employer_name"),
    "employer_division": part("county", "code"),
    "stage": part("stage", "value"),
    "subject": part("subject", "value"),
    "project_name": pl.col("project_name"),
    "class_name": pl.col("class_name"),
    "level": pl.lit(10),
    "mode_detail": pl.lit("online"),
    "role": pl.lit("trainee"),
    "provider_name": pl.lit("中国教师研修平台"),
    "start_date": part("start_date", "day"),
    "end_date": part("end_date", "day"),
    "date_precision": pl.lit("day"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "score": part("score", "value"),
    "result": part("result", "value"),
    "status": pl.lit("recognised"),
    "agency_record_id": pl.col("agency_record_id"),
}
