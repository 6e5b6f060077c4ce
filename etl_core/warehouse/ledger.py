"""The run ledger: which run brought which delivery, and what became of it.

A run is written with the first delivery that it changes something by; a night without news writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from etl_core.errors import WarehouseError
from etl_core.records import Arrival, Place
from etl_core.warehouse import dialect
from etl_core.warehouse.tables import (
    delivery,
    former_delivery,
    mended,
    quarantine,
    reason,
    record,
    run,
    skipped_row,
    warning,
)

SHIFT = 10**19  # makes every number of an order positive, so that its digits compare like the number
NOWHERE = Place(label="", order=())


@dataclass(frozen=True, slots=True)
class Run:
    """One start of the program: a unique id, when (aware), the software's version, plugin → version."""

    run_id: str
    started_at: datetime
    software: str
    plugins: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """The fingerprints that are loaded, and of them those that were let through the brake; those that a person revoked, and those restored since.

    What is loaded is not revoked, though the same bytes may have left as another source's.
    """

    loaded: frozenset[str]
    allowed: frozenset[str]
    revoked: frozenset[str]
    restored: frozenset[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery of the ledger, as far as it is to be read again."""

    delivery_id: int
    fingerprint: str
    file: str
    result: str


@dataclass(frozen=True, slots=True)
class Account:
    """How a source is loaded: how its deliveries add up (contract §4), and by which plugin and version.

    mends: of a mending, the fingerprint of the delivery that it mends.
    """

    source: str
    semantics: str
    plugin: str = ""
    mends: str = ""


def sort_key(place: Place, arrival: Arrival) -> str:
    """Text that compares like (order, modification time, fingerprint) (contract §4, ruling 75).

    Every number is led by "1" and the end of the order by "0", so that a shorter order comes before a longer.
    """
    numbers = "".join(f"1{number + SHIFT:020d}" for number in place.order)
    return f"{numbers}0{int(arrival.modified * 10**9) + SHIFT:020d}{arrival.fingerprint}"


def begin(connection: sa.Connection, arrival: Arrival, account: Account, place: Place, by: Run) -> int:
    """Enter a delivery as loaded, in the place of earlier tries with the same bytes; return its id.

    Raises WarehouseError when the same bytes are loaded already, or what a mending mends is not.
    """
    if known(connection, arrival.fingerprint, account.source) is not None:
        raise WarehouseError("this delivery is loaded already")
    _forget(connection, arrival.fingerprint, account.source)
    return _enter(connection, arrival, account, place, by, result="loaded", error="", detail={})


def _sort_key(connection: sa.Connection, place: Place, arrival: Arrival, account: Account) -> str:
    """Of a mending the key of the delivery that it mends, and what comes after it and before every other key."""
    if not account.mends:
        return sort_key(place, arrival)
    line = known(connection, account.mends, account.source)
    if line is None or line["mends"] is not None:
        raise WarehouseError("what is mended is not loaded")
    return f"{line['sort_key']}{sort_key(NOWHERE, arrival)}"


def fail(
    connection: sa.Connection,
    arrival: Arrival,
    account: Account,
    place: Place,
    by: Run,
    *,
    error: str,
    detail: Any,
) -> None:
    """Enter a delivery that failed as a whole, in the place of earlier tries with the same bytes."""
    _forget(connection, arrival.fingerprint, account.source)
    _enter(connection, arrival, account, place, by, result="failed", error=error, detail=detail)


def failed_alike(connection: sa.Connection, arrival: Arrival, source: str, error: str, detail: Any) -> bool:
    """Whether the ledger says so already: same bytes, same name, same fault."""
    found = connection.execute(
        sa.select(delivery.c.detail).where(
            delivery.c.fingerprint == arrival.fingerprint,
            delivery.c.source == source,
            delivery.c.file == arrival.name,
            delivery.c.error == error,
            delivery.c.result == "failed",
        )
    ).scalars()
    return any(one == detail for one in found)


def rejected(connection: sa.Connection, fingerprint: str, source: str) -> list[Any]:
    """What the ledger says of these bytes where they were rejected, but for when and by which run; [] where they were not."""
    aside = {"delivery_id", "run_id", "loaded_at"}
    said = [column for column in delivery.columns if column.name not in aside]
    mine = (delivery.c.fingerprint == fingerprint, delivery.c.source == source)
    return list(connection.execute(sa.select(*said).where(*mine, delivery.c.result == "rejected")))


def known(connection: sa.Connection, fingerprint: str, source: str | None = None) -> dict[str, Any] | None:
    """The line of the delivery that these bytes were loaded as; rejected and failed ones do not count."""
    wanted = sa.select(delivery).where(delivery.c.fingerprint == fingerprint, delivery.c.result == "loaded")
    if source is not None:
        wanted = wanted.where(delivery.c.source == source)
    found = connection.execute(wanted.order_by(delivery.c.delivery_id)).mappings().first()
    return dict(found) if found else None


def loaded(connection: sa.Connection) -> frozenset[str]:
    """The fingerprints of all deliveries that are loaded."""
    wanted = sa.select(delivery.c.fingerprint).where(delivery.c.result == "loaded")
    return frozenset(connection.execute(wanted).scalars())


def decided(connection: sa.Connection) -> Decided:
    """What persons decided about deliveries, and which of them are loaded."""
    there = sa.select(delivery.c.fingerprint, delivery.c.allowed).where(delivery.c.result == "loaded")
    lines = connection.execute(there).all()
    left = sa.select(former_delivery.c.fingerprint, _barred()).where(former_delivery.c.way == "revoked")
    gone = connection.execute(left).all()
    loaded = frozenset(one for one, _ in lines)
    revoked = frozenset(one for one, barred in gone if barred) - loaded
    return Decided(
        loaded=loaded,
        allowed=frozenset(one for one, allowed in lines if allowed),
        revoked=revoked,
        restored=frozenset(one for one, _ in gone) - revoked,
    )


def ever(connection: sa.Connection) -> bool:
    """Whether any delivery came, be it gone again."""
    tables = (sa.select(table.c.delivery_id).limit(1) for table in (delivery, former_delivery))
    return any(connection.execute(one).first() is not None for one in tables)


def former(connection: sa.Connection, delivery_id: int) -> dict[str, Any] | None:
    """The line of a delivery that left."""
    wanted = sa.select(former_delivery).where(former_delivery.c.delivery_id == delivery_id)
    found = connection.execute(wanted).mappings().one_or_none()
    return dict(found) if found else None


def again(connection: sa.Connection, source: str | None) -> list[Line]:
    """Deliveries of which something waits: open refused rows, or all of it; those that nobody recognised are left out."""
    waits = sa.select(quarantine.c.delivery_id).where(quarantine.c.state == "open")
    columns = (delivery.c[name] for name in ("delivery_id", "fingerprint", "file", "result"))
    wanted = sa.select(*columns).where(
        delivery.c.source != "",
        sa.or_(delivery.c.result != "loaded", delivery.c.delivery_id.in_(waits)),
    )
    if source is not None:
        wanted = wanted.where(delivery.c.source == source)
    return [Line(*one) for one in connection.execute(wanted.order_by(delivery.c.delivery_id))]


def _barred() -> sa.ColumnElement[bool]:
    return (former_delivery.c.way == "revoked") & former_delivery.c.restored_at.is_(None)


def noted(connection: sa.Connection, run_id: str) -> bool:
    """Whether a run is in the ledger: it is once it changed something."""
    return connection.execute(sa.select(run.c.run_id).where(run.c.run_id == run_id)).first() is not None


def end(
    connection: sa.Connection, run_id: str, exit_code: int, document: Mapping[str, Any] | None = None
) -> None:
    """Note how a run ended, with its record."""
    ended = sa.update(run).where(run.c.run_id == run_id)
    kept = None if document is None else dict(document)
    connection.execute(ended.values(finished_at=dialect.now(), exit_code=exit_code, document=kept))


def runs(connection: sa.Connection) -> list[dict[str, Any]]:
    """The lines of all runs, the oldest first."""
    wanted = sa.select(run).order_by(run.c.started_at, run.c.run_id)
    return [dict(one) for one in connection.execute(wanted).mappings()]


def next_id(connection: sa.Connection, *columns: sa.Column[int]) -> int:
    """The first number that is in none of the columns; there is one writer, so nobody else takes it."""
    highest = (connection.execute(sa.select(sa.func.max(column))).scalar_one() for column in columns)
    return max(one or 0 for one in highest) + 1


def note(connection: sa.Connection, by: Run) -> None:
    """Enter a run, unless it is there."""
    if not noted(connection, by.run_id):
        connection.execute(
            sa.insert(run).values(
                run_id=by.run_id, started_at=by.started_at, software=by.software, plugins=by.plugins
            )
        )


def remove(connection: sa.Connection, ids: list[int]) -> None:
    """Remove the lines of deliveries and everything that was stored of them."""
    refused = sa.select(quarantine.c.quarantine_id).where(quarantine.c.delivery_id.in_(ids))
    connection.execute(sa.delete(reason).where(reason.c.quarantine_id.in_(refused)))
    for table in (quarantine, skipped_row, warning, mended, record, delivery):
        connection.execute(sa.delete(table).where(table.c.delivery_id.in_(ids)))


def _enter(
    connection: sa.Connection, arrival: Arrival, account: Account, place: Place, by: Run, **outcome: Any
) -> int:
    note(connection, by)
    restore(connection, arrival.fingerprint)
    delivery_id = next_id(connection, delivery.c.delivery_id, former_delivery.c.delivery_id)
    connection.execute(
        sa.insert(delivery).values(
            delivery_id=delivery_id,
            run_id=by.run_id,
            source=account.source,
            semantics=account.semantics,
            plugin=account.plugin,
            file=arrival.name,
            fingerprint=arrival.fingerprint,
            size=arrival.size,
            modified=arrival.modified,
            slot=place.slot,
            label=place.label,
            reporter=place.reporter,
            sort_key=_sort_key(connection, place, arrival, account),
            mends=account.mends or None,
            dated=place.dated,
            accounts=[],
            loaded_at=dialect.now(),
            **outcome,
        )
    )
    return delivery_id


def restore(connection: sa.Connection, fingerprint: str) -> None:
    """Whoever brings bytes again that were revoked has restored them: a run never does so by itself."""
    again = sa.update(former_delivery).where(_barred(), former_delivery.c.fingerprint == fingerprint)
    connection.execute(again.values(restored_at=dialect.now()))


def _forget(connection: sa.Connection, fingerprint: str, source: str) -> None:
    """Remove earlier tries of these bytes that loaded nothing, also those whose source nobody recognised."""
    tries = sa.select(delivery.c.delivery_id).where(
        delivery.c.fingerprint == fingerprint,
        delivery.c.source.in_({source, ""}),
        delivery.c.result.in_(["failed", "rejected"]),
    )
    ids = list(connection.execute(tries).scalars())
    if ids:
        remove(connection, ids)
