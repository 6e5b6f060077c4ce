"""What stood at another time: by what was known then, by what held then, or by both (bitemporal).

Known is when the warehouse was told: a delivery counts from the moment it was loaded until it left. Valid is what deliveries
say of themselves: one counts from its effective date (`dated`: the date in the file or its name, else the file's own).
The state at a point of both is that of a warehouse that had exactly the deliveries which count there; settle.py decides
it for today, the one query here for any point, and a test holds the two together. Nothing is stored for it, so that a
load costs what it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from etl_core.warehouse.tables import (
    delivery,
    former_delivery,
    former_record,
    former_refused,
    quarantine,
    record,
)

LINE = ("delivery_id", "source", "slot", "sort_key", "semantics", "mends")


@dataclass(frozen=True, slots=True)
class Point:
    """A point in both times.

    known: what was loaded at or before that moment and had not left; None is now. valid: deliveries whose effective date
    is not later; None is all of them.
    """

    known: datetime | None = None
    valid: date | None = None


@dataclass(frozen=True, slots=True)
class Then:
    """The warehouse at that point: `records` with the columns of `record`, `deliveries` with LINE."""

    records: sa.FromClause
    deliveries: sa.FromClause


def then(point: Point) -> Then:
    """The records as they stood, each with the state and the net credits that it had; their number is today's."""
    lines = _deliveries(point)
    versions = _versions(lines, point)
    about = _about(versions)
    states = _states(versions, about, lines, point)
    return Then(states, lines)


def _deliveries(point: Point) -> sa.CTE:
    """The loaded deliveries that count there, numbered by their effective order within what they are rivals in."""
    present = sa.select(*(delivery.c[name] for name in (*LINE, "dated", "loaded_at"))).where(
        delivery.c.result == "loaded"
    )
    some = present.where(*_counting(delivery, point))
    if point.known is not None:
        left = sa.select(*(former_delivery.c[name] for name in (*LINE, "dated", "loaded_at"))).where(
            former_delivery.c.result == "loaded", former_delivery.c.left_at > point.known
        )
        told: Any = sa.union_all(some, left.where(*_counting(former_delivery, point))).subquery("counting")
    else:
        told = some.subquery("counting")
    rivals = (told.c.source, sa.case((told.c.semantics == "snapshot", told.c.slot), else_=""))
    turn = sa.func.row_number().over(partition_by=rivals, order_by=told.c.sort_key)
    # A mending is what the delivery before it should have said (docs/mending.md): it withdraws nothing, and shares its place.
    whole = sa.case((told.c.mends.is_(None), 1))
    last = sa.func.count(whole).over(partition_by=rivals)
    at = sa.func.count(whole).over(partition_by=rivals, order_by=told.c.sort_key)
    columns = (*told.c, turn.label("turn"), at.label("at"), last.label("last"))
    return sa.select(*columns).cte("told").prefix_with("materialized")


def _counting(lines: sa.Table, point: Point) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if point.known is not None:
        conditions.append(lines.c.loaded_at <= point.known)
    if point.valid is not None:
        conditions.append(sa.or_(lines.c.dated.is_(None), lines.c.dated <= point.valid))
    return conditions


def _versions(lines: sa.CTE, point: Point) -> sa.CTE:
    """Every version in these deliveries, and whether a later one of its key is among them."""
    stored: Any = record
    if point.known is not None:
        stored = sa.union_all(sa.select(record), sa.select(former_record)).subquery("stored")
    joined = sa.select(
        *stored.c, lines.c.source, lines.c.slot, lines.c.semantics, lines.c.turn, lines.c.at, lines.c.last
    ).join_from(stored, lines, lines.c.delivery_id == stored.c.delivery_id)
    version = joined.subquery("stored_then")
    newest = sa.func.max(version.c.turn).over(partition_by=version.c.record_key)
    return (
        sa.select(version, (version.c.turn < newest).label("replaced"))
        .cte("version")
        .prefix_with("materialized")
    )


def _about(versions: sa.CTE) -> sa.CTE:
    """What standing entries of ledgers do to the records that they are about (ruling 74)."""
    entry = versions.alias("entry")
    cancelled = sa.func.sum(sa.case((entry.c.entry == "cancellation", entry.c.credits_x100)))
    corrected = sa.func.max(sa.case((entry.c.entry == "correction", 1), else_=0))
    return (
        sa.select(entry.c.refers, cancelled.label("cancelled"), corrected.label("corrected"))
        .where(entry.c.semantics == "ledger", entry.c.refers.is_not(None), ~entry.c.replaced)
        .group_by(entry.c.refers)
        .cte("about")
        .prefix_with("materialized")
    )


def _states(versions: sa.CTE, about: sa.CTE, lines: sa.CTE, point: Point) -> sa.Subquery:
    ledger = versions.c.semantics == "ledger"
    cancels = versions.c.entry == "cancellation"
    net = sa.func.coalesce(versions.c.credits_x100, 0) + about.c.cancelled
    left = sa.case((versions.c.replaced | cancels, None), else_=net)
    state = sa.case(
        (versions.c.replaced, "superseded"),
        (cancels, "cancelling"),
        (ledger & ((about.c.corrected == 1) | (left <= 0)), "withdrawn"),
        ((versions.c.semantics == "snapshot") & _missing(versions, lines, point), "withdrawn"),
        (versions.c.status == "withdrawn", "withdrawn"),
        else_="current",
    )
    named = {"state": state, "net_x100": left}
    columns = [
        named.get(column.name, versions.c[column.name]).label(column.name) for column in record.columns
    ]
    joined = versions.outerjoin(about, (about.c.refers == versions.c.record_key) & ledger)
    return sa.select(*columns, versions.c.source).select_from(joined).subquery("then")


def _missing(versions: sa.CTE, lines: sa.CTE, point: Point) -> sa.ColumnElement[bool]:
    """Whether a later delivery of the slot neither has the record nor holds its place (ruling 72)."""
    tables = [quarantine] if point.known is None else [quarantine, former_refused]
    held = sum((_holding(table, versions, lines) for table in tables), sa.literal(0))
    return (versions.c.at < versions.c.last) & (held < versions.c.last - versions.c.at)


def _holding(table: sa.Table, versions: sa.CTE, lines: sa.CTE) -> Any:
    """How many later deliveries of the slot refused a row of this key."""
    later = lines.alias(f"later_{table.name}")
    key = sa.func.coalesce(versions.c.row_key, versions.c.record_key)
    return (
        sa.select(sa.func.count(later.c.at.distinct()))
        .join_from(table, later, later.c.delivery_id == table.c.delivery_id)
        .where(table.c.row_key == key, later.c.at > versions.c.at)
        .where(later.c.source == versions.c.source, later.c.slot == versions.c.slot)
        .correlate(versions)
        .scalar_subquery()
    )
