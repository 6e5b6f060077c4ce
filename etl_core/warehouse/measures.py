"""The figures by which the state of a warehouse is judged (rulings 69, 76)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from etl_core.warehouse import tables

LOADED = sa.select(tables.delivery).where(tables.delivery.c.result == "loaded").subquery("loaded")

NEEDED = (
    *("record_key", "event_key", "person_key", "state", "status", "result", "role", "own_side"),
    *("hours_x100", "credits_x100", "net_x100"),
)


def measures(
    connection: sa.Connection,
    source: str | None,
    stored: sa.FromClause = tables.record,
    lines: sa.FromClause = LOADED,
) -> dict[str, str]:
    """Name → printed number for one source, or for all of them together.

    stored, lines: records with their states and the loaded deliveries that they are of, where not today's are meant (asof.py).

    Sums are over current, recognised, passed records of trainees. A snapshot source also says what stands when
    a refused row holds its record's place, which here it always does (ruling 72).
    """
    of = sa.select(lines.c.delivery_id).where(lines.c.source == source)
    ours = stored.c.delivery_id.in_(of) if source is not None else sa.true()
    of_them = sa.select(*(stored.c[name] for name in NEEDED)).where(ours).subquery("counted")
    figures = _states(connection, of_them) | _sums(connection, of_them) | _once(connection, of_them)
    semantics = _semantics(connection, source, lines)
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


def _semantics(connection: sa.Connection, source: str | None, lines: sa.FromClause) -> str | None:
    """How the latest delivery of the source adds up; nothing for all sources together."""
    wanted = sa.select(lines.c.semantics).where(lines.c.source == source)
    found: str | None = connection.execute(wanted.order_by(lines.c.sort_key.desc()).limit(1)).scalar()
    return found


def _counting(record: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(
        record.c.state == "current",
        record.c.status == "recognised",
        record.c.result == "passed",
        record.c.role == "trainee",
    )


def _states(connection: sa.Connection, record: sa.FromClause) -> dict[str, str]:
    current = record.c.state == "current"
    return _row(
        connection,
        sa.select(
            _how_many(current).label("current_records"),
            _how_many(record.c.state == "withdrawn").label("withdrawn_records"),
            sa.func.count(sa.case((current, record.c.person_key)).distinct()).label("persons_with_id"),
            _how_many(sa.and_(current, record.c.status == "recognised")).label("current_recognised"),
            _how_many(sa.and_(current, record.c.status == "pending")).label("current_pending"),
        ),
    )


def _sums(connection: sa.Connection, record: sa.FromClause) -> dict[str, str]:
    credits_left = sa.func.coalesce(record.c.net_x100, record.c.credits_x100)
    sums = sa.select(
        _sum(_counting(record), record.c.hours_x100).label("hours_recognised_passed_trainee"),
        _sum(_counting(record), credits_left).label("credits_recognised_passed_trainee"),
        _sum(record.c.state == "current", credits_left).label("credits_all_current"),
    )
    return {name: _decimal(number) for name, number in _row(connection, sums).items()}


def _once(connection: sa.Connection, record: sa.FromClause) -> dict[str, str]:
    ranked = once(record, record.c.hours_x100)
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


def once(record: sa.FromClause, *columns: sa.ColumnElement[Any]) -> sa.Subquery:
    """Those of the records that count with their `turn` within their event: 1 is the teacher's own side's report, else any one.

    Which one does not depend on what came first (ruling 69).
    """
    order = (record.c.own_side.desc(), record.c.record_key)
    turn = sa.func.row_number().over(partition_by=record.c.event_key, order_by=order)
    return sa.select(*columns, turn.label("turn")).where(_counting(record)).subquery()


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
