"""The figures by which the state of a warehouse is judged (rulings 69, 76)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from etl_core.warehouse.tables import delivery, record


def measures(connection: sa.Connection, source: str | None) -> dict[str, str]:
    """Name → printed number for one source, or for all of them together.

    Sums are over current, recognised, passed records of trainees. A snapshot source also says what stands when
    a refused row holds its record's place, which here it always does (ruling 72).
    """
    ours = record.c.delivery_id.in_(_deliveries(source)) if source is not None else sa.true()
    figures = _states(connection, ours) | _sums(connection, ours) | _once(connection, ours)
    semantics = _semantics(connection, source)
    named = {"semantics": semantics} if semantics else {}
    held = {HELD: figures["current_records"]} if semantics == "snapshot" else {}
    return named | {name: figures[name] for name in ORDER} | held


HELD = "current_records_if_quarantined_row_holds_place"

ORDER = (
    "current_records",
    "withdrawn_records",
    "persons_with_id",
    "hours_recognised_passed_trainee",
    "hours_recognised_passed_trainee_events_once",
    "credits_recognised_passed_trainee",
    "credits_all_current",
    "current_recognised",
    "current_pending",
    "events_once_recognised_passed_trainee",
)


def _deliveries(source: str) -> sa.Select[int]:
    return sa.select(delivery.c.delivery_id).where(delivery.c.source == source)


def _semantics(connection: sa.Connection, source: str | None) -> str | None:
    """How the latest delivery of the source adds up; nothing for all sources together."""
    wanted = sa.select(delivery.c.semantics).where(delivery.c.source == source, delivery.c.result == "loaded")
    found: str | None = connection.execute(wanted.order_by(delivery.c.sort_key.desc()).limit(1)).scalar()
    return found


def _counting() -> sa.ColumnElement[bool]:
    return sa.and_(
        record.c.state == "current",
        record.c.status == "recognised",
        record.c.result == "passed",
        record.c.role == "trainee",
    )


def _states(connection: sa.Connection, ours: sa.ColumnElement[bool]) -> dict[str, str]:
    current = record.c.state == "current"
    return _row(
        connection,
        sa.select(
            _how_many(current).label("current_records"),
            _how_many(record.c.state == "withdrawn").label("withdrawn_records"),
            sa.func.count(sa.case((current, record.c.person_key)).distinct()).label("persons_with_id"),
            _how_many(sa.and_(current, record.c.status == "recognised")).label("current_recognised"),
            _how_many(sa.and_(current, record.c.status == "pending")).label("current_pending"),
        ).where(ours),
    )


def _sums(connection: sa.Connection, ours: sa.ColumnElement[bool]) -> dict[str, str]:
    credits_left = sa.func.coalesce(record.c.net_x100, record.c.credits_x100)
    sums = sa.select(
        _sum(_counting(), record.c.hours_x100).label("hours_recognised_passed_trainee"),
        _sum(_counting(), credits_left).label("credits_recognised_passed_trainee"),
        _sum(record.c.state == "current", credits_left).label("credits_all_current"),
    ).where(ours)
    return {name: _decimal(number) for name, number in _row(connection, sums).items()}


def _once(connection: sa.Connection, ours: sa.ColumnElement[bool]) -> dict[str, str]:
    ranked = once(record.c.hours_x100, ours=ours)
    found = _row(
        connection,
        sa.select(
            sa.func.count().label("events_once_recognised_passed_trainee"),
            sa.func.coalesce(sa.func.sum(ranked.c.hours_x100), 0).label("hours"),
        ).where(ranked.c.turn == 1),
    )
    return {
        "events_once_recognised_passed_trainee": found["events_once_recognised_passed_trainee"],
        "hours_recognised_passed_trainee_events_once": _decimal(found["hours"]),
    }


def once(*columns: sa.ColumnElement[Any], ours: sa.ColumnElement[bool] | None = None) -> sa.Subquery:
    """The records that count with their `turn` within their event: 1 is the teacher's own side's report, else any one.

    Which one does not depend on what came first (ruling 69).
    """
    order = (record.c.own_side.desc(), record.c.record_key)
    turn = sa.func.row_number().over(partition_by=record.c.event_key, order_by=order)
    wanted = sa.select(*columns, turn.label("turn")).where(_counting())
    return (wanted if ours is None else wanted.where(ours)).subquery()


def _how_many(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, 1)))


def _sum(condition: sa.ColumnElement[bool], amount: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, amount))), 0)


def _row(connection: sa.Connection, wanted: sa.Executable) -> dict[str, str]:
    return {name: str(number) for name, number in connection.execute(wanted).mappings().one().items()}


def _decimal(hundredths: str) -> str:
    """1378850 → 13788.5: no exponent, no trailing zeros."""
    whole = f"{Decimal(hundredths) / 100:.2f}"
    return whole.rstrip("0").rstrip(".")
