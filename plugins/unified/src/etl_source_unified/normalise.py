"""From the unified form to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import amounts, identity, names
from etl_core.expressions.reading import part
from etl_source_unified.contract import END, START, subject


def value(field: str) -> pl.Expr:
    """What a field's cell was read as."""
    return part(field, "value")


NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": value("id_type"),
    "id_number": part("id_number", "number"),
    "sex": identity.sex("sex"),
    "employer_name": pl.col("employer_name"),
    "employer_code": pl.col("employer_code"),
    "employer_division": part("employer_division", "code"),
    "stage": value("stage"),
    "subject": subject("subject"),
    "title": value("title"),
    "project_code": pl.col("project_code"),
    "project_name": pl.col("project_name"),
    "class_name": pl.col("class_name"),
    "level": value("level"),
    "mode_detail": value("mode_detail"),
    "role": value("role"),
    "provider_name": pl.col("provider_name"),
    "start_date": START,
    "end_date": END,
    "date_precision": pl.when(END.is_not_null()).then(pl.lit("day")).otherwise(pl.lit("year")),
    "training_year": value("training_year"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "credits": amounts.credits("credits"),
    "credit_kind": value("credit_kind"),
    "score": value("score"),
    "result": value("result"),
    "certificate_no": pl.col("certificate_no"),
    "status": value("status"),
    "agency_record_id": pl.col("agency_record_id"),
    "reporter": pl.col("reporter"),
}
