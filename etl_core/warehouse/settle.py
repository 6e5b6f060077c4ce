"""Which version of a record stands: a function of the stored versions and their deliveries' order alone.

Nothing here knows when a delivery arrived, so the order of arrival cannot matter (contract §4). After a load
only the touched scope is decided anew: the keys of the delivery where deliveries append, these and the records that its
entries are about in a ledger, the slot where deliveries replace each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from etl_core.errors import WarehouseError
from etl_core.warehouse import dialect, mended, waiting
from etl_core.warehouse.tables import delivery, quarantine, record

Row = sa.Row[Any]
Wanted = sa.Select[*tuple[Any, ...]]

verdict = sa.Table(
    "verdict",
    sa.MetaData(),
    sa.Column("record_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("net_x100", sa.Integer()),
    prefixes=["temporary"],
)
"""Records whose state or net credits change, for as long as one settlement takes."""


turns = sa.Table(
    "turns",
    sa.MetaData(),
    sa.Column("delivery_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("turn", sa.BigInteger(), nullable=False),
    sa.Column("whole", sa.Boolean(), nullable=False),
    sa.Column("root", sa.BigInteger(), nullable=False),
    prefixes=["temporary"],
)
"""The deliveries that decide, numbered by their effective order, for as long as one settlement takes.

A delivery is whole but for a mending, whose `root` is the delivery that it mends.
A table with a key: as a part of the query SQLite looks every record up among all deliveries of the source.
"""


gone = sa.Table(
    "gone",
    sa.MetaData(),
    sa.Column("record_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    prefixes=["temporary"],
)
"""Records that a later mending of the same row has replaced, whatever their key, for as long as one settlement takes."""


let_go = sa.Table(
    "let_go",
    sa.MetaData(),
    sa.Column("quarantine_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    prefixes=["temporary"],
)
"""Refused rows that a later mending holds again: they hold no place of an earlier record any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a delivery does to the standing records: new ones, new versions, and ones that stand no more."""

    inserted: int = 0
    updated: int = 0
    withdrawn: int = 0


def settle(connection: sa.Connection, delivery_id: int) -> Plan:
    """Give every record and refused row in the scope of a loaded delivery its state; say what changed.

    Raises WarehouseError when the source adds up in a way that is not known here.
    """
    mine = connection.execute(sa.select(delivery).where(delivery.c.delivery_id == delivery_id)).one()
    if mine.semantics not in SEMANTICS:
        raise WarehouseError(f"deliveries of {mine.source} add up in an unknown way: {mine.semantics}")
    plan = _first(connection, delivery_id) if _alone(connection, mine) else _decided(connection, mine)
    waiting.close(connection, delivery_id)
    return plan


def stood(connection: sa.Connection, delivery_id: int, plan: Plan) -> int:
    """How many records of its slot stood before a delivery: those of others that still do, and those that it replaced."""
    mine = connection.execute(sa.select(delivery).where(delivery.c.delivery_id == delivery_id)).one()
    others = (
        sa.select(sa.func.count())
        .select_from(record)
        .join(delivery, delivery.c.delivery_id == record.c.delivery_id)
        .where(delivery.c.source == mine.source, delivery.c.slot == mine.slot, record.c.state == "current")
        .where(delivery.c.delivery_id != delivery_id)
    )
    kept: int = connection.execute(others).scalar_one()
    return kept + plan.updated + plan.withdrawn


def _first(connection: sa.Connection, delivery_id: int) -> Plan:
    """Without rivals every record stands as it was stored."""
    mine = sa.select(sa.func.count()).select_from(record).where(record.c.delivery_id == delivery_id)
    return Plan(connection.execute(mine.where(record.c.state == "current")).scalar_one())


def without(connection: sa.Connection, mine: Row) -> int:
    """Decide the scope of a delivery anew as if it had never come, while its records are still stored.

    How many records of other deliveries stand that did not stand before. Its own records keep their state.
    """
    if mine.result != "loaded" or _alone(connection, mine):
        return 0
    with _verdicts(connection, mine, but=mine.delivery_id):
        wanted = sa.select(sa.func.count()).select_from(
            verdict.join(record, verdict.c.record_id == record.c.record_id)
        )
        again = wanted.where(verdict.c.state == "current", record.c.state != "current")
        revived: int = connection.execute(again).scalar_one()
        _apply(connection)
    return revived


def _decided(connection: sa.Connection, mine: Row) -> Plan:
    """Decide the scope anew among its deliveries."""
    with _verdicts(connection, mine):
        plan = _plan(connection, mine.delivery_id)
        _apply(connection)
    return plan


@contextmanager
def _verdicts(connection: sa.Connection, mine: Row, but: int | None = None) -> Iterator[None]:
    """Let `verdict` stand, filled for the scope of a delivery; the delivery `but` decides nothing."""
    with ordered(connection, mine, but):
        connection.execute(sa.schema.CreateTable(verdict))
        _fill(connection, verdict, SEMANTICS[mine.semantics](mine))
        yield
        connection.execute(sa.schema.DropTable(verdict))


@contextmanager
def ordered(connection: sa.Connection, mine: Row, but: int | None = None) -> Iterator[None]:
    """Let `turns`, `gone` and `let_go` stand, which every query of SEMANTICS reads, without the delivery `but`; where the block raises, the transaction takes it back."""
    for table in (turns, gone, let_go):
        connection.execute(sa.schema.CreateTable(table))
    _fill(connection, turns, _order(mine, but))
    mendings = sa.select(turns.c.delivery_id).where(~turns.c.whole)
    if connection.execute(mendings.limit(1)).first() is not None:
        roots = sa.select(delivery.c.mends).where(delivery.c.delivery_id.in_(mendings))
        _fill(connection, gone, mended.replaced(mine.source, but))
        _fill(connection, let_go, mended.overtaken(mine.source, roots, but))
    for table in (gone, let_go):  # an empty one, too: nobody should plan for rows that are not there
        dialect.measure(connection, table)
    yield
    for table in (turns, gone, let_go):
        connection.execute(sa.schema.DropTable(table))


def _fill(connection: sa.Connection, table: sa.Table, rows: Wanted | sa.CompoundSelect[Any]) -> None:
    connection.execute(table.insert().from_select(table.columns.keys(), rows))
    dialect.measure(connection, table)


def _alone(connection: sa.Connection, mine: Row) -> bool:
    """Whether nothing but itself can touch this one's records: a first delivery does not pay for settling."""
    if mine.semantics == "ledger":
        return False  # its own entries can be about its own records
    others = _rivals(mine).where(delivery.c.delivery_id != mine.delivery_id)
    return connection.execute(others.limit(1)).first() is None


def _rivals(mine: Row) -> Wanted:
    """Loaded deliveries of the same source, of the same slot where slots are replaced (ruling 73)."""
    wanted = sa.select(delivery.c.delivery_id).where(
        delivery.c.source == mine.source, delivery.c.result == "loaded"
    )
    return wanted.where(delivery.c.slot == mine.slot) if mine.semantics == "snapshot" else wanted


def _append(mine: Row) -> Wanted:
    """The latest version of each key of this delivery stands, or is withdrawn by its own word."""
    here = record.alias("here")
    touched = sa.select(here.c.record_key).where(here.c.delivery_id.in_(mended.siblings(mine)))
    versions = _versions(record.c.record_key.in_(touched))
    return _changes(versions, _by_word(versions))


def _snapshot(mine: Row) -> Wanted:
    """The latest version stands while every later delivery of the slot holds its place (ruling 72).

    A mending withdraws nothing: it is no delivery of the slot, but what one of them should have said. Its refused rows hold
    places as those of the delivery itself do.
    """
    versions = _versions(sa.true())
    part = turns.alias("part")
    holds = (quarantine.c.delivery_id == part.c.delivery_id) & (quarantine.c.row_key == versions.c.row_key)
    held = (
        sa.select(quarantine.c.row)
        .join_from(quarantine, part, holds)
        .where(part.c.root == turns.c.delivery_id)
        .where(quarantine.c.quarantine_id.not_in(sa.select(let_go.c.quarantine_id)))
        .correlate(turns, versions)
        .exists()
    )
    later = sa.select(turns.c.turn).where(turns.c.turn > versions.c.turn, turns.c.whole, ~held)
    missing = later.correlate(versions).exists()
    return _changes(versions, sa.case((missing, "withdrawn"), else_=_by_word(versions)))


def _ledger(mine: Row) -> Wanted:
    """The latest version of each key stands, less what entries about it take away (ruling 74).

    A correction withdraws the record that it is about, whatever becomes of the correction; cancellations add up, and
    withdraw a record of which nothing is left.
    """
    here, all_of_it = record.alias("here"), record.alias("all_of_it")
    keys = sa.select(here.c.record_key).where(here.c.delivery_id.in_(mended.siblings(mine)))
    about = sa.select(all_of_it.c.refers).where(
        all_of_it.c.record_key.in_(keys), all_of_it.c.refers.is_not(None)
    )
    versions = _versions(record.c.record_key.in_(keys.union(about)))
    entries = _entries()
    cancelled = (
        sa.select(sa.func.sum(entries.c.credits_x100))
        .where(entries.c.refers == versions.c.record_key, entries.c.entry == "cancellation")
        .correlate(versions)
        .scalar_subquery()
    )
    corrected = (
        sa.select(entries.c.entry)
        .where(entries.c.refers == versions.c.record_key, entries.c.entry == "correction")
        .correlate(versions)
        .exists()
    )
    net = sa.func.coalesce(versions.c.credits_x100, 0) + cancelled
    left = sa.case((versions.c.entry == "cancellation", sa.null()), else_=net)
    wanted = sa.case(
        (versions.c.replaced, "superseded"),
        (versions.c.entry == "cancellation", "cancelling"),
        (sa.or_(corrected, left <= 0), "withdrawn"),
        else_=_by_word(versions),
    )
    stands = sa.case((versions.c.replaced, sa.null()), else_=left)
    decided = sa.select(
        versions.c.record_id,
        wanted.label("wanted"),
        stands.label("left"),
        versions.c.state,
        versions.c.net_x100,
    ).subquery("decided")
    changed = sa.or_(decided.c.wanted != decided.c.state, decided.c.left.is_distinct_from(decided.c.net_x100))
    return sa.select(decided.c.record_id, decided.c.wanted, decided.c.left).where(changed)


def _entries() -> sa.Subquery:
    """The latest versions of all entries that are about another record."""
    entry, later = record.alias("entry"), record.alias("later")
    now, then = turns.alias("now"), turns.alias("then")
    replaced = (
        sa.select(later.c.record_id)
        .join_from(later, then, then.c.delivery_id == later.c.delivery_id)
        .where(later.c.record_key == entry.c.record_key, then.c.turn > now.c.turn)
        .where(later.c.record_id.not_in(sa.select(gone.c.record_id)))
        .correlate(entry, now)
        .exists()
    )
    return (
        sa.select(entry.c.refers, entry.c.entry, entry.c.credits_x100)
        .join_from(entry, now, now.c.delivery_id == entry.c.delivery_id)
        .where(entry.c.refers.is_not(None), ~replaced)
        .where(entry.c.record_id.not_in(sa.select(gone.c.record_id)))
        .subquery("about")
    )


def _order(mine: Row, but: int | None) -> Wanted:
    """The rows of `turns`."""
    turn = sa.func.row_number().over(order_by=delivery.c.sort_key)
    rivals = delivery.c.delivery_id.in_(_rivals(mine)) & delivery.c.delivery_id.is_distinct_from(but)
    of = delivery.alias("mended_one")
    root = (
        sa.select(of.c.delivery_id)
        .where(of.c.fingerprint == delivery.c.mends, of.c.source == delivery.c.source)
        .where(of.c.result == "loaded")
        .correlate(delivery)
        .scalar_subquery()
    )
    known = sa.func.coalesce(root, delivery.c.delivery_id).label("root")
    whole = delivery.c.mends.is_(None).label("whole")
    return sa.select(delivery.c.delivery_id, turn.label("turn"), whole, known).where(rivals)


def _versions(scope: sa.ColumnElement[bool]) -> sa.Subquery:
    """Every stored version in scope with its turn, and whether a later one of the same key exists.

    A version whose row was mended once more is replaced, too, and never was the latest of its key.
    """
    last = (
        sa.select(record.c.record_key, sa.func.max(turns.c.turn).label("turn"))
        .join_from(record, turns, record.c.delivery_id == turns.c.delivery_id)
        .where(scope, record.c.record_id.not_in(sa.select(gone.c.record_id)))
        .group_by(record.c.record_key)
        .subquery("last")
    )
    row_key = sa.func.coalesce(record.c.row_key, record.c.record_key).label("row_key")
    columns = (
        *(record.c[name] for name in ("record_id", "record_key", "status", "state", "entry")),
        *(record.c[name] for name in ("credits_x100", "net_x100")),
        row_key,
        turns.c.turn,
    )
    lost = record.c.record_id.in_(sa.select(gone.c.record_id))
    standing = (
        sa.select(*columns, (turns.c.turn < last.c.turn).label("replaced"))
        .join_from(last, record, record.c.record_key == last.c.record_key)
        .join(turns, turns.c.delivery_id == record.c.delivery_id)
        .where(~lost)
    )
    over = (
        sa.select(*columns, sa.true().label("replaced"))
        .join_from(record, turns, turns.c.delivery_id == record.c.delivery_id)
        .where(scope, lost)
        .where(sa.select(gone.c.record_id).exists())  # mostly there are none, and then nothing is looked up
    )
    return sa.union_all(standing, over).subquery("version")


def _by_word(versions: sa.Subquery) -> sa.ColumnElement[str]:
    return sa.case((versions.c.status == "withdrawn", "withdrawn"), else_="current")


def _changes(versions: sa.Subquery, latest: sa.ColumnElement[str]) -> Wanted:
    wanted = sa.case((versions.c.replaced, "superseded"), else_=latest)
    return sa.select(versions.c.record_id, wanted, sa.null()).where(versions.c.state != wanted)


def _apply(connection: sa.Connection) -> None:
    connection.execute(
        sa.update(record)
        .values(state=verdict.c.state, net_x100=verdict.c.net_x100)
        .where(record.c.record_id == verdict.c.record_id)
    )


def _plan(connection: sa.Connection, delivery_id: int) -> Plan:
    """Count before the verdicts are applied, while both the old and the new state can be seen."""
    own, mine = record.alias("own"), verdict.alias("mine")
    heir = sa.func.coalesce(mine.c.state, own.c.state) == "current"
    lost = (
        sa.select(sa.func.count(), sa.func.count(sa.case((heir, 1))))
        .join_from(verdict, record, verdict.c.record_id == record.c.record_id)
        .outerjoin(own, (own.c.record_key == record.c.record_key) & (own.c.delivery_id == delivery_id))
        .outerjoin(mine, mine.c.record_id == own.c.record_id)
        .where(record.c.delivery_id != delivery_id, record.c.state == "current", verdict.c.state != "current")
    )
    gone, updated = connection.execute(lost).one()
    return Plan(_standing(connection, delivery_id) - updated, updated, gone - updated)


def _standing(connection: sa.Connection, delivery_id: int) -> int:
    """How many records of the delivery stand once the verdicts are applied."""
    kept = sa.func.coalesce(verdict.c.state, record.c.state) == "current"
    wanted = (
        sa.select(sa.func.count())
        .join_from(record, verdict, verdict.c.record_id == record.c.record_id, isouter=True)
        .where(record.c.delivery_id == delivery_id, kept)
    )
    found: int = connection.execute(wanted).scalar_one()
    return found


SEMANTICS: dict[str, Callable[[Row], Wanted]] = {
    "append": _append,
    "snapshot": _snapshot,
    "ledger": _ledger,
}
"""How deliveries of a source add up (contract §4): the states that change, as a query."""
