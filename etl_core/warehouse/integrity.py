"""Whether a warehouse is whole: what the database says of itself, the books of every delivery, lines without their owner, and
records that are not as they were loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from etl_core.warehouse import sums, tables
from etl_core.warehouse.tables import delivery, person, quarantine, reason, record, skipped_row, warning


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must not be: a kind, the table or delivery that it is in, and how often."""

    kind: str
    where: str
    count: int


def faults(connection: sa.Connection) -> list[Fault]:
    """Everything that is wrong; nothing for a warehouse that can be trusted."""
    looks = (_database, _orphans, _ledger, _books, _sums)
    return [fault for look in looks for fault in look(connection)]


def unsummed(connection: sa.Connection) -> int:
    """How many deliveries were loaded before there were sums, so that nobody can say whether they were changed."""
    old = sa.select(sa.func.count()).where(delivery.c.sums.is_(None), delivery.c.result != "failed")
    found: int = connection.execute(old.select_from(delivery)).scalar_one()
    return found


def sizes(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has."""
    count = sa.func.count()
    return {
        table.name: connection.execute(sa.select(count).select_from(table)).scalar_one()
        for table in tables.metadata.sorted_tables
    }


def _database(connection: sa.Connection) -> Iterator[Fault]:
    """SQLite looks through its own pages and indexes; a server does so by checksums of its own."""
    if connection.dialect.name != "sqlite":
        return
    said = connection.exec_driver_sql("pragma integrity_check").scalars().all()
    if said != ["ok"]:
        yield Fault("damaged", "sqlite", len(said))
    broken = connection.exec_driver_sql("pragma foreign_key_check").all()
    if broken:
        yield Fault("orphan", "foreign_key", len(broken))


def _orphans(connection: sa.Connection) -> Iterator[Fault]:
    """Lines whose owner is gone; a reference that the database itself guards is looked at all the same."""
    owned = (
        (record, record.c.delivery_id, delivery.c.delivery_id),
        (record, record.c.person_key, person.c.person_key),
        (quarantine, quarantine.c.delivery_id, delivery.c.delivery_id),
        (reason, reason.c.quarantine_id, quarantine.c.quarantine_id),
        (warning, warning.c.delivery_id, delivery.c.delivery_id),
        (skipped_row, skipped_row.c.delivery_id, delivery.c.delivery_id),
    )
    for table, child, parent in owned:
        owner = sa.exists().where(parent == child)
        lost = sa.select(sa.func.count()).select_from(table).where(child.is_not(None), ~owner)
        if found := connection.execute(lost).scalar_one():
            yield Fault("orphan", f"{table.name}.{child.name}", found)


def _ledger(connection: sa.Connection) -> Iterator[Fault]:
    """The line of a delivery says itself that rows read = loaded + quarantined + skipped."""
    counted = delivery.c.rows_loaded + delivery.c.rows_quarantined + delivery.c.rows_skipped
    for number in connection.execute(
        sa.select(delivery.c.delivery_id).where(delivery.c.rows_read != counted)
    ).scalars():
        yield Fault("unbalanced", f"delivery {number}", 1)


def _books(connection: sa.Connection) -> Iterator[Fault]:
    """What is stored of a delivery is as much as its line says."""
    said = {
        "records": _counts(connection, record),
        "rows_quarantined": _counts(connection, quarantine),
        "rows_skipped": _counts(connection, skipped_row),
    }
    for line in connection.execute(sa.select(delivery)).mappings():
        for name, found in said.items():
            missing = abs(line[name] - found.get(line["delivery_id"], 0))
            if missing:
                yield Fault("unbalanced", f"delivery {line['delivery_id']}: {name}", missing)


def _sums(connection: sa.Connection) -> Iterator[Fault]:
    """What is stored of a delivery is what was loaded: no value is told, for there is none but the sum."""
    reasons = _grouped(connection, sa.join(reason, quarantine), quarantine.c.delivery_id)
    warnings = _counts(connection, warning)
    wanted = sa.select(delivery.c.delivery_id, delivery.c.sums).where(delivery.c.sums.is_not(None))
    for number, said in connection.execute(wanted).all():
        for name, found in (("reasons", reasons), ("warnings", warnings)):
            if missing := abs(said[name] - found.get(number, 0)):
                yield Fault("unbalanced", f"delivery {number}: {name}", missing)
        if sums.stored(connection, number) != said["records"]:
            yield Fault("changed", f"delivery {number}: record", 1)


def _counts(connection: sa.Connection, table: sa.Table) -> dict[int, int]:
    return _grouped(connection, table, table.c.delivery_id)


def _grouped(connection: sa.Connection, rows: sa.FromClause, of: sa.Column[int]) -> dict[int, int]:
    """How many rows there are of each delivery."""
    wanted = sa.select(of, sa.func.count()).select_from(rows).group_by(of)
    return {line[0]: line[1] for line in connection.execute(wanted)}
