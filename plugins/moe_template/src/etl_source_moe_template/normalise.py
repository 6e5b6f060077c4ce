"""From the MOE template to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, names, words
from etl_core.expressions.reading import part

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": part("id_type", "value"),
    "id_number": part("id_number", "number"),
    "project_name": pl.col("project_name"),
    "level": part("level", "value"),
    "mode": part("mode", "value"),
    "mode_detail": words.detail_of_mode(part("mode", "value")),
    "role": pl.lit("trainee"),
    "provider_name": pl.col("provider_name"),
    "date_precision": pl.lit("year"),
    "training_year": part("training_year", "value"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "credits": amounts.credits("credits"),
    "result": pl.lit("passed"),
    "status": pl.lit("recognised"),
}
