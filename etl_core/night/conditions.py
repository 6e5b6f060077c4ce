"""What is not as it should be after a run: late or shrunken by the calendar, refused, stopped, an inbox that is closed, a plugin
that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from etl_core.config import Config
from etl_core.inbox import CLOSED
from etl_core.night.due import Arrived, Judged, judged
from etl_core.protocol import Problem
from etl_core.records import BRAKES, Outcome

if TYPE_CHECKING:
    from etl_core.warehouse import Warehouse

CODES = {**dict.fromkeys(BRAKES, "stopped"), CLOSED: "inbox"}
"""The codes of refusals that people are told of apart; of all others together."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that people should know as long as it lasts: a code of the catalogue's section [alert], and whose it is."""

    code: str
    source: str
    detail: dict[str, str | int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What it is known by from one night to the next."""
        return f"{self.code}:{self.source}"


def found(
    config: Config,
    warehouse: Warehouse,
    outcomes: Sequence[Outcome],
    problems: Iterable[Problem],
    today: date,
) -> list[Condition]:
    """Everything that is so after this run."""
    return [
        *_calendar(calendar(config, warehouse, today)),
        *_refused(outcomes),
        *(Condition("plugin", problem.plugin) for problem in problems),
    ]


def calendar(config: Config, warehouse: Warehouse, today: date) -> dict[str, Judged]:
    """What the calendar says of every source that has one and is not switched off."""
    watched = {
        name: each.due for name, each in config.sources.items() if each.enabled and each.due is not None
    }
    if not watched:
        return {}
    lines = warehouse.deliveries().to_dicts()
    return {name: judged(due, list(_arrived(lines, name)), today) for name, due in sorted(watched.items())}


def _arrived(lines: Iterable[Mapping[str, Any]], source: str) -> Iterator[Arrived]:
    for line in lines:
        if line["source"] == source and line["result"] == "loaded":
            day = line["loaded_at"].astimezone().date()
            yield Arrived(day, line["rows_loaded"], replaces=line["semantics"] == "snapshot")


def _calendar(said: Mapping[str, Judged]) -> Iterator[Condition]:
    for source, one in said.items():
        if one.late:
            yield Condition("late", source, {"due": str(one.due), "days": one.days})
        if one.shrunken:
            yield Condition("shrunken", source, {"rows": one.rows, "usual": one.usual or 0})


def _refused(outcomes: Sequence[Outcome]) -> Iterator[Condition]:
    """What was stopped and what was otherwise refused, one condition for each source with its number and codes."""
    errors: dict[tuple[str, str], list[str]] = {}
    for each in outcomes:
        if each.result in ("failed", "rejected"):
            error = str(each.error)
            errors.setdefault((CODES.get(error, "refused"), each.source or ""), []).append(error)
    for (code, source), mine in sorted(errors.items()):
        yield Condition(code, source, {"count": len(mine), "codes": ", ".join(sorted(set(mine)))})
