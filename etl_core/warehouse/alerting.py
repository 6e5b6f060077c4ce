"""What people were told of, so that they are told once: one line for each thing that is wrong, until its end is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime

import sqlalchemy as sa

from etl_core.warehouse.tables import alert


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert: what is wrong (`code`) with which source, raised or cleared since when, and the channels to be told."""

    key: str
    code: str
    source: str
    state: str
    since: datetime
    detail: dict[str, str | int] = field(default_factory=dict)
    untold: tuple[str, ...] = ()


def standing(connection: sa.Connection) -> list[Standing]:
    """Every alert that is kept, by its key."""
    lines = connection.execute(sa.select(alert).order_by(alert.c.key)).mappings()
    return [Standing(**{**line, "untold": tuple(line["untold"])}) for line in lines]


def keep(connection: sa.Connection, before: list[Standing], after: list[Standing]) -> None:
    """Bring the kept alerts from `before` to `after`."""
    gone = [one.key for one in before if one not in after]
    if gone:
        connection.execute(sa.delete(alert).where(alert.c.key.in_(gone)))
    new = [{**asdict(one), "untold": list(one.untold)} for one in after if one not in before]
    if new:
        connection.execute(sa.insert(alert), new)
