"""The same natural key twice in one delivery (rulings 10, 11, 12).

The table takes a key once a delivery and leaves the other records as surplus (bulk.py); only the rows that share a key
with one of these are decided one by one, in reading order. An identical repeat is skipped; a row that says something
else is quarantined, and the first stays. Where rows tell when they were submitted, the last one stays, and the others are
superseded, whatever they say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import polars as pl
import sqlalchemy as sa

from etl_core.keys import Keys
from etl_core.warehouse import bulk, sums
from etl_core.warehouse.rows import FIELDS, WHERE, Batch, seat
from etl_core.warehouse.tables import person, quarantine, reason, record, skipped_row, warning

VALUES = tuple(name for name in FIELDS if name not in {*WHERE, "own_side", "reporter"})
"""What must be equal in an identical repeat: the canonical values, without lineage."""

surplus = bulk.surplus(record)

Row = sa.Row[Any]
Where = tuple[str, str, int]


@dataclass(slots=True)
class Verdicts:
    """What the rows with repeated keys become."""

    surplus: list[int] = field(default_factory=list)  # record_id of every record that goes
    repeats: list[Where] = field(default_factory=list)
    kind: str = "duplicate"  # of the repeats
    persons: set[bytes] = field(default_factory=set)  # that records which go have mentioned
    contradictions: list[tuple[Where, Where, list[Row]]] = field(
        default_factory=list
    )  # row, kept row, records


def resolve(
    connection: sa.Connection, batch: Batch, keys: Keys, first: int, submitted: pl.DataFrame | None = None
) -> int:
    """Decide every repeated key of a delivery; quarantined rows are numbered from `first`. The sum of what went (sums.py).

    submitted: the moment (`submitted`) of the delivery's records (`record_id`), where the last submission wins.
    """
    involved = _involved(connection, batch.delivery_id)
    verdicts = _decide(involved) if submitted is None else _last(list(involved), submitted)
    gone = frozenset(verdicts.surplus)
    went = sums.read(one for one in _involved(connection, batch.delivery_id) if one.record_id in gone)
    _keep(connection, verdicts.surplus)
    rejected = [where for where, _, _ in verdicts.contradictions]
    _delete_warnings(connection, batch.delivery_id, [*verdicts.repeats, *rejected])
    _skip(connection, batch.delivery_id, verdicts.repeats, verdicts.kind)
    _refuse(connection, keys, batch, verdicts.contradictions, first)
    _forget_persons(connection, verdicts.persons)
    return went


def _involved(connection: sa.Connection, delivery_id: int) -> Iterator[Row]:
    """All records of the rows that have a repeated key, in reading order, with the masked number.

    Records of one row have one row_key, so that the rows are found by keys and never by reading the delivery.
    """
    mine = record.c.delivery_id == delivery_id
    first = sa.select(record).where(mine, record.c.record_key.in_(sa.select(surplus.c.record_key)))
    rows = sa.union(sa.select(surplus.c.row_key), sa.select(first.subquery().c.row_key))
    varied = sa.select(record).where(mine, record.c.row_key.in_(rows))
    every = sa.union_all(first.where(record.c.row_key.is_(None)), varied, sa.select(surplus)).subquery()
    wanted = (
        sa.select(every, person.c.id_masked)
        .join_from(every, person, every.c.person_key == person.c.person_key, isouter=True)
        .order_by(every.c.record_id)
    )
    yield from connection.execute(wanted.execution_options(yield_per=10_000))


def _decide(records: Iterator[Row]) -> Verdicts:
    """Row by row: all equal to what is kept, something else under a kept key, or new after all."""
    verdicts = Verdicts()
    kept: dict[bytes, Row] = {}
    for where, group in groupby(records, key=_where):
        row = list(group)
        new, equal, clash = _compare(row, kept)
        if clash is not None:
            verdicts.contradictions.append((where, _where(clash), row))
            verdicts.surplus += [one.record_id for one in row]
            verdicts.persons |= _mentioned(row)
            continue
        verdicts.surplus += equal
        verdicts.repeats += [] if new else [where]
        kept |= new
    return verdicts


def _last(records: list[Row], submitted: pl.DataFrame) -> Verdicts:
    """Of each key the record submitted last stays; of several at the same moment, or without one, the last in the file."""
    wanted = pl.Series([one.record_id for one in records], dtype=pl.Int64).implode()
    told = dict(submitted.filter(pl.col("record_id").is_in(wanted)).iter_rows())
    last: dict[bytes, tuple[datetime, int]] = {}
    for one in records:
        moment = told.get(one.record_id) or datetime.min
        last[one.record_key] = max((moment, one.record_id), last.get(one.record_key, (moment, one.record_id)))
    verdicts = Verdicts(kind="superseded")
    for where, group in groupby(records, key=_where):
        row = list(group)
        gone = [one for one in row if last[one.record_key][1] != one.record_id]
        verdicts.surplus += [one.record_id for one in gone]
        verdicts.repeats += [where] if len(gone) == len(row) else []
        verdicts.persons |= _mentioned(gone)
    return verdicts


def _mentioned(records: list[Row]) -> set[bytes]:
    return {one.person_key for one in records if one.person_key is not None}


def _compare(row: list[Row], kept: dict[bytes, Row]) -> tuple[dict[bytes, Row], list[int], Row | None]:
    """Records of the row under new keys, ids of those that repeat a kept one, and a kept one it contradicts."""
    new: dict[bytes, Row] = {}
    equal: list[int] = []
    clash: Row | None = None
    for one in row:
        other = kept.get(one.record_key) or new.get(one.record_key)
        if other is None:
            new[one.record_key] = one
        elif _values(other) == _values(one):
            equal.append(one.record_id)
        else:
            clash = clash or other
    return new, equal, clash


def _where(one: Row) -> Where:
    return one.file, one.sheet, one.row


def _values(one: Row) -> tuple[Any, ...]:
    return tuple(one._mapping[name] for name in VALUES)


def _keep(connection: sa.Connection, gone: list[int]) -> None:
    """Delete the records that go; what is still surplus then has its key for itself."""
    if gone:
        for table in (record, surplus):
            unwanted = sa.delete(table).where(table.c.record_id == sa.bindparam("gone"))
            connection.execute(unwanted, [{"gone": one} for one in gone])
    connection.execute(sa.insert(record).from_select(record.columns.keys(), sa.select(surplus)))


def _delete_warnings(connection: sa.Connection, delivery_id: int, rows: list[Where]) -> None:
    if rows:
        here = [warning.c[name] == sa.bindparam(f"the_{name}") for name in WHERE]
        gone = sa.delete(warning).where(warning.c.delivery_id == delivery_id, *here)
        connection.execute(
            gone, [{f"the_{name}": part for name, part in zip(WHERE, one, strict=True)} for one in rows]
        )


def _skip(connection: sa.Connection, delivery_id: int, rows: list[Where], kind: str) -> None:
    if rows:
        shared = {"delivery_id": delivery_id, "kind": kind}
        connection.execute(sa.insert(skipped_row), [shared | _named(one) for one in rows])


def _named(where: Where) -> dict[str, str | int]:
    return dict(zip(WHERE, where, strict=True))


def _refuse(
    connection: sa.Connection,
    keys: Keys,
    batch: Batch,
    rows: list[tuple[Where, Where, list[Row]]],
    first: int,
) -> None:
    """Quarantine rows, and say with which row each of them disagrees."""
    if not rows:
        return
    refused = [
        {
            "quarantine_id": number,
            "delivery_id": batch.delivery_id,
            **_named(where),
            "row_key": records[0].row_key or records[0].record_key,
            "sealed": keys.seal(_cells(records), seat(batch, *where)),
            "state": "open",
        }
        for number, (where, _, records) in enumerate(rows, first)
    ]
    reasons = [
        {
            "quarantine_id": number,
            "position": 0,
            "code": "duplicate.in_delivery",
            "column": "",
            "detail": {f"other_{name}": part for name, part in _named(kept).items()},
        }
        for number, (_, kept, _) in enumerate(rows, first)
    ]
    connection.execute(sa.insert(quarantine), refused)
    connection.execute(sa.insert(reason), reasons)


def _cells(records: list[Row]) -> bytes:
    """What the row said, as far as its records have it; where they differ, all that they say."""
    said = {name: [one._mapping[name] for one in records] for name in ("id_masked", *VALUES[1:])}
    texts = {name: dict.fromkeys(str(one) for one in some if one is not None) for name, some in said.items()}
    told = {name: " / ".join(some) for name, some in texts.items() if some}
    return json.dumps(told, ensure_ascii=False).encode()


def _forget_persons(connection: sa.Connection, pseudonyms: set[bytes]) -> None:
    """A person whom only deleted records mentioned is nobody."""
    if pseudonyms:
        mentioned = sa.exists().where(record.c.person_key == person.c.person_key)
        gone = sa.delete(person).where(person.c.person_key == sa.bindparam("gone"), ~mentioned)
        connection.execute(gone, [{"gone": one} for one in pseudonyms])
