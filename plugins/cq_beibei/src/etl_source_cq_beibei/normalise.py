"""From 北碚's register to the unified contract."""

from __future__ import annotations

import polars as pl

from etl_core.expressions import identity, names
from etl_core.expressions.reading import part
from etl_core.source import Variant
from etl_source_cq_beibei.contract import period

NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "namesake": names.namesake("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "sex": identity.sex("sex"),
    "employer_name": pl.col("employer_name"),
    "title": part("title", "value"),
    "project_name": pl.lit("校长课程领导力专题研修"),
    "level": pl.lit(40),
    "role": pl.lit("trainee"),
    "start_date": period("start"),
    "end_date": period("end"),
    "date_precision": period("precision"),
    "result": part("result", "value").fill_null("unknown"),
    "status": pl.lit("recognised"),
}


def _kind(field: str, mode_detail: str) -> Variant:
    """One kind of 研修学时, present where its cell says more than «none»."""
    return Variant(
        when=part(field, "nothing").not_(),
        fields={
            "hours": part(field, "hours"),
            "hours_basis": part(field, "basis"),
            "mode_detail": pl.lit(mode_detail),
        },
    )


VARIANTS = (
    _kind("hours_face", "face_to_face"),
    _kind("hours_online", "online"),
    _kind("hours_placement", "placement"),
)
