"""From the MOE template to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, dates, names, words
from etl_core.expressions.reading import part
from etl_source_moe_template.contract import id_type, level, mode

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": id_type("id_type"),
    "id_number": part("id_number", "number"),
    "project_name": pl.col("project_name"),
    "level": level("level"),
    "mode": mode("mode"),
    "mode_detail": words.detail_of_mode(mode("mode")),
    "role": pl.lit("trainee"),
    "provider_name": pl.col("provider_name"),
    "date_precision": pl.lit("year"),
    "training_year": dates.year("training_year"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "credits": amounts.credits("credits"),
    "result": pl.lit("passed"),
    "status": pl.lit("recognised"),
}
