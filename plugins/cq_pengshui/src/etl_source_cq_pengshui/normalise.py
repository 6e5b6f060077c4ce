"""From 彭水's attendance sheets to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, names
from etl_core.expressions.reading import part

present, total = part("half_days", "present"), part("half_days", "total")

# Two thirds of the half-days are enough; who never came has no hours (NOTES of the agency, ruling 48).
RESULT = (
    pl.when(present == 0)
    .then(pl.lit("absent"))
    .when(present * 3 >= total * 2)
    .then(pl.lit("passed"))
    .otherwise(pl.lit("incomplete"))
)

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("none"),
    "employer_name": pl.col("employer_name"),
    "subject": pl.lit("美术"),
    "project_name": pl.col("project_name"),
    "level": pl.lit(40),
    "mode_detail": pl.lit("face_to_face"),
    "role": pl.lit("trainee"),
    "start_date": part("half_days", "start"),
    "end_date": part("half_days", "end"),
    "date_precision": pl.lit("day"),
    "hours": pl.when(present > 0).then(present * amounts.HOURS_A_HALF_DAY).cast(pl.Decimal(7, 2)),
    "hours_basis": pl.lit("half_days"),
    "result": RESULT,
    "status": pl.lit("recognised"),
}
