"""From 成都's old records to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, identity, names, words
from etl_core.expressions.reading import part

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "sex": identity.sex("sex"),
    "employer_name": pl.col("employer_name"),
    "employer_code": pl.col("employer_code"),
    "subject": part("subject", "value"),
    "project_name": pl.col("project_name"),
    "level": part("level", "value"),
    "mode": part("mode", "value"),
    "mode_detail": words.detail_of_mode(part("mode", "value")),
    "role": pl.lit("trainee"),
    "start_date": part("start_date", "day"),
    "end_date": part("end_date", "day"),
    "date_precision": pl.lit("day"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "credits": amounts.credits("credits"),
    "result": part("result", "value").fill_null("unknown"),
    "status": pl.lit("recognised"),
}
