"""From 铜梁's register to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import names
from etl_core.expressions.reading import part
from etl_source_cq_tongliang.contract import when

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "employer_name": pl.col("employer_name"),
    "subject": part("subject", "value"),
    "title": part("title", "value"),
    "project_name": pl.col("project_name"),
    "level": part("level", "value"),
    "mode_detail": part("mode_detail", "value"),
    "role": pl.lit("trainee"),
    "start_date": when("start"),
    "end_date": when("end"),
    "date_precision": when("precision"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "result": pl.lit("passed"),
    "status": pl.lit("recognised"),
}
