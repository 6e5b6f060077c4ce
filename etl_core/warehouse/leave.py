"""A delivery that leaves: the warehouse is as if it had never come, and what was known is kept among what was.

Revoking is leaving for good; reading again by a mended plugin is leaving and coming back in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from etl_core.errors import WarehouseError
from etl_core.warehouse import books, dialect, ledger, settle, waiting
from etl_core.warehouse.tables import (
    delivery,
    former_delivery,
    former_record,
    former_refused,
    quarantine,
    record,
)

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Left:
    """What leaving did: records of the delivery that stood and are gone, and records of others that stand again; whose it was."""

    gone: int = 0
    revived: int = 0
    fingerprint: str = ""
    file: str = ""
    source: str = ""


def leave(connection: sa.Connection, delivery_id: int, way: str, by: ledger.Run) -> Left:
    """Take a delivery out, whatever its result; the cost is that of its scope, and one look at all organisations' records.

    way: one of tables.LEFT. Raises WarehouseError where there is no such delivery.
    """
    mine = connection.execute(sa.select(delivery).where(delivery.c.delivery_id == delivery_id)).one_or_none()
    if mine is None:
        raise WarehouseError(f"there is no delivery {delivery_id}")
    if way == "revoked" and _mended(connection, mine):
        raise WarehouseError(
            f"报送 {delivery_id} 已有补正，请先撤销它的补正｜delivery {delivery_id} is mended by others: revoke those first"
        )
    standing = sa.select(sa.func.count()).where(
        record.c.delivery_id == delivery_id, record.c.state == "current"
    )
    gone: int = connection.execute(standing).scalar_one()
    revived = settle.without(connection, mine)
    ledger.note(connection, by)
    _keep(connection, mine, way, by)
    ledger.remove(connection, [delivery_id])
    books.forget_mentioned(connection, delivery_id)
    waiting.reopen(connection, mine)
    return Left(gone, revived, mine.fingerprint, mine.file, mine.source)


def _mended(connection: sa.Connection, mine: Row) -> bool:
    """Whether a mending of it is loaded, whose rows would stand for nothing without it."""
    of = (delivery.c.source == mine.source) & (delivery.c.mends == mine.fingerprint)
    loaded = sa.select(delivery.c.delivery_id).where(of, delivery.c.result == "loaded")
    return connection.execute(loaded.limit(1)).first() is not None


def _keep(connection: sa.Connection, mine: Row, way: str, by: ledger.Run) -> None:
    """Its line, its records and the keys of its refused rows, beside those that left before."""
    told = {**mine._mapping, "way": way, "left_at": dialect.now(), "left_run": by.run_id}
    connection.execute(sa.insert(former_delivery).values(told))
    _copy(connection, former_record, sa.select(record).where(record.c.delivery_id == mine.delivery_id))
    held = sa.select(quarantine.c.delivery_id, quarantine.c.row_key).where(
        quarantine.c.delivery_id == mine.delivery_id, quarantine.c.row_key.is_not(None)
    )
    _copy(connection, former_refused, held.distinct())


def _copy(connection: sa.Connection, into: sa.Table, rows: sa.Select[*tuple[Any, ...]]) -> None:
    connection.execute(sa.insert(into).from_select([column.name for column in rows.selected_columns], rows))
