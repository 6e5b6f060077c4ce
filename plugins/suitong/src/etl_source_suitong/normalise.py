"""From the joint register to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import names
from etl_core.expressions.reading import part
from etl_source_suitong.contract import when

# 潼南 is Chongqing's side, 遂宁 Sichuan's: the record of the teacher's own side counts (ruling 69).
_OWN = pl.when(pl.col("reporter") == "潼南").then(pl.lit("重庆市")).otherwise(pl.lit("四川省"))

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("none"),
    "employer_name": pl.col("employer_name"),
    "employer_division": part("county", "code"),
    "subject": part("subject", "value"),
    "project_name": pl.col("project_name"),
    "level": part("level", "value"),
    "mode_detail": part("mode_detail", "value"),
    "role": part("role", "value"),
    "start_date": when("start"),
    "end_date": when("end"),
    "date_precision": when("precision"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "result": pl.lit("passed"),
    "status": pl.lit("recognised"),
    "reporter": pl.col("reporter"),
    "own_side": pl.col("province") == _OWN,
}
