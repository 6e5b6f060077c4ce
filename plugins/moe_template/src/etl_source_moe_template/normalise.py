"""From the MOE template to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, dates, identity, names, text, words
from etl_source_moe_template.contract import coded

_HOURS = amounts.hours("hours")

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": coded("id_type"),
    "id_number": identity.id_number("id_number", coded("id_type")),
    "project_name": text.clean("project_name"),
    "level": coded("level", pl.Int16),
    "mode": coded("mode", pl.Int16),
    "mode_detail": words.detail_of_mode(coded("mode", pl.Int16)),
    "role": pl.lit("trainee"),
    "provider_name": text.clean("provider_name"),
    "date_precision": pl.lit("year"),
    "training_year": dates.year("training_year"),
    "hours": _HOURS.struct.field("hours"),
    "hours_basis": _HOURS.struct.field("basis"),
    "credits": amounts.credits("credits"),
    "result": pl.lit("passed"),
    "status": pl.lit("recognised"),
}
