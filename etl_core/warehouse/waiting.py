"""Which refused rows still wait to be put right: a function of the stored deliveries alone, like settle.py.

Where deliveries replace each other, a refused row waits while no later delivery of its slot is loaded. Where they
append, it waits while no later delivery brought a record with its row's key; a row whose key cannot be read waits
until it is mended at its place (mended.py). A delivery that comes only closes, so that only open rows need to be looked at; one that
leaves only opens.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from etl_core.warehouse import mended
from etl_core.warehouse.tables import delivery, former_record, quarantine, record

Row = sa.Row[Any]

refused = quarantine.alias("refused")


def close(connection: sa.Connection, delivery_id: int) -> None:
    """Close what a loaded delivery puts right in earlier ones, and what later ones put right in this one.

    A rejected delivery puts nothing right; its rows may be overtaken already. Touched are the rows of its slot, or
    its own and those whose key it has: the cost does not grow with the warehouse.
    """
    mine = connection.execute(sa.select(delivery).where(delivery.c.delivery_id == delivery_id)).one()
    told: list[sa.Select[int] | sa.CompoundSelect[Any]]
    if mine.semantics == "snapshot":
        told = [_of_slot(mine)]
    else:
        told = [*([_earlier(mine)] if _awaited(connection, mine) else []), *_own(mine)]
    if mine.mends or _is_mended(connection, mine):
        told.append(mended.overtaken(mine.source, [mine.mends or mine.fingerprint]))
    for overtaken in told:
        here = (quarantine.c.state == "open") & quarantine.c.quarantine_id.in_(overtaken)
        connection.execute(sa.update(quarantine).values(state="closed").where(here))


def _is_mended(connection: sa.Connection, mine: Row) -> bool:
    """Whether mendings of this delivery are there already: it was read once more."""
    known = sa.select(delivery.c.delivery_id).where(delivery.c.source == mine.source)
    return connection.execute(known.where(delivery.c.mends == mine.fingerprint).limit(1)).first() is not None


def reopen(connection: sa.Connection, mine: Row) -> None:
    """Open what nobody but a delivery put right that has just left; its records are former ones already."""
    touched = _touched(mine)
    overtaken: list[sa.Select[int] | sa.CompoundSelect[Any]]
    if mine.semantics == "snapshot":
        overtaken = [_of_slot(mine)]
    else:
        overtaken = [*_overtaken(refused.c.quarantine_id.in_(touched))]
    roots = sa.select(delivery.c.mends).where(delivery.c.source == mine.source, delivery.c.mends.is_not(None))
    overtaken.append(mended.overtaken(mine.source, roots))
    closed = (quarantine.c.state == "closed") & quarantine.c.quarantine_id.in_(touched)
    for still in overtaken:
        closed &= quarantine.c.quarantine_id.not_in(still)
    connection.execute(sa.update(quarantine).values(state="open").where(closed))


def _touched(mine: Row) -> sa.Select[int] | sa.CompoundSelect[Any]:
    """Refused rows that a delivery which left may have closed: of its slot, of its keys, and of what it mended."""
    of = sa.select(delivery.c.delivery_id).where(delivery.c.source == mine.source)
    if mine.semantics == "snapshot":
        return sa.select(refused.c.quarantine_id).where(
            refused.c.delivery_id.in_(of.where(delivery.c.slot == mine.slot))
        )
    by_key = _earlier(mine, former_record).correlate(None)
    if not mine.mends:
        return by_key
    family = of.where(sa.or_(delivery.c.fingerprint == mine.mends, delivery.c.mends == mine.mends))
    return sa.union(by_key, sa.select(refused.c.quarantine_id).where(refused.c.delivery_id.in_(family)))


def _of_slot(mine: Row) -> sa.Select[int]:
    """Refused rows of all deliveries of the slot that come before its latest loaded one, which is no mending."""
    slot = (delivery.c.source == mine.source) & (delivery.c.slot == mine.slot)
    whole = delivery.c.mends.is_(None)
    loaded = sa.select(sa.func.max(delivery.c.sort_key)).where(slot, whole, delivery.c.result == "loaded")
    older = sa.select(delivery.c.delivery_id).where(slot, delivery.c.sort_key < loaded.scalar_subquery())
    return sa.select(refused.c.quarantine_id).where(refused.c.delivery_id.in_(older))


def _awaited(connection: sa.Connection, mine: Row) -> bool:
    """Whether any refused row of an earlier delivery waits at all: mostly none does, and no record need be looked at."""
    waits = (
        sa.select(refused.c.quarantine_id)
        .join(delivery, delivery.c.delivery_id == refused.c.delivery_id)
        .where(refused.c.state == "open", delivery.c.source == mine.source)
        .where(delivery.c.sort_key < mine.sort_key)
    )
    return connection.execute(waits.limit(1)).first() is not None


def _earlier(mine: Row, told: sa.Table = record) -> sa.Select[int]:
    """Refused rows of earlier deliveries whose key is among this one's records, which are in the table `told`."""
    key = sa.func.coalesce(told.c.row_key, told.c.record_key)
    return (
        sa.select(refused.c.quarantine_id)
        .join_from(told, refused, key == refused.c.row_key)
        .join(delivery, delivery.c.delivery_id == refused.c.delivery_id)
        .where(told.c.delivery_id == mine.delivery_id)
        .where(delivery.c.source == mine.source, delivery.c.sort_key < mine.sort_key)
    )


def _own(mine: Row) -> list[sa.Select[int]]:
    """Refused rows of this delivery whose key is among a later one's records."""
    return _overtaken(refused.c.delivery_id == mine.delivery_id)


def _overtaken(scope: sa.ColumnElement[bool]) -> list[sa.Select[int]]:
    """Refused rows in scope whose key is among the records of a later delivery: in one question for each index."""
    own = delivery.alias("own")
    keys = (
        record.c.row_key == refused.c.row_key,
        sa.and_(record.c.record_key == refused.c.row_key, record.c.row_key.is_(None)),
    )
    return [
        sa.select(refused.c.quarantine_id)
        .join_from(refused, own, own.c.delivery_id == refused.c.delivery_id)
        .join(record, key)
        .join(delivery, delivery.c.delivery_id == record.c.delivery_id)
        .where(scope, delivery.c.source == own.c.source, delivery.c.sort_key > own.c.sort_key)
        .where(delivery.c.result == "loaded")
        for key in keys
    ]
