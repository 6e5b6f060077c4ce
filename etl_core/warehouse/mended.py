"""Deliveries that mend another one: which they are, and which row has overtaken which.

A mending stands in the order right after the delivery that it mends, before the next one of the slot; several of one delivery
stand in the order of their modification time. What its rows overtake is a function of the stored deliveries alone, like
everything in settle.py and waiting.py.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from etl_core.warehouse.rows import WHERE
from etl_core.warehouse.tables import delivery, mended, quarantine, record

Wanted = sa.Select[*tuple[Any, ...]]

ORIGINAL = [f"of_{name}" for name in WHERE]


def family(connection: sa.Connection, source: str, fingerprint: str) -> list[dict[str, Any]]:
    """The loaded delivery with these bytes and the loaded mendings of it, in their order; nothing where it is not loaded."""
    mine = (delivery.c.fingerprint == fingerprint) & delivery.c.mends.is_(None)
    wanted = (
        sa.select(delivery)
        .where(delivery.c.source == source, delivery.c.result == "loaded")
        .where(sa.or_(mine, delivery.c.mends == fingerprint))
        .order_by(delivery.c.sort_key)
    )
    return [dict(line) for line in connection.execute(wanted).mappings()]


def overtaken(
    source: str, roots: sa.ColumnElement[Any] | Wanted | list[str], but: int | None = None
) -> sa.CompoundSelect[Any]:
    """Refused rows of the deliveries with the fingerprints `roots`, and of their mendings, that a later mending holds again.

    Whether right or wrong: what is still wrong waits in the later one, and nothing waits twice. The delivery `but` holds nothing.
    """
    return sa.union(_of_delivery(source, roots, but), _of_mendings(source, roots, but))


def _of_delivery(source: str, roots: Any, but: int | None) -> Wanted:
    by, of = delivery.alias("mending"), delivery.alias("mended_one")
    same = [quarantine.c[name] == mended.c[f"of_{name}"] for name in WHERE]
    return (
        sa.select(quarantine.c.quarantine_id)
        .join_from(by, of, (of.c.fingerprint == by.c.mends) & (of.c.source == by.c.source))
        .join(mended, mended.c.delivery_id == by.c.delivery_id)
        .join(quarantine, sa.and_(quarantine.c.delivery_id == of.c.delivery_id, *same))
        .where(by.c.source == source, by.c.result == "loaded", by.c.mends.in_(roots))
        .where(by.c.delivery_id.is_distinct_from(but))
    )


def _of_mendings(source: str, roots: Any, but: int | None) -> Wanted:
    by, own, of = delivery.alias("mending"), mended.alias("own"), delivery.alias("mended_one")
    here = [quarantine.c[name] == own.c[name] for name in WHERE]
    return (
        sa.select(quarantine.c.quarantine_id)
        .join_from(by, of, _earlier(by, of))
        .join(mended, mended.c.delivery_id == by.c.delivery_id)
        .join(own, sa.and_(own.c.delivery_id == of.c.delivery_id, *_same(own)))
        .join(quarantine, sa.and_(quarantine.c.delivery_id == of.c.delivery_id, *here))
        .where(by.c.source == source, by.c.result == "loaded", by.c.mends.in_(roots))
        .where(by.c.delivery_id.is_distinct_from(but))
    )


def _earlier(by: sa.FromClause, of: sa.FromClause) -> sa.ColumnElement[bool]:
    """`of` is an earlier mending than `by` of the same delivery."""
    return (of.c.mends == by.c.mends) & (of.c.source == by.c.source) & (of.c.sort_key < by.c.sort_key)


def _same(own: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """A row of `mended` and one of `own` stand for the same row."""
    return [own.c[name] == mended.c[name] for name in ORIGINAL]


def replaced(source: str, but: int | None = None) -> Wanted:
    """Records of mendings whose row a later mending of the same delivery brought right once more: they never were.

    Records of the delivery itself are not touched: its rows that were right are in no mending but by mistake.
    """
    by, own, of, right = (
        delivery.alias("mending"),
        mended.alias("own"),
        delivery.alias("mended_one"),
        record.alias("right_one"),
    )
    here = [record.c[name] == own.c[name] for name in WHERE]
    there = [right.c[name] == mended.c[name] for name in WHERE]
    good = sa.select(right.c.record_id).where(right.c.delivery_id == by.c.delivery_id, *there)
    return (
        sa.select(record.c.record_id)
        .join_from(by, of, _earlier(by, of))
        .join(mended, mended.c.delivery_id == by.c.delivery_id)
        .join(own, sa.and_(own.c.delivery_id == of.c.delivery_id, *_same(own)))
        .join(record, sa.and_(record.c.delivery_id == of.c.delivery_id, *here))
        .where(
            by.c.source == source, by.c.result == "loaded", of.c.result == "loaded", by.c.mends.is_not(None)
        )
        .where(good.correlate(by, mended).exists(), by.c.delivery_id.is_distinct_from(but))
        .distinct()
    )


def siblings(mine: sa.Row[Any]) -> Wanted:
    """A delivery itself and, of a mending, the other mendings of the same one: what it changes may be theirs."""
    same = (
        sa.and_(delivery.c.mends == mine.mends, delivery.c.source == mine.source)
        if mine.mends
        else sa.false()
    )
    return sa.select(delivery.c.delivery_id).where(sa.or_(delivery.c.delivery_id == mine.delivery_id, same))
