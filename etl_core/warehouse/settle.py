"""Which version of a record stands: a function of the stored versions and their deliveries' order alone.

Nothing here knows when a delivery arrived, so the order of arrival cannot matter (contract §4). After a load
only the touched scope is decided anew: the keys of the delivery where deliveries append, the slot where they
replace each other. Another way to add up (a ledger, ruling 74) is one more entry of SEMANTICS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from etl_core.errors import WarehouseError
from etl_core.warehouse.tables import delivery, quarantine, record

Row = sa.Row[Any]

verdict = sa.Table(
    "verdict",
    sa.MetaData(),
    sa.Column("record_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text(), nullable=False),
    prefixes=["temporary"],
)
"""Records whose state changes, for as long as one settlement takes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a delivery does to the standing records: new ones, new versions, and ones that stand no more."""

    inserted: int = 0
    updated: int = 0
    withdrawn: int = 0


def settle(connection: sa.Connection, delivery_id: int) -> Plan:
    """Give every record in the scope of a loaded delivery its state; say what changed.

    Raises WarehouseError when the source adds up in a way that is not known here.
    """
    mine = connection.execute(sa.select(delivery).where(delivery.c.delivery_id == delivery_id)).one()
    if mine.semantics not in SEMANTICS:
        raise WarehouseError(f"deliveries of {mine.source} add up in an unknown way: {mine.semantics}")
    decided = None if _alone(connection, mine) else SEMANTICS[mine.semantics](mine)
    if decided is None:
        return Plan(inserted=_standing(connection, delivery_id))
    connection.execute(sa.schema.CreateTable(verdict))
    connection.execute(verdict.insert().from_select(["record_id", "state"], decided))
    plan = _plan(connection, delivery_id)
    _apply(connection)
    connection.execute(sa.schema.DropTable(verdict))
    return plan


def _alone(connection: sa.Connection, mine: Row) -> bool:
    """Whether no other delivery can touch this one's records: a first delivery does not pay for settling."""
    others = _rivals(mine).where(delivery.c.delivery_id != mine.delivery_id)
    return connection.execute(others.limit(1)).first() is None


def _rivals(mine: Row) -> sa.Select[*tuple[Any, ...]]:
    """Loaded deliveries of the same source, of the same slot where slots are replaced (ruling 73)."""
    wanted = sa.select(delivery.c.delivery_id).where(
        delivery.c.source == mine.source, delivery.c.result == "loaded"
    )
    return wanted.where(delivery.c.slot == mine.slot) if mine.semantics == "snapshot" else wanted


def _append(mine: Row) -> sa.Select[*tuple[Any, ...]]:
    """The latest version of each key of this delivery stands, or is withdrawn by its own word."""
    other = record.alias("other")
    shared = (
        sa.select(record.c.record_key)
        .where(record.c.delivery_id == mine.delivery_id)
        .where(
            sa.exists().where(
                other.c.record_key == record.c.record_key, other.c.delivery_id != mine.delivery_id
            )
        )
    )
    ranked = _ranked(mine, record.c.record_key.in_(shared))
    return _changes(ranked, _by_word(ranked))


def _snapshot(mine: Row) -> sa.Select[*tuple[Any, ...]]:
    """The latest version stands while every later delivery of the slot holds its place (ruling 72)."""
    ranked = _ranked(mine, sa.true())
    later = delivery.alias("later")
    after = (later.c.source == mine.source, later.c.slot == mine.slot, later.c.result == "loaded")
    held = sa.exists().where(
        quarantine.c.delivery_id == later.c.delivery_id, quarantine.c.row_key == ranked.c.row_key
    )
    dropped = sa.exists().where(*after, later.c.sort_key > ranked.c.sort_key, ~held)
    return _changes(ranked, sa.case((dropped, "withdrawn"), else_=_by_word(ranked)))


def _ranked(mine: Row, scope: sa.ColumnElement[bool]) -> sa.Subquery:
    """Every version in scope; `age` 1 is the latest of its key by the order of deliveries."""
    age = sa.func.row_number().over(partition_by=record.c.record_key, order_by=delivery.c.sort_key.desc())
    return (
        sa.select(
            record.c.record_id,
            record.c.row_key,
            record.c.status,
            record.c.state,
            delivery.c.sort_key,
            age.label("age"),
        )
        .join_from(record, delivery, record.c.delivery_id == delivery.c.delivery_id)
        .where(delivery.c.delivery_id.in_(_rivals(mine)), scope)
        .subquery()
    )


def _by_word(ranked: sa.Subquery) -> sa.ColumnElement[str]:
    return sa.case((ranked.c.status == "withdrawn", "withdrawn"), else_="current")


def _changes(ranked: sa.Subquery, latest: sa.ColumnElement[str]) -> sa.Select[*tuple[Any, ...]]:
    wanted = sa.case((ranked.c.age > 1, "superseded"), else_=latest)
    return sa.select(ranked.c.record_id, wanted).where(ranked.c.state != wanted)


def _apply(connection: sa.Connection) -> None:
    connection.execute(
        sa.update(record).values(state=verdict.c.state).where(record.c.record_id == verdict.c.record_id)
    )


def _plan(connection: sa.Connection, delivery_id: int) -> Plan:
    """Count before the verdicts are applied, while both the old and the new state can be seen."""
    lost = (
        sa.select(record.c.record_key, verdict.c.state)
        .join_from(record, verdict, record.c.record_id == verdict.c.record_id)
        .where(record.c.delivery_id != delivery_id, record.c.state == "current", verdict.c.state != "current")
        .cte("lost")
    )
    own = (
        sa.select(record.c.record_key)
        .join_from(record, verdict, record.c.record_id == verdict.c.record_id, isouter=True)
        .where(record.c.delivery_id == delivery_id)
        .where(sa.func.coalesce(verdict.c.state, record.c.state) == "current")
        .cte("own")
    )
    standing = _number(connection, sa.select(own))
    updated = _number(connection, sa.select(own).where(own.c.record_key.in_(sa.select(lost.c.record_key))))
    return Plan(standing - updated, updated, _number(connection, sa.select(lost)) - updated)


def _standing(connection: sa.Connection, delivery_id: int) -> int:
    mine = sa.select(record.c.record_id).where(
        record.c.delivery_id == delivery_id, record.c.state == "current"
    )
    return _number(connection, mine)


def _number(connection: sa.Connection, rows: sa.Select[*tuple[Any, ...]]) -> int:
    found: int = connection.execute(sa.select(sa.func.count()).select_from(rows.subquery())).scalar_one()
    return found


SEMANTICS: dict[str, Callable[[Row], sa.Select[*tuple[Any, ...]]]] = {
    "append": _append,
    "snapshot": _snapshot,
}
"""How deliveries of a source add up (contract §4): the states that change, as a query."""
