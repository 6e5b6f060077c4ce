"""A prepared batch as rows of the tables: pseudonyms instead of numbers, integers instead of decimals, seals.

Everything here is a function of frames; nothing touches a database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from etl_core.errors import BalanceError
from etl_core.keys import RESIDENT, Keys, mask
from etl_core.records import CARRIED, PLACE, Place
from etl_core.warehouse import tables
from etl_core.warehouse.identity import event_key, record_key, refers, row_key

WHERE = list(PLACE)
DAMAGE = [*WHERE, "code", "column"]
FIELDS = tuple(
    column.name
    for column in tables.record.columns
    if column.name
    not in {"record_id", "delivery_id", "record_key", "row_key", "event_key", "refers", "net_x100", "state"}
)
"""Columns of `record` that one row brings with it; the others say what became of it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What every row of one delivery shares: its line in `delivery`, its source and its key (contract §4)."""

    delivery_id: int
    source: str
    fingerprint: str
    place: Place
    key: tuple[str, ...]
    variant: tuple[str, ...] = ()


def placed(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with a sheet that is "" where there are no sheets."""
    return rows.with_columns(pl.col("sheet").cast(pl.String).fill_null(""))


def keyed(rows: pl.DataFrame, keys: Keys) -> pl.DataFrame:
    """The same rows with `person_key` (Binary of 32 bytes, null without a number) beside id_number."""
    return rows.with_columns(keys.person_keys(rows["id_number"]).alias("person_key"))


def record_rows(records: pl.DataFrame, batch: Batch, first: int) -> pl.DataFrame:
    """Rows of `record` numbered from `first` in reading order; the state is the one of a lone version.

    row_key is null where a row gives one record only: there it is the record_key.

    records: canonical records with `person_key`; what CARRIED names may be absent.
    """
    whole = _carried(records, batch.place.reporter)
    shaped = _in_reading_order(placed(whole)).with_columns(*map(_scaled, tables.SCALED))
    varied, entries = bool(batch.variant), shaped["original"].null_count() < shaped.height
    about = refers(shaped, batch.source) if entries else pl.lit(None, pl.Binary)
    rows = row_key(shaped, batch.source, batch.key, batch.variant) if varied else pl.lit(None, pl.Binary)
    return shaped.with_row_index("record_id", first).select(
        pl.col("record_id").cast(pl.Int64),
        pl.lit(batch.delivery_id, pl.Int64).alias("delivery_id"),
        record_key(shaped, batch.source, batch.key).alias("record_key"),
        rows.alias("row_key"),
        event_key(shaped).alias("event_key"),
        *FIELDS,
        pl.lit(None, pl.Int64).alias("net_x100"),
        about.alias("refers"),
        state().alias("state"),
    )


def submissions(records: pl.DataFrame, first: int) -> pl.DataFrame:
    """When each record was handed in: `submitted` beside the `record_id` that `record_rows` gives it."""
    shaped = _in_reading_order(placed(records)).with_row_index("record_id", first)
    return shaped.select(pl.col("record_id").cast(pl.Int64), "submitted")


def state() -> pl.Expr:
    """What a record is when no other version is known: withdrawn when its agency says so (ruling 76).

    A cancellation is kept, and is no record that counts (ruling 74).
    """
    return (
        pl.when(pl.col("entry") == "cancellation")
        .then(pl.lit("cancelling"))
        .when(pl.col("status") == "withdrawn")
        .then(pl.lit("withdrawn"))
        .otherwise(pl.lit("current"))
    )


def _carried(records: pl.DataFrame, reporter: str) -> pl.DataFrame:
    absent = [
        pl.lit(None, dtype).alias(name) for name, dtype in CARRIED.items() if name not in records.columns
    ]
    return records.with_columns(absent).with_columns(
        pl.col("reporter").fill_null(reporter), pl.col("own_side").fill_null(False)
    )


def _in_reading_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Sheets as they first appear, rows by number: an unpivoted frame may come kind by kind."""
    sheet = pl.int_range(pl.len()).min().over("file", "sheet")
    return rows.sort(sheet, "row", maintain_order=True)


def _scaled(name: str) -> pl.Expr:
    return (pl.col(name) * 100).cast(pl.Int64).alias(f"{name}_x100")


def person_rows(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of `person`, one per number of the batch.

    A resident's number says everything; for other documents the first mention stands until `agree` is run.
    """
    resident = pl.col("id_number").str.contains(RESIDENT)
    odd = pl.col("id_number").str.slice(16, 1).cast(pl.Int16, strict=False) % 2
    return (
        records.filter(pl.col("person_key").is_not_null())
        .unique("person_key", keep="first")
        .select(
            "person_key",
            pl.when(resident).then(pl.lit("resident_id")).otherwise("id_type").alias("id_type"),
            mask(pl.col("id_number")).alias("id_masked"),
            pl.when(resident).then(2 - odd).otherwise("sex").cast(pl.Int16).alias("sex"),
        )
    )


def quarantine_rows(
    refused: pl.DataFrame, legible: pl.DataFrame, batch: Batch, keys: Keys, first: int
) -> pl.DataFrame:
    """Rows of `quarantine` numbered from `first`: sealed cells, and the row's key where it can be read.

    legible: the key's fields of the refused rows whose key can be read (ruling 72).
    """
    rows = placed(refused).join(_row_keys(legible, batch, keys), on=WHERE, how="left", maintain_order="left")
    sealed = [
        keys.seal(cells.encode(), seat(batch, file, sheet, row))
        for file, sheet, row, cells in rows.select(*WHERE, "cells").iter_rows()
    ]
    return rows.with_row_index("quarantine_id", first).select(
        pl.col("quarantine_id").cast(pl.Int64),
        pl.lit(batch.delivery_id).alias("delivery_id"),
        *WHERE,
        "row_key",
        pl.Series("sealed", sealed, dtype=pl.Binary),
        pl.lit("open").alias("state"),
    )


def seat(batch: Batch, file: str, sheet: str, row: int) -> bytes:
    """What a sealed row is bound to: it opens nowhere but at its own place of its own delivery."""
    return seat_of(batch.source, batch.fingerprint, file, sheet, row)


def seat_of(source: str, fingerprint: str, file: str, sheet: str, row: int) -> bytes:
    """The same from its parts, for those who open a seal."""
    return json.dumps([source, fingerprint, file, sheet, row], ensure_ascii=False).encode()


def _row_keys(legible: pl.DataFrame, batch: Batch, keys: Keys) -> pl.DataFrame:
    if legible.is_empty():
        return pl.DataFrame(schema={**PLACE, "row_key": pl.Binary()})
    known = keyed(legible, keys) if "id_number" in legible.columns else legible
    named = row_key(known, batch.source, batch.key, batch.variant).alias("row_key")
    return placed(legible).select(*WHERE, named).unique(WHERE, keep="first", maintain_order=True)


def reason_rows(issues: pl.DataFrame, quarantined: pl.DataFrame) -> pl.DataFrame:
    """Rows of `reason` for the rows of `quarantine`, in the order in which the checks were made.

    Raises BalanceError when a row was refused without a reason, or a reason has no refused row.
    """
    errors = _issues(issues, "error")
    joined = errors.join(
        quarantined.select("quarantine_id", *WHERE), on=WHERE, how="left", maintain_order="left"
    )
    if joined["quarantine_id"].null_count() or joined["quarantine_id"].n_unique() != quarantined.height:
        raise BalanceError("the refused rows and the rows with errors are not the same")
    return joined.select(
        "quarantine_id",
        pl.int_range(pl.len()).over("quarantine_id").alias("position"),
        "code",
        "column",
        pl.lit("{}").alias("detail"),
        "word",
    )


def warning_rows(issues: pl.DataFrame, records: pl.DataFrame, delivery_id: int) -> pl.DataFrame:
    """Rows of `warning`: those of loaded rows only (ruling 9)."""
    loaded = placed(records).select(WHERE)
    kept = _issues(issues, "warning").join(loaded, on=WHERE, how="semi")
    return kept.select(pl.lit(delivery_id).alias("delivery_id"), *DAMAGE, "word")


def mended_rows(mended: pl.DataFrame, delivery_id: int) -> pl.DataFrame:
    """Rows of `mended`."""
    whole = placed(mended).with_columns(pl.col("of_sheet").fill_null(""))
    return whole.select(pl.lit(delivery_id).alias("delivery_id"), *WHERE, "of_file", "of_sheet", "of_row")


def skip_rows(skips: pl.DataFrame, delivery_id: int) -> pl.DataFrame:
    """Rows of `skipped_row`."""
    return placed(skips).select(pl.lit(delivery_id).alias("delivery_id"), *WHERE, "kind")


def _issues(issues: pl.DataFrame, severity: str) -> pl.DataFrame:
    wanted = placed(issues.filter(pl.col("severity") == severity))
    plain = wanted.with_columns(pl.col("column").cast(pl.String).fill_null(""))
    return plain.unique(DAMAGE, keep="first", maintain_order=True)
