"""Everything about one delivery, and what two of them differ in."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import sqlalchemy as sa

from etl_core.records import ASIDE
from etl_core.warehouse import outcomes
from etl_core.warehouse.rows import FIELDS, WHERE
from etl_core.warehouse.tables import (
    STATES,
    delivery,
    former_delivery,
    former_record,
    quarantine,
    reason,
    record,
    run,
    skipped_row,
    warning,
)

COMPARED = tuple(
    name.removesuffix("_x100")
    for name in FIELDS
    if name not in {*WHERE, "person_key", "own_side", "reporter", "entry"}
)
"""Fields in which two versions of a record can differ; a person is known by the masked number."""

CHANGES = pl.Schema(
    {
        "change": pl.String(),
        "file": pl.String(),
        "sheet": pl.String(),
        "row": pl.Int64(),
        "former_row": pl.Int64(),
        "field": pl.String(),
        "before": pl.String(),
        "after": pl.String(),
    }
)


def about(connection: sa.Connection, delivery_id: int) -> dict[str, Any] | None:
    """The line of a delivery, be it a former one, and what is counted of it; None where there is none.

    Besides the ledger's columns: `way`, `left_at`, `restored_at` (null while it is there), `started_at` and `software` of the
    run that brought it; `asides`: its sheets that were passed over, as records.Aside; number by code or kind: `reasons`, `warnings`, `skips`, `states` of its records; `inserted` and `updated`:
    its records that are the first of their key in the order of deliveries, and those that are not; `open`: rows that wait.
    """
    line = _line(connection, delivery_id)
    if line is None:
        return None
    mine = quarantine.c.delivery_id == delivery_id
    refused = sa.select(quarantine.c.quarantine_id).where(mine)
    stored = record if line["way"] is None else former_record  # as they stand, or stood last
    updated = _updated(connection, line, stored)
    return line | {
        "accounts": _json(line["accounts"]),
        "detail": _json(line["detail"]),
        "reasons": _by(connection, reason.c.code, reason.c.quarantine_id.in_(refused)),
        "warnings": _by(connection, warning.c.code, warning.c.delivery_id == delivery_id),
        "skips": _by(connection, skipped_row.c.kind, skipped_row.c.delivery_id == delivery_id),
        "asides": _asides(connection, delivery_id),
        "states": dict.fromkeys(STATES, 0)
        | _by(connection, stored.c.state, stored.c.delivery_id == delivery_id),
        "open": sum(_by(connection, quarantine.c.state, mine & (quarantine.c.state == "open")).values()),
        "inserted": line["records"] - updated,
        "updated": updated,
    }


def _asides(connection: sa.Connection, delivery_id: int) -> list[dict[str, Any]]:
    place = (skipped_row.c.file, skipped_row.c.sheet, skipped_row.c.kind)
    wanted = sa.select(*place, sa.func.count().label("rows")).group_by(*place).order_by(*place)
    mine = wanted.where(skipped_row.c.delivery_id == delivery_id, skipped_row.c.kind.in_(ASIDE))
    return [dict(line) for line in connection.execute(mine).mappings()]


def _line(connection: sa.Connection, delivery_id: int) -> dict[str, Any] | None:
    nothing = {"way": None, "left_at": None, "left_run": None, "restored_at": None}
    for table in (delivery, former_delivery):
        wanted = sa.select(table, run.c.started_at, run.c.software).join_from(
            table, run, run.c.run_id == table.c.run_id
        )
        found = connection.execute(wanted.where(table.c.delivery_id == delivery_id)).mappings().one_or_none()
        if found is not None:
            return nothing | dict(found)
    return None


def _json(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) else told


def _updated(connection: sa.Connection, line: dict[str, Any], stored: sa.Table) -> int:
    """How many of its records have an earlier version, by the order of deliveries and not of arrival."""
    own, other = stored.alias("own"), record.alias("other")
    earlier = (
        sa.select(other.c.record_id)
        .join_from(other, delivery, delivery.c.delivery_id == other.c.delivery_id)
        .where(other.c.record_key == own.c.record_key, delivery.c.sort_key < line["sort_key"])
    )
    wanted = sa.select(sa.func.count()).where(own.c.delivery_id == line["delivery_id"], earlier.exists())
    found: int = connection.execute(wanted).scalar_one()
    return found


def _by(connection: sa.Connection, column: sa.Column[str], mine: sa.ColumnElement[bool]) -> dict[str, int]:
    wanted = sa.select(column, sa.func.count()).where(mine).group_by(column).order_by(column)
    return {one: number for one, number in connection.execute(wanted)}  # noqa: C416 (typed rows)


def differences(connection: sa.Connection, first: int, second: int) -> pl.DataFrame:
    """What the second delivery says otherwise than the first, record by record of the same natural key (CHANGES).

    `change` added, changed or withdrawn; a changed record has a line for each field that differs, with both values as text.
    Places are the second delivery's, `former_row` the first one's; a withdrawn record has the first one's place.
    """
    one, two = (_keyed(connection, number) for number in (first, second))
    both = one.join(two, on="record_key", how="inner", suffix="_two")
    changed = [
        both.filter(pl.col(name).ne_missing(pl.col(f"{name}_two"))).select(
            pl.lit("changed").alias("change"),
            *(pl.col(f"{name}_two").alias(name) for name in WHERE),
            pl.col("row").alias("former_row"),
            pl.lit(name).alias("field"),
            pl.col(name).alias("before"),
            pl.col(f"{name}_two").alias("after"),
        )
        for name in COMPARED
    ]
    added = _alone(two.join(one, on="record_key", how="anti"), "added")
    withdrawn = _alone(one.join(two, on="record_key", how="anti"), "withdrawn")
    frames = [added, *(each.cast(CHANGES) for each in changed), withdrawn]
    return pl.concat(frames).sort("file", "sheet", "row", maintain_order=True)


def _keyed(connection: sa.Connection, delivery_id: int) -> pl.DataFrame:
    return outcomes.records(connection, delivery_id).select(
        *WHERE, "record_key", *(pl.col(name).cast(pl.String) for name in COMPARED)
    )


def _alone(rows: pl.DataFrame, change: str) -> pl.DataFrame:
    former = pl.col("row") if change == "withdrawn" else pl.lit(None, pl.Int64)
    nothing = [pl.lit(None, pl.String).alias(name) for name in ("field", "before", "after")]
    told = rows.select(pl.lit(change).alias("change"), *WHERE, former.alias("former_row"), *nothing)
    return told.cast(CHANGES)
