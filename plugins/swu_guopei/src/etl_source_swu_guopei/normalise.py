"""From 西南大学's completion data to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import names
from etl_core.expressions.reading import part

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": part("id_type", "value"),
    "id_number": part("id_number", "number"),
    "employer_name": pl.col("employer_name"),
    "employer_division": part("county", "code"),
    "stage": part("stage", "value"),
    "subject": part("subject", "value"),
    "project_code": pl.col("project_code"),
    "project_name": pl.col("project_name"),
    "class_name": pl.col("class_name"),
    "level": pl.lit(10),
    "mode_detail": part("mode_detail", "value"),
    "role": pl.lit("trainee"),
    "provider_name": pl.lit("西南大学"),
    "start_date": part("start_date", "day"),
    "end_date": part("end_date", "day"),
    "date_precision": pl.lit("day"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "score": part("score", "value"),
    "result": part("result", "value"),
    "certificate_no": pl.col("certificate_no"),
    "status": pl.lit("recognised"),
    "agency_record_id": pl.col("agency_record_id"),
}
