"""From the first to the last moment of a run: what it did is kept, and whoever is to know is told.

Nothing here ever fails a run: what could not be kept or told is a Trouble, and is tried again where that makes sense.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from etl_core import alerts
from etl_core.config import Config
from etl_core.errors import LockedError, exit_code
from etl_core.inbox import CLOSED
from etl_core.night import conditions, journal, lineage, metrics, telling
from etl_core.protocol import Problem, SourceFacts
from etl_core.records import Notice, Outcome

if TYPE_CHECKING:
    from etl_core.night.journal import Document
    from etl_core.warehouse import Warehouse

SIGNALLED = 128  # exit codes from here on: somebody stopped the run


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of a run that could not be kept or told: what (`alert`, `runs`, …), where, and the kind of the fault."""

    what: str
    where: str
    kind: str


class Night:
    """One run: its number, its clock, and what it has done so far."""

    def __init__(
        self, config: Config, only: str | None = None, dry_run: bool = False, command: str = journal.RUN
    ) -> None:
        self.run_id = uuid.uuid4().hex
        self._config, self._only, self._dry_run, self._command = config, only, dry_run, command
        self._started, self._clock = datetime.now(UTC), time.monotonic()
        self._outcomes: list[Outcome] = []

    def note(self, outcome: Outcome) -> None:
        """Remember one outcome."""
        self._outcomes.append(outcome)

    def noted(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The same outcomes, remembered as they pass."""
        for each in outcomes:
            self.note(each)
            yield each

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A run that ends before its time is kept in the folder as well, but for one that was typed wrong; the error goes on."""
        try:
            yield
        except BaseException as fault:
            if not self._dry_run and not hasattr(fault, "exit_code"):  # which click's usage errors have
                self._broken(fault)
            raise

    def close(
        self, warehouse: Warehouse, sources: Iterable[SourceFacts], problems: Sequence[Problem], code: int
    ) -> list[Trouble]:
        """Keep the record of a run that came to its end, tell what changed; say what could not be kept or told."""
        was_broken = self._was_broken()
        record = self._record(code, sources, problems)
        warehouse.finished(self.run_id, code, record)
        so: list[conditions.Condition] = []
        troubles: list[Trouble] = []

        def tell() -> None:
            today = datetime.now().astimezone().date()
            so.extend(conditions.found(self._config, warehouse, self._outcomes, problems, today))
            troubles.extend(self._tell(warehouse, so))

        untold = _tried("alert", "warehouse", tell)
        troubles += [] if untold is None else [untold]
        troubles += self._written(record, None if untold else len(so))
        return [*troubles, *self._say("cleared", code)] if was_broken else troubles

    def end(
        self, warehouse: Warehouse, sources: Iterable[SourceFacts], problems: Iterable[Problem], code: int
    ) -> list[Trouble]:
        """Keep the record of what a person typed, who sees how it ended: no figures, no alerts. Nothing is kept of a dry run."""
        if self._dry_run:
            return []
        record = self._record(code, sources, problems)
        warehouse.finished(self.run_id, code, record)
        folder = self._config.runs.folder
        trouble = folder and _tried("runs", str(folder), lambda: journal.write(record, folder))
        return [trouble] if trouble else []

    def _record(
        self,
        code: int,
        sources: Iterable[SourceFacts],
        problems: Iterable[Problem],
        broken: str | None = None,
    ) -> Document:
        seconds = time.monotonic() - self._clock
        course = journal.Course(
            self.run_id,
            self._started,
            datetime.now(UTC),
            seconds,
            self._only,
            code,
            broken,
            self._command,
        )
        return journal.document(course, self._config, self._outcomes, sources, problems)

    def _broken(self, fault: BaseException) -> None:
        """Keep what can be kept without a warehouse, and tell it once; a run that waits its turn or was stopped alarms nobody."""
        code, was_broken = exit_code(fault), self._was_broken()
        record = self._record(code, (), (), type(fault).__name__)
        self._written(record, None)
        if _telling(record) and not was_broken:
            self._say("raised", code)

    def _was_broken(self) -> bool:
        """Whether people were told that the run before this one was broken, as far as the folder of records says so."""
        folder = self._config.runs.folder
        before = journal.last(folder, _telling) if folder else None
        return before is not None and before["broken"] is not None

    def _written(self, record: Document, alerts_raised: int | None) -> list[Trouble]:
        """What is kept outside of the warehouse, each where it is configured."""
        config = self._config
        wanted: list[tuple[str, object, Callable[[], object]]] = [
            ("runs", config.runs.folder, lambda: journal.write(record, _set(config.runs.folder))),
            (
                "metrics",
                config.metrics.textfile,
                lambda: metrics.write(record, alerts_raised, _set(config.metrics.textfile)),
            ),
            (
                "lineage",
                config.lineage.file or config.lineage.url,
                lambda: lineage.emit(record, config.lineage),
            ),
        ]
        found = (_tried(what, str(where), act) for what, where, act in wanted if where is not None)
        return [trouble for trouble in found if trouble is not None]

    def _tell(self, warehouse: Warehouse, so: list[conditions.Condition]) -> list[Trouble]:
        """Tell what began and what is over; nothing is kept of it where nobody is to be told."""
        channels = alerts.channels(self._config.alerts)
        before = warehouse.alerts()
        if not channels and not before:
            return []
        now = datetime.now(UTC)
        changed = telling.changed(before, so, list(channels), now, self._mine)
        troubles: dict[str, Trouble] = {}
        after = telling.told(changed, lambda name, notice: self._sent(channels[name], name, notice, troubles))
        warehouse.keep_alerts(before, after)
        return list(troubles.values())

    def _mine(self, source: str) -> bool:
        """Whether this run saw all of a source: what may lie in a closed inbox is not over."""
        closed = any(each.error == CLOSED for each in self._outcomes)
        return not closed and self._only in (None, source)

    def _sent(
        self, send: Callable[[Notice], None], name: str, notice: Notice, troubles: dict[str, Trouble]
    ) -> bool:
        """Whether a notice was sent; a channel that failed once is not waited for again in the same night."""
        if name not in troubles:
            trouble = _tried("alert", name, lambda: send(notice))
            if trouble is None:
                return True
            troubles[name] = trouble
        return False

    def _say(self, state: str, code: int) -> list[Trouble]:
        """Tell all channels of a run that broke, or that the next one did not."""
        notice = telling.of_run(state, code, datetime.now(UTC))
        channels = alerts.channels(self._config.alerts)
        found = (_tried("alert", name, partial(send, notice)) for name, send in channels.items())
        return [trouble for trouble in found if trouble is not None]


def _telling(record: Document) -> bool:
    """Whether a record says how runs go: one that found the warehouse held, or was stopped by somebody, does not."""
    if record["command"] != journal.RUN:
        return False
    return record["broken"] != LockedError.__name__ and int(record["exit_code"]) < SIGNALLED


def _set(path: Path | None) -> Path:
    assert path is not None
    return path


def _tried(what: str, where: str, act: Callable[[], object]) -> Trouble | None:
    """Do something that must not stop the run; of what goes wrong only the kind is told."""
    try:
        act()
    except Exception as fault:  # noqa: BLE001  # plugins and clients of others raise what they like
        return Trouble(what, where, type(fault).__name__)
    return None
