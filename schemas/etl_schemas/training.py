"""The unified contract: what every source's records look like after normalising (contract §2, no lineage).

`TrainingRecord` is the one declaration of names, order, types, nulls and checks; titles and meanings stand in
messages.toml, and the data dictionary (schemas/README.md) is made from both. The `error` of a check is a
reason code (etl_schemas.reasons). A null where `nullable` is false is the reason `required.FIELD`.
"""

from __future__ import annotations

from typing import Annotated, Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.model_config import BaseConfig

from etl_schemas.checks import both_or_neither, coded, filled, resident_number, rule
from etl_schemas.messages import text

_NUMBER = pl.col("id_number")
_START, _END = pl.col("start_date"), pl.col("end_date")
_RESIDENT = pl.col("id_type") == "resident_id"
_EIGHTEEN = _NUMBER.str.len_chars() == 18

_NO_STRAY_NUMBER = (pl.col("id_type") != "none") | _NUMBER.is_null()
# A resident's number may be missing (masked, ruling 24); other documents must have theirs (ruling 31).
_NUMBER_GIVEN = pl.col("id_type").is_in(["resident_id", "none"]) | _NUMBER.is_not_null()
_DATES_HOLD = both_or_neither("start_date", "end_date") & (_START <= _END).fill_null(True)
_DATED = pl.col("date_precision").is_in(["day", "month"]) == _END.is_not_null()


def described(name: str, *checks: pa.Check, nullable: bool = False) -> Any:
    """A field with its Chinese title, its meaning in both languages (messages.toml) and its checks."""
    field = pa.Field(
        nullable=nullable, title=text(f"field.{name}"), description=text(f"meaning.{name}", "both")
    )
    field.checks.extend(checks)
    return field


def based(amount: str) -> pl.Expr:
    """Whether the basis of an amount is none exactly where there is no amount (rulings 48, 54)."""
    return pl.col(amount).is_null() == (pl.col(f"{amount}_basis") == "none")


class TrainingRecord(pa.DataFrameModel):
    """One person's part in one training (contract §2): the canonical frame that a source plugin yields."""

    person_name: pl.String = described("person_name", filled("person_name"))
    id_type: pl.String = described("id_type", coded("id_type", _NO_STRAY_NUMBER))
    id_number: pl.String = described(
        "id_number",
        rule("id_number.length", ~_RESIDENT | _EIGHTEEN),
        # One fault, one reason: a number of the wrong length is not reported for its check digit as well.
        rule("id_number.checksum", ~_RESIDENT | ~_EIGHTEEN | resident_number(_NUMBER)),
        rule("required.id_number", _NUMBER_GIVEN),
        nullable=True,
    )
    sex: pl.Int16 = described("sex", coded("sex"), nullable=True)
    employer_name: pl.String = described("employer_name", nullable=True)
    employer_code: pl.String = described("employer_code", nullable=True)
    employer_division: pl.String = described(
        "employer_division",
        rule("division.unknown", pl.col("employer_division").str.contains(r"^[0-9]{6}$")),
        nullable=True,
    )
    stage: pl.String = described("stage", coded("stage"), nullable=True)
    subject: pl.String = described("subject", nullable=True)
    title: pl.String = described("title", coded("title"), nullable=True)
    project_code: pl.String = described("project_code", nullable=True)
    project_name: pl.String = described("project_name", filled("project_name"))
    class_name: pl.String = described("class_name", nullable=True)
    level: pl.Int16 = described("level", coded("level"))
    mode: pl.Int16 = described("mode", coded("mode"))
    mode_detail: pl.String = described("mode_detail", coded("mode_detail"))
    role: pl.String = described("role", coded("role"))
    provider_name: pl.String = described("provider_name", nullable=True)
    start_date: pl.Date = described("start_date", nullable=True)
    end_date: pl.Date = described("end_date", rule("date.order", _DATES_HOLD), nullable=True)
    date_precision: pl.String = described("date_precision", coded("date_precision", _DATED))
    training_year: pl.Int16 = described(
        "training_year", rule("date.unparsable", pl.col("training_year") == _END.dt.year())
    )
    hours: Annotated[pl.Decimal, 7, 2] = described(
        # Zero is in: 20 stated minutes are 0.0 hours (ruling 47); a stated zero is the source's own check.
        "hours",
        rule("hours.range", pl.col("hours").is_between(0, 2000)),
        nullable=True,
    )
    hours_basis: pl.String = described("hours_basis", coded("hours_basis", based("hours")))
    credits: Annotated[pl.Decimal, 7, 2] = described(
        # Below zero is in: a cancellation (rulings 57, 74); whether this one is, is the source's own check.
        "credits",
        rule("credits.range", pl.col("credits").is_between(-500, 500) & (pl.col("credits") != 0)),
        nullable=True,
    )
    credits_basis: pl.String = described("credits_basis", coded("credits_basis", based("credits")))
    credit_kind: pl.String = described(
        "credit_kind", coded("credit_kind", both_or_neither("credits", "credit_kind")), nullable=True
    )
    score: Annotated[pl.Decimal, 5, 2] = described(
        "score", rule("code.unknown.score", pl.col("score") >= 0), nullable=True
    )
    result: pl.String = described("result", coded("result"))
    certificate_no: pl.String = described("certificate_no", nullable=True)
    status: pl.String = described("status", coded("status"))
    agency_record_id: pl.String = described("agency_record_id", nullable=True)

    class Config(BaseConfig):
        """A closed contract: these columns, in this order, and no others."""

        strict = True
        ordered = True


_COLUMNS = TrainingRecord.to_schema().columns

FIELDS: dict[str, pl.DataType] = dict(pl.Schema({name: c.dtype.type for name, c in _COLUMNS.items()}))
"""Name → polars dtype of every field, in the order of contract §2."""

REQUIRED: tuple[str, ...] = tuple(name for name, column in _COLUMNS.items() if not column.nullable)
"""Fields that are never null."""
