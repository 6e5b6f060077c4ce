"""From 石柱's answers to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import names, words
from etl_core.expressions.reading import part
from etl_source_cq_shizhu.contract import CODES

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "employer_name": pl.col("employer_name"),
    "stage": part("stage", "value"),
    "subject": part("subject", "value"),
    "project_name": pl.format("石柱县{}“一师一优课”晒课活动", "term"),
    "class_name": pl.col("class_name"),
    "level": pl.lit(40),
    "mode_detail": pl.lit("lesson_showcase"),
    "role": pl.lit("trainee"),
    "start_date": part("start_date", "day"),
    "end_date": part("start_date", "day"),
    "date_precision": pl.lit("day"),
    "credits": part("credits", "value"),
    "credits_basis": pl.lit("by_rule"),
    "credit_kind": pl.lit("school_based"),
    "result": words.code("status", CODES["result"], pl.String),
    "status": part("status", "value"),
    "submitted": part("submitted", "value"),
}
