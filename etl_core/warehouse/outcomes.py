"""What people ask the warehouse: what became of each row, which records it holds, what waits in quarantine."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

from etl_core.keys import Keys
from etl_core.records import PLACE
from etl_core.warehouse import tables
from etl_core.warehouse.rows import WHERE, seat_of
from etl_core.warehouse.tables import (
    SCALED,
    delivery,
    former_delivery,
    former_record,
    person,
    quarantine,
    reason,
    record,
    skipped_row,
    warning,
)

LEDGER = [column for column in delivery.columns if column.name != "sums"]
"""What people are told of a delivery; the sums say nothing to anybody but a check."""

FAULT = {**PLACE, "code": pl.String(), "column": pl.String()}

TYPES: dict[type[sa.types.TypeEngine[Any]], pl.DataType] = {
    sa.LargeBinary: pl.Binary(),
    sa.Date: pl.Date(),
    sa.DateTime: pl.Datetime("us", "UTC"),
    sa.Boolean: pl.Boolean(),
    sa.Double: pl.Float64(),
    sa.SmallInteger: pl.Int16(),
    sa.Integer: pl.Int64(),
    sa.JSON: pl.String(),
    sa.Text: pl.String(),
}
"""The polars type of a column, by the nearest of these classes."""


def outcomes(connection: sa.Connection, delivery_id: int) -> pl.DataFrame:
    """What became of every row of a delivery, in the order of file, sheet and row.

    Columns: PLACE · `outcome` loaded, quarantined or skipped · `reasons` and `warnings` as code@column, several
    joined with ";" (reasons in the order of the checks; "skip:kind" for skipped rows; null for none) ·
    `n_records` Int64.
    """
    parts = (_loaded, _quarantined, _skipped)
    rows = pl.concat([part(connection, delivery_id) for part in parts]).sort("file", "sheet", "row")
    return _sheetless(rows)


def _loaded(connection: sa.Connection, delivery_id: int) -> pl.DataFrame:
    places = [record.c[name] for name in WHERE]
    wanted = sa.select(*places, sa.func.count()).where(record.c.delivery_id == delivery_id).group_by(*places)
    rows = _read(connection, wanted, {**PLACE, "n_records": pl.Int64()})
    warned = sa.select(*(warning.c[name] for name in FAULT)).where(warning.c.delivery_id == delivery_id)
    faults = _faults(_read(connection, warned.order_by(warning.c.code, warning.c.column), FAULT))
    return _outcome(rows.join(faults, on=WHERE, how="left"), "loaded", warnings=pl.col("faults"))


def _quarantined(connection: sa.Connection, delivery_id: int) -> pl.DataFrame:
    columns = (*(quarantine.c[name] for name in WHERE), reason.c.code, reason.c.column)
    wanted = (
        sa.select(*columns)
        .join_from(quarantine, reason, quarantine.c.quarantine_id == reason.c.quarantine_id)
        .where(quarantine.c.delivery_id == delivery_id)
        .order_by(quarantine.c.quarantine_id, reason.c.position)
    )
    return _outcome(_faults(_read(connection, wanted, FAULT)), "quarantined", reasons=pl.col("faults"))


def _skipped(connection: sa.Connection, delivery_id: int) -> pl.DataFrame:
    columns = (*(skipped_row.c[name] for name in WHERE), skipped_row.c.kind)
    wanted = sa.select(*columns).where(skipped_row.c.delivery_id == delivery_id)
    rows = _read(connection, wanted, {**PLACE, "kind": pl.String()})
    return _outcome(rows, "skipped", reasons=pl.lit("skip:") + pl.col("kind"))


def _outcome(rows: pl.DataFrame, outcome: str, **said: pl.Expr) -> pl.DataFrame:
    nothing = pl.lit(None, pl.String)
    number = pl.col("n_records") if outcome == "loaded" else pl.lit(0, pl.Int64)
    return rows.select(
        *WHERE,
        pl.lit(outcome).alias("outcome"),
        said.get("reasons", nothing).alias("reasons"),
        said.get("warnings", nothing).alias("warnings"),
        number.alias("n_records"),
    )


def _faults(rows: pl.DataFrame) -> pl.DataFrame:
    """The faults of each row in one text, in the order in which they come."""
    at = pl.when(pl.col("column") == "").then(pl.lit("")).otherwise(pl.lit("@") + pl.col("column"))
    fault = (pl.col("code") + at).alias("faults")
    return rows.group_by(WHERE, maintain_order=True).agg(fault.str.join(";"))


def records(connection: sa.Connection, delivery_id: int) -> pl.DataFrame:
    """Every record of a delivery in reading order, whatever its state; amounts are decimals, as in contract §2."""
    wanted = sa.select(record).where(record.c.delivery_id == delivery_id).order_by(record.c.record_id)
    return _decimal(_read(connection, wanted, _schema(wanted)))


def standing(connection: sa.Connection, stored: sa.FromClause, source: str | None) -> pl.DataFrame:
    """Records of asof.Then as `records` gives those of a delivery, with their `source`."""
    wanted = sa.select(stored).order_by(stored.c.record_id)
    if source is not None:
        wanted = wanted.where(stored.c.source == source)
    schema = _schema(sa.select(record)) | {"source": pl.String()}
    return _decimal(_read(connection, wanted, schema))


def _decimal(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with amounts as decimals, as in contract §2."""
    amounts = [
        (pl.col(f"{name}_x100").cast(pl.Decimal(9, 2)) / 100).cast(pl.Decimal(7, 2)) for name in SCALED
    ]
    named = dict(zip((f"{name}_x100" for name in SCALED), SCALED, strict=True))
    return _sheetless(rows.with_columns(amounts).rename(named))


def record_of(connection: sa.Connection, record_id: int) -> dict[str, Any] | None:
    """One record, be it a former one: its fields, amounts as decimals, and of its delivery what LINE names; None for none."""
    for stored, line in ((record, delivery), (former_record, former_delivery)):
        wanted = (
            sa.select(
                stored, *(line.c[name] for name in LINE), line.c.file.label("delivered"), person.c.id_masked
            )
            .join_from(stored, line, stored.c.delivery_id == line.c.delivery_id)
            .outerjoin(person, person.c.person_key == stored.c.person_key)
            .where(stored.c.record_id == record_id)
        )
        found = connection.execute(wanted).mappings().one_or_none()
        if found is not None:
            return {**found, **{name: _amount(found[f"{name}_x100"]) for name in SCALED}}
    return None


LINE = ("source", "fingerprint", "plugin", "label", "loaded_at", "slot", "sort_key", "dated")


def _amount(hundredths: int | None) -> Decimal | None:
    return None if hundredths is None else (Decimal(hundredths) / 100).quantize(Decimal("0.01"))


def deliveries(connection: sa.Connection, source: str | None) -> pl.DataFrame:
    """The lines of the run ledger, by source and effective order; `detail` and `accounts` are JSON texts."""
    wanted = sa.select(*LEDGER).order_by(delivery.c.source, delivery.c.sort_key, delivery.c.delivery_id)
    if source is not None:
        wanted = wanted.where(delivery.c.source == source)
    return _read(connection, wanted, _schema(wanted))


def formers(connection: sa.Connection, source: str | None) -> pl.DataFrame:
    """The lines of deliveries that left, as `deliveries` has them; `result` is the way they left, or restored."""
    back = former_delivery.c.restored_at.is_not(None)
    left = sa.case((back, "restored"), else_=former_delivery.c.way).label("result")
    columns = (left if column.name == "result" else former_delivery.c[column.name] for column in LEDGER)
    wanted = sa.select(*columns).order_by(former_delivery.c.source, former_delivery.c.sort_key)
    if source is not None:
        wanted = wanted.where(former_delivery.c.source == source)
    return _read(connection, wanted, _schema(sa.select(*LEDGER)))


def reasons(
    connection: sa.Connection, source: str | None = None, delivery_id: int | None = None
) -> pl.DataFrame:
    """Why rows wait in quarantine, one line per reason in the order of rows and checks, without a cell.

    Columns: `quarantine_id`, `delivery_id`, `source`, PLACE, `code`, `column` (null for none), `detail` (JSON text).
    """
    places = [quarantine.c[name] for name in WHERE]
    wanted = (
        sa.select(quarantine.c.quarantine_id, quarantine.c.delivery_id, delivery.c.source, *places)
        .add_columns(reason.c.code, reason.c.column, reason.c.detail)
        .join_from(quarantine, delivery, quarantine.c.delivery_id == delivery.c.delivery_id)
        .join(reason, quarantine.c.quarantine_id == reason.c.quarantine_id)
        .where(quarantine.c.state == "open")
        .order_by(quarantine.c.delivery_id, *places, reason.c.position)
    )
    if source is not None:
        wanted = wanted.where(delivery.c.source == source)
    if delivery_id is not None:
        wanted = wanted.where(quarantine.c.delivery_id == delivery_id)
    return _sheetless(_read(connection, wanted, _schema(wanted))).with_columns(
        pl.col("column").replace("", None)
    )


def mended(connection: sa.Connection, source: str) -> pl.DataFrame:
    """Which row stands for which in the mendings of a source; without sheets both are null."""
    mine = sa.select(delivery.c.delivery_id).where(delivery.c.source == source)
    wanted = sa.select(tables.mended).where(tables.mended.c.delivery_id.in_(mine))
    found = _sheetless(_read(connection, wanted, _schema(wanted)))
    return found.with_columns(pl.col("of_sheet").replace("", None))


def unknown(connection: sa.Connection, source: str | None = None) -> pl.DataFrame:
    """Words that no list has, once for each cell: of rows that wait in quarantine, and of loaded rows with a record that stands.

    Columns: `source`, PLACE, `code`, `column` (null for none), `word`; in the order of deliveries and rows.
    """
    waits = (
        sa.select(delivery.c.source, delivery.c.sort_key, *(quarantine.c[name] for name in WHERE))
        .add_columns(reason.c.code, reason.c.column, reason.c.word)
        .join_from(quarantine, delivery, quarantine.c.delivery_id == delivery.c.delivery_id)
        .join(reason, quarantine.c.quarantine_id == reason.c.quarantine_id)
        .where(quarantine.c.state == "open", reason.c.word.is_not(None))
    )
    here = [record.c[name] == warning.c[name] for name in ("delivery_id", *WHERE)]
    stands = sa.select(record.c.record_id).where(*here, record.c.state == "current").exists()
    loaded = (
        sa.select(delivery.c.source, delivery.c.sort_key, *(warning.c[name] for name in WHERE))
        .add_columns(warning.c.code, warning.c.column, warning.c.word)
        .join_from(warning, delivery, warning.c.delivery_id == delivery.c.delivery_id)
        .where(warning.c.word.is_not(None), stands)
    )
    parts = [each if source is None else each.where(delivery.c.source == source) for each in (waits, loaded)]
    both = sa.union_all(*parts).subquery()
    wanted = sa.select(both).order_by(both.c.source, both.c.sort_key, *(both.c[name] for name in WHERE))
    found = _read(connection, wanted, _schema(wanted)).drop("sort_key")
    return _sheetless(found).with_columns(pl.col("column").replace("", None))


def quarantined(
    connection: sa.Connection, keys: Keys, source: str, delivery_id: int | None = None
) -> pl.DataFrame:
    """Refused rows of a source (or of one delivery of it) with their cells, which are personal data.

    Columns: `quarantine_id`, `delivery_id`, PLACE, `state`, `reasons` (JSON list of {code, column, detail}),
    `cells` (JSON {header: text}). Raises KeyFileError where a seal does not open.
    """
    wanted = (
        sa.select(quarantine, delivery.c.fingerprint)
        .join_from(quarantine, delivery, quarantine.c.delivery_id == delivery.c.delivery_id)
        .where(delivery.c.source == source)
        .order_by(quarantine.c.quarantine_id)
    )
    if delivery_id is not None:
        wanted = wanted.where(quarantine.c.delivery_id == delivery_id)
    said = _reasons(connection, wanted)
    lines = [
        (
            one.quarantine_id,
            one.delivery_id,
            *(one.file, one.sheet, one.row),
            one.state,
            _json(said[one.quarantine_id]),
            keys.unseal(one.sealed, seat_of(source, one.fingerprint, one.file, one.sheet, one.row)).decode(),
        )
        for one in connection.execute(wanted)
    ]
    return _sheetless(pl.DataFrame(lines, schema=QUARANTINED, orient="row"))


QUARANTINED = {
    "quarantine_id": pl.Int64(),
    "delivery_id": pl.Int64(),
    **PLACE,
    "state": pl.String(),
    "reasons": pl.String(),
    "cells": pl.String(),
}


def _reasons(connection: sa.Connection, rows: sa.Select[Any]) -> dict[int, list[dict[str, Any]]]:
    ids = sa.select(rows.subquery().c.quarantine_id)
    wanted = sa.select(reason).where(reason.c.quarantine_id.in_(ids)).order_by(reason.c.position)
    said: dict[int, list[dict[str, Any]]] = {}
    for one in connection.execute(wanted):
        line = {"code": one.code, "column": one.column or None, "detail": one.detail}
        said.setdefault(one.quarantine_id, []).append(line)
    return said


def _schema(wanted: sa.Select[Any]) -> dict[str, pl.DataType]:
    return {column.name: polars_type(column.type) for column in wanted.selected_columns}


def polars_type(column: sa.types.TypeEngine[Any]) -> pl.DataType:
    """The polars type of a column of the warehouse."""
    plain = column.impl if isinstance(column, sa.TypeDecorator) else column
    return next(dtype for kind, dtype in TYPES.items() if isinstance(plain, kind))


def _read(connection: sa.Connection, wanted: sa.Select[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """A query as a frame; JSON columns as the text that they are kept as."""
    lines = [tuple(map(_flat, one)) for one in connection.execute(wanted)]
    return pl.DataFrame(lines, schema=schema, orient="row")


def _flat(value: Any) -> Any:
    return _json(value) if isinstance(value, dict | list) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _sheetless(rows: pl.DataFrame) -> pl.DataFrame:
    """The sheet is null again where there are no sheets, as it was in the file."""
    return rows.with_columns(pl.col("sheet").replace("", None))
