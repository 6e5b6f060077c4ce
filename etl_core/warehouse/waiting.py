"""Which refused rows still wait to be put right: a function of the stored deliveries alone, like settle.py.

Where deliveries replace each other, a refused row waits while no later delivery of its slot is loaded. Where they
append, it waits while no later delivery brought a record with its row's key; a row whose key cannot be read waits
until it is mended at its place (mended.py). Loaded deliveries never leave, so what is closed stays closed, and only open rows need to be looked at.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from etl_core.warehouse import mended
from etl_core.warehouse.tables import delivery, quarantine, record

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


def _earlier(mine: Row) -> sa.Select[int]:
    """Refused rows of earlier deliveries whose key is among this one's records."""
    key = sa.func.coalesce(record.c.row_key, record.c.record_key)
    return (
        sa.select(refused.c.quarantine_id)
        .join_from(record, refused, key == refused.c.row_key)
        .join(delivery, delivery.c.delivery_id == refused.c.delivery_id)
        .where(record.c.delivery_id == mine.delivery_id)
        .where(delivery.c.source == mine.source, delivery.c.sort_key < mine.sort_key)
    )


def _own(mine: Row) -> list[sa.Select[int]]:
    """Refused rows of this delivery whose key is among a later one's records: in one question for each index."""
    keys = (
        record.c.row_key == refused.c.row_key,
        sa.and_(record.c.record_key == refused.c.row_key, record.c.row_key.is_(None)),
    )
    return [
        sa.select(refused.c.quarantine_id)
        .join_from(refused, record, key)
        .join(delivery, delivery.c.delivery_id == record.c.delivery_id)
        .where(refused.c.delivery_id == mine.delivery_id)
        .where(delivery.c.source == mine.source, delivery.c.sort_key > mine.sort_key)
        .where(delivery.c.result == "loaded")
        for key in keys
    ]
