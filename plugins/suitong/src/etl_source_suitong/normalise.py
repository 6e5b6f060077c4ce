"""From the joint register to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, names, text, words
from etl_source_suitong.contract import division, level, mode_detail, role, when

_HOURS = amounts.hours("hours")
# 潼南 is Chongqing's side, 遂宁 Sichuan's: the record of the teacher's own side counts (ruling 69).
_OWN = pl.when(pl.col("reporter") == "潼南").then(pl.lit("重庆市")).otherwise(pl.lit("四川省"))

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("none"),
    "employer_name": text.clean("employer_name"),
    "employer_division": division(pl.col("county")),
    "subject": words.subject("subject"),
    "project_name": text.clean("project_name"),
    "level": level(pl.col("level")),
    "mode_detail": mode_detail(pl.col("mode_detail")),
    "role": role(pl.col("role")),
    "start_date": when("start"),
    "end_date": when("end"),
    "date_precision": when("precision"),
    "hours": _HOURS.struct.field("hours"),
    "hours_basis": _HOURS.struct.field("basis"),
    "result": pl.lit("passed"),
    "status": pl.lit("recognised"),
    "reporter": pl.col("reporter"),
    "own_side": text.clean("province") == _OWN,
}
