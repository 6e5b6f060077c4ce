"""The books of a delivery: counted in the database, not in the program that filled it (contract §1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from etl_core.errors import BalanceError
from etl_core.records import Counts
from etl_core.warehouse.rows import WHERE
from etl_core.warehouse.tables import (
    delivery,
    former_record,
    organisation,
    person,
    quarantine,
    reason,
    record,
    skipped_row,
    warning,
)

REJECTED = "delivery_rejected"


def tally(connection: sa.Connection, delivery_id: int, read: int, varied: bool) -> Counts:
    """Count what is stored of a delivery. Raises BalanceError unless every row read is in one outcome.

    varied: a row may have several records; else each record is a row by itself.
    """
    rows = _rows(delivery_id) if varied else _of(record, delivery_id)
    counts = Counts(
        read=read,
        loaded=_number(connection, rows),
        quarantined=_number(connection, _of(quarantine, delivery_id)),
        skipped=_number(connection, _of(skipped_row, delivery_id)),
        records=_number(connection, _of(record, delivery_id)),
        skips=_by(connection, skipped_row.c.kind, skipped_row.c.delivery_id == delivery_id),
        reasons=_by(connection, reason.c.code, reason.c.quarantine_id.in_(_refused(delivery_id))),
        warnings=_by(connection, warning.c.code, warning.c.delivery_id == delivery_id),
    )
    if not counts.balanced:
        raise BalanceError(
            f"{counts.read} rows read, {counts.loaded} loaded, {counts.quarantined} quarantined, "
            f"{counts.skipped} skipped"
        )
    return counts


def excessive(counts: Counts, limit: float) -> Decimal | None:
    """The share of faulty rows when it is above the limit (ruling 14), else None; skipped rows are left out."""
    judged = counts.loaded + counts.quarantined
    share = Decimal(counts.quarantined) / judged if judged else Decimal(0)
    return share if share > Decimal(str(limit)) else None


def reject(connection: sa.Connection, delivery_id: int) -> None:
    """Take back the good rows of a delivery: they become skipped, the faulty ones stay (ruling 14)."""
    rows = _rows(delivery_id).add_columns(sa.literal(delivery_id), sa.literal(REJECTED))
    connection.execute(sa.insert(skipped_row).from_select([*WHERE, "delivery_id", "kind"], rows))
    connection.execute(sa.delete(warning).where(warning.c.delivery_id == delivery_id))
    _forget_persons(connection, delivery_id)
    connection.execute(sa.delete(record).where(record.c.delivery_id == delivery_id))


def _forget_persons(connection: sa.Connection, delivery_id: int) -> None:
    """Persons whom no other delivery mentions."""
    here = sa.select(record.c.person_key).where(record.c.delivery_id == delivery_id)
    elsewhere = sa.exists().where(
        record.c.person_key == person.c.person_key, record.c.delivery_id != delivery_id
    )
    connection.execute(sa.delete(person).where(person.c.person_key.in_(here), ~elsewhere))


def agree(connection: sa.Connection, delivery_id: int, told: sa.Table = record) -> None:
    """Let stored records say what a document's number does not: kind and sex of persons without a resident ID.

    Taken from all records of the person, so that it is the same whoever mentioned the person first. `told`: where the
    records of the delivery are that says whom it is about.
    """
    mentioned = sa.select(told.c.person_key).where(
        told.c.delivery_id == delivery_id, told.c.id_type != "resident_id"
    )
    said = record.c.person_key == person.c.person_key
    connection.execute(
        sa.update(person)
        .where(person.c.person_key.in_(mentioned), person.c.id_type != "resident_id")
        .values(
            id_type=sa.select(sa.func.min(record.c.id_type)).where(said).scalar_subquery(),
            sex=sa.select(sa.func.max(record.c.sex)).where(said).scalar_subquery(),
        )
    )


mentioned = sa.Table(
    "mentioned",
    sa.MetaData(),
    *(sa.Column(name, sa.Text()) for name in ("name", "code", "division")),
    prefixes=["temporary"],
)
"""Employers and providers of a delivery, for as long as they are entered: they are gathered once."""


def note_organisations(connection: sa.Connection, delivery_id: int) -> None:
    """Enter the employers and providers of a delivery; of several division codes the smallest stands."""
    connection.execute(sa.schema.CreateTable(mentioned))
    connection.execute(
        sa.insert(mentioned).from_select(mentioned.columns.keys(), _organisations(delivery_id))
    )
    same = sa.and_(organisation.c.name == mentioned.c.name, organisation.c.code == mentioned.c.code)
    smaller = sa.or_(organisation.c.division.is_(None), mentioned.c.division < organisation.c.division)
    connection.execute(
        sa.update(organisation)
        .values(division=mentioned.c.division)
        .where(same, mentioned.c.division.is_not(None), smaller)
    )  # fmt: skip
    new = sa.select(mentioned).where(~sa.exists().where(same))
    connection.execute(sa.insert(organisation).from_select(mentioned.columns.keys(), new))
    connection.execute(sa.schema.DropTable(mentioned))


remaining = sa.Table(
    "remaining",
    sa.MetaData(),
    *(sa.Column(name, sa.Text()) for name in ("name", "code", "division")),
    prefixes=["temporary"],
)
"""Those of them that stored records still mention, while a delivery leaves."""


def forget_mentioned(connection: sa.Connection, delivery_id: int) -> None:
    """Let persons and organisations be as if a former delivery had never come, whose records are former ones already.

    Whom nobody else mentions is gone; what several records say together is said by those that are left. Reads all
    records once.
    """
    gone = sa.select(former_record.c.person_key).where(former_record.c.delivery_id == delivery_id)
    elsewhere = sa.exists().where(record.c.person_key == person.c.person_key)
    connection.execute(sa.delete(person).where(person.c.person_key.in_(gone), ~elsewhere))
    agree(connection, delivery_id, former_record)
    _forget_organisations(connection, delivery_id)


def _forget_organisations(connection: sa.Connection, delivery_id: int) -> None:
    """Only records that name one of them are gathered, so that a small delivery leaves fast."""
    for table in (mentioned, remaining):
        connection.execute(sa.schema.CreateTable(table))
    of_it = _organisations(delivery_id, former_record)
    connection.execute(sa.insert(mentioned).from_select(mentioned.columns.keys(), of_it))
    names = sa.select(mentioned.c.name)
    still = _named(record, record.c.employer_name.in_(names), record.c.provider_name.in_(names))
    connection.execute(sa.insert(remaining).from_select(remaining.columns.keys(), still))
    _leave(connection)
    for table in (mentioned, remaining):
        connection.execute(sa.schema.DropTable(table))


def _leave(connection: sa.Connection) -> None:
    """Those of `mentioned` that are not in `remaining` go; the others have the division that is told there."""
    gone, left = (
        sa.and_(organisation.c.name == table.c.name, organisation.c.code == table.c.code)
        for table in (mentioned, remaining)
    )
    connection.execute(sa.delete(organisation).where(sa.exists().where(gone), ~sa.exists().where(left)))
    connection.execute(sa.update(organisation).values(division=remaining.c.division).where(left))


def _organisations(delivery_id: int, told: sa.Table = record) -> sa.Select[*tuple[Any, ...]]:
    """Employers and providers that the records of a delivery mention, which are in the table `told`."""
    return _named(told, told.c.delivery_id == delivery_id, told.c.delivery_id == delivery_id)


def _named(
    told: sa.Table, employed: sa.ColumnElement[bool], provided: sa.ColumnElement[bool]
) -> sa.Select[*tuple[Any, ...]]:
    code = sa.func.coalesce(told.c.employer_code, "").label("code")
    smallest = sa.func.min(told.c.employer_division).label("division")
    employers = sa.select(told.c.employer_name.label("name"), code, smallest).group_by("name", "code")
    providers = sa.select(told.c.provider_name, sa.literal(""), sa.cast(sa.null(), sa.Text())).distinct()
    both = sa.union_all(
        employers.where(employed, told.c.employer_name.is_not(None)),
        providers.where(provided, told.c.provider_name.is_not(None)),
    ).subquery()
    smallest_of_all = sa.func.min(both.c.division).label("division")
    return sa.select(both.c.name, both.c.code, smallest_of_all).group_by(both.c.name, both.c.code)


def close(connection: sa.Connection, delivery_id: int, counts: Counts, **outcome: Any) -> None:
    """Enter the numbers of a delivery in the ledger."""
    connection.execute(
        sa.update(delivery)
        .where(delivery.c.delivery_id == delivery_id)
        .values(
            rows_read=counts.read,
            rows_loaded=counts.loaded,
            rows_quarantined=counts.quarantined,
            rows_skipped=counts.skipped,
            records=counts.records,
            **outcome,
        )
    )


def _rows(delivery_id: int) -> sa.Select[Any]:
    """The physical rows that became records, each once."""
    places = (record.c[name] for name in WHERE)
    return sa.select(*places).where(record.c.delivery_id == delivery_id).distinct()


def _of(table: sa.Table, delivery_id: int) -> sa.Select[Any]:
    return sa.select(table.c.delivery_id).where(table.c.delivery_id == delivery_id)


def _refused(delivery_id: int) -> sa.Select[Any]:
    return sa.select(quarantine.c.quarantine_id).where(quarantine.c.delivery_id == delivery_id)


def _number(connection: sa.Connection, rows: sa.Select[Any]) -> int:
    found: int = connection.execute(sa.select(sa.func.count()).select_from(rows.subquery())).scalar_one()
    return found


def _by(connection: sa.Connection, column: sa.Column[str], mine: sa.ColumnElement[bool]) -> dict[str, int]:
    wanted = sa.select(column, sa.func.count()).where(mine).group_by(column).order_by(column)
    return {one: number for one, number in connection.execute(wanted)}  # noqa: C416 (typed rows)
