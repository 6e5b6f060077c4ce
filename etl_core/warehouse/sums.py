"""What was stored of a delivery as a few numbers, so that a later change by hand is found: counts, and a sum over its records.

The sum is that of the CRC-32 of every record's content: the same in any order and in whatever batches they come. It is against
accidents and hands, not against somebody who means to deceive, and no value can be read from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from zlib import crc32

import polars as pl
import sqlalchemy as sa

from etl_core.records import Counts
from etl_core.warehouse.outcomes import polars_type
from etl_core.warehouse.reread import CONTENT
from etl_core.warehouse.tables import record

SCHEMA = {column.name: polars_type(column.type) for column in CONTENT}
NUMBERS = [name for name, dtype in SCHEMA.items() if dtype not in (pl.String, pl.Binary)]
NONE = -(1 << 24)  # a number that no record has, in the place of null
MANY = 10_000  # records that are made a frame at once


def told(counts: Counts, records: int) -> dict[str, int]:
    """What is kept of a delivery: `records`, the sum over its records, and how many `reasons` and `warnings` there are."""
    return {
        "records": records,
        "reasons": sum(counts.reasons.values()),
        "warnings": sum(counts.warnings.values()),
    }


def summed(rows: pl.DataFrame) -> int:
    """The sum over rows of `record`, of which only what came with the delivery counts (reread.CONTENT)."""
    texts = [_text(name) for name in SCHEMA if name not in NUMBERS]
    whole = pl.concat_str([*texts, _numbers()], separator="\x1f").cast(pl.Binary)
    return sum(map(crc32, rows.select(whole).to_series().to_list()))


def stored(connection: sa.Connection, delivery_id: int) -> int:
    """The same over all that is stored of a delivery."""
    wanted = sa.select(*CONTENT).where(record.c.delivery_id == delivery_id)
    return read(connection.execute(wanted.execution_options(yield_per=MANY)))


def read(rows: Iterable[sa.Row[Any]]) -> int:
    """The same over rows as the database gives them."""
    return sum(map(summed, _frames(rows)))


def _frames(rows: Iterable[sa.Row[Any]]) -> Iterator[pl.DataFrame]:
    coming = iter(rows)
    while some := list(islice(coming, MANY)):
        lines = [[one._mapping[name] for name in SCHEMA] for one in some]
        yield pl.DataFrame(lines, schema=SCHEMA, orient="row")


def _text(name: str) -> pl.Expr:
    """A text, or the beginning of a key; null unlike any text that a file holds."""
    column = pl.col(name)
    return (column.bin.head(8).bin.encode("hex") if SCHEMA[name] == pl.Binary else column).fill_null("\x00")


def _numbers() -> pl.Expr:
    """All numbers, days and truths of a record as one number, each with a weight of its own: half the time of writing them out."""
    parts = (
        pl.col(name).to_physical().cast(pl.Int64).fill_null(NONE) * crc32(name.encode()) for name in NUMBERS
    )
    return pl.sum_horizontal(*parts).cast(pl.String)
