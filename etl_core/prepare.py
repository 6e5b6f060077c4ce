"""From a raw batch to records and reasons: validate, normalise, validate. Pure: the same batch gives the same result."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from etl_core import normalise
from etl_core.errors import DeliveryError
from etl_core.extract import Raw
from etl_core.records import ISSUES, Prepared
from etl_core.refused import FAULT, refused
from etl_core.source import Source
from etl_core.validate import verdict
from etl_schemas.training import TrainingRecord

# With one of these faults nobody can say whose row it is (ruling 72).
_NAMELESS = (
    "id_number.damaged",
    "id_number.length",
    "id_number.checksum",
    "required.id_number",
    "required.person_name",
)


def prepare(raw: Raw, source: Source) -> Prepared:
    """Judge and interpret one batch; a row with an error anywhere gives no record at all.

    Raises DeliveryError plugin.failed where a faultless row gives no record, so that no row can vanish.
    """
    promised = verdict(raw.frame, source.contract, raw.shown)
    records = normalise.records(normalise.interpret(promised.valid, source), source)
    if records["row"].n_unique() != len(promised.valid):
        raise DeliveryError("plugin.failed", source=source.name, stage="normalise")
    unified = verdict(records, TrainingRecord, _shown(raw.shown, source))
    found = pl.concat([raw.issues, promised.issues, unified.issues]).unique(
        [name for name in ISSUES if name != "word"], keep="first", maintain_order=True
    )
    errors = found.filter(pl.col("severity") == "error")
    bad = errors["row"].unique().implode()
    good = records.filter(~pl.col("row").is_in(bad))
    faulty = raw.rows.filter(pl.col("row").is_in(bad)).with_columns(**{FAULT: pl.lit(None, pl.String)})
    return Prepared(
        records=good,
        keys=_keys(raw.frame.filter(pl.col("row").is_in(bad)), errors, source),
        issues=pl.concat(
            [errors, found.filter((pl.col("severity") == "warning") & ~pl.col("row").is_in(bad))]
        ).cast(ISSUES),
        skips=raw.skips,
        refused=pl.concat([raw.refused, refused(faulty, raw.texts, source)]),
        read=raw.read,
    )


def _shown(shown: Mapping[str, str | None], source: Source) -> dict[str, str | None]:
    """The header that a reason names for each unified field: that of the first raw field it is made of."""
    fields = dict(source.normalise)
    for variant in source.variants:
        fields.update(variant.fields)
    roots = {
        field: [root.partition(":")[0] for root in value.meta.root_names()] for field, value in fields.items()
    }
    return {
        field: next((shown[root] for root in names if root in shown), None) for field, names in roots.items()
    }


def _keys(faulty: pl.DataFrame, errors: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The key of each refused row that can still be read: every field of it there, and the person certain."""
    rows = normalise.key_fields(normalise.interpret(faulty, source), source)
    own = [field for field in source.key if field != "person" and field not in source.variant_fields]
    readable = pl.all_horizontal(pl.lit(True), *(pl.col(field).is_not_null() for field in own))
    if "person" in source.key:
        nameless = errors.filter(pl.col("code").is_in(_NAMELESS))["row"].unique().implode()
        readable = readable & ~pl.col("row").is_in(nameless)
    return rows.filter(readable)
