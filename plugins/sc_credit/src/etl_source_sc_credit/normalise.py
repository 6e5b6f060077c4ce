"""From an application for credits to the unified contract: a record for each kind of credits."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import names
from etl_core.expressions.reading import part
from etl_core.source import Variant
from etl_source_sc_credit.contract import ENTRIES, credit, kind

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "employer_name": pl.col("employer_name"),
    "employer_division": part("area", "code"),
    "project_name": pl.col("project_name"),
    "level": part("level", "value"),
    "mode_detail": part("mode_detail", "value"),
    "role": pl.lit("trainee"),
    "provider_name": pl.col("provider_name"),
    "start_date": part("start_date", "day"),
    "end_date": part("end_date", "day"),
    "date_precision": pl.when(part("start_date", "day").is_not_null())
    .then(pl.lit("day"))
    .otherwise(pl.lit("school_year")),
    "training_year": part("year_name", "value"),
    "result": pl.when(part("status", "value") == "recognised")
    .then(pl.lit("passed"))
    .otherwise(pl.lit("unknown")),
    "status": part("status", "value"),
    "agency_record_id": pl.col("agency_record_id"),
}


def _claimed(name: str) -> Variant:
    """The credits of one kind: several entries of it in one application are added (ruling 57)."""
    entries = [pl.when(part(kind(at), "value") == name).then(part(credit(at), "value")) for at in ENTRIES]
    return Variant(
        when=pl.any_horizontal(entry.is_not_null() for entry in entries),
        fields={"credits": pl.sum_horizontal(entries), "credit_kind": pl.lit(name)},
    )


VARIANTS = (_claimed("public"), _claimed("professional"))
