"""From the centre's ledger to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import names
from etl_core.expressions.reading import part

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "employer_name": pl.col("employer_name"),
    "subject": part("subject", "value"),
    "title": part("title", "value"),
    "project_code": pl.col("project_code"),
    "project_name": pl.col("project_name"),
    "class_name": pl.col("class_name"),
    "level": part("level", "value"),
    "mode_detail": part("mode_detail", "value"),
    "role": pl.lit("trainee"),
    "provider_name": pl.col("provider_name"),
    "start_date": part("start_date", "day"),
    "end_date": part("end_date", "day"),
    "date_precision": pl.lit("day"),
    "credits": part("credits", "value"),
    "credit_kind": part("credit_kind", "value"),
    "result": part("result", "value").fill_null("unknown"),
    "status": pl.lit("recognised"),
    "agency_record_id": pl.col("agency_record_id"),
    "entry": part("entry", "value"),
    "original": pl.col("original"),
}
