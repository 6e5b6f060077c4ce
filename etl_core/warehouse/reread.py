"""A stored delivery that is read again: what it said before, held against what it says now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa

from etl_core.errors import WarehouseError
from etl_core.records import Again
from etl_core.warehouse import leave, ledger, outcomes
from etl_core.warehouse.rows import WHERE
from etl_core.warehouse.tables import delivery, former_record, record

Row = sa.Row[Any]

ITS_OWN = {"delivery_id", "run_id", "loaded_at", "plugin", "detail", "sums"}
"""Columns of `delivery` that tell who read it and when; the others tell what was read."""

CONTENT = [
    column
    for column in record.columns
    if column.name not in {"record_id", "delivery_id", "state", "net_x100"}
]
"""Columns of `record` that come from the delivery; the others say what became of it."""


@dataclass(frozen=True, slots=True)
class Reread:
    """The comparison; `kept`: what is stored stays, for nothing has changed, or a loaded delivery would be rejected now."""

    again: Again
    same: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class Former:
    """What was stored of a delivery: its line, and what became of every row (outcomes.outcomes)."""

    line: Row
    rows: pl.DataFrame

    def leave(self, connection: sa.Connection, by: ledger.Run) -> None:
        """Take it out: among the former ones where it was loaded; of a try that loaded nothing nothing is kept, as ever."""
        if self.line.result == "loaded":
            leave.leave(connection, self.line.delivery_id, "replaced", by)
        else:
            ledger.remove(connection, [self.line.delivery_id])

    def compared(self, connection: sa.Connection, delivery_id: int) -> Reread:
        """Hold it against the delivery that came in its place, in the transaction in which both can be seen."""
        line, rows = _line(connection, delivery_id), outcomes.outcomes(connection, delivery_id)
        same = (
            _told(line) == _told(self.line)
            and rows.equals(self.rows)
            and self._same_records(connection, line)
        )
        worse = self.line.result == "loaded" and line.result != "loaded"
        return Reread(again(self.rows, rows), same, same or worse)

    def _same_records(self, connection: sa.Connection, line: Row) -> bool:
        """As many records there are; whether each of them is among the former ones."""
        before = sa.select(*(former_record.c[column.name] for column in CONTENT))
        after = sa.select(*CONTENT).where(record.c.delivery_id == line.delivery_id)
        others = after.except_(before.where(former_record.c.delivery_id == self.line.delivery_id))
        return connection.execute(others.limit(1)).first() is None


def former(connection: sa.Connection, delivery_id: int) -> Former:
    """What is stored of a delivery. Raises WarehouseError where there is none."""
    return Former(_line(connection, delivery_id), outcomes.outcomes(connection, delivery_id))


def _line(connection: sa.Connection, delivery_id: int) -> Row:
    found = connection.execute(sa.select(delivery).where(delivery.c.delivery_id == delivery_id)).one_or_none()
    if found is None:
        raise WarehouseError(f"there is no delivery {delivery_id}")
    return found


def _told(line: Row) -> dict[str, Any]:
    return {name: value for name, value in line._mapping.items() if name not in ITS_OWN}


def again(before: pl.DataFrame, after: pl.DataFrame) -> Again:
    """What became of refused rows: two frames of outcomes.outcomes about the same physical rows.

    A row that stays is counted under the reasons that it has now: those that were mended are none of its any more.
    """
    was, now = (each.filter(outcome="quarantined").select(*WHERE, "reasons") for each in (before, after))
    stay = now.join(was, on=WHERE, how="semi", nulls_equal=True)
    cured = was.join(now, on=WHERE, how="anti", nulls_equal=True)
    new = now.join(was, on=WHERE, how="anti", nulls_equal=True)
    return Again(_by_code(cured), _by_code(stay), _by_code(new), cured.height, stay.height)


def _by_code(rows: pl.DataFrame) -> dict[str, int]:
    """How many of the rows have each reason code."""
    each = rows.with_row_index("at").with_columns(pl.col("reasons").str.split(";")).explode("reasons")
    codes = each.select("at", code=pl.col("reasons").str.split("@").list.first()).unique()
    counted = codes.group_by("code").len().sort("code")
    return dict(counted.iter_rows())
