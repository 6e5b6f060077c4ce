"""The framework's own way of a delivery without a child process: what a suite sends its samples through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Self

import polars as pl

from etl_core import child
from etl_core.archive import Archive
from etl_core.discovery import Found, discover
from etl_core.errors import DeliveryError
from etl_core.inbox import Refused, Unchanged, single, workroom
from etl_core.keys import SIZE, Keys
from etl_core.loading import Loading, Scope
from etl_core.protocol import (
    Answer,
    Claimed,
    Done,
    Explained,
    Failed,
    Hello,
    Importing,
    Job,
    Lexicon,
    Previewed,
    Ready,
    Sighted,
    Surveyed,
)
from etl_core.records import Arrival, Excerpt, HeaderAccount, Outcome, Prepared
from etl_core.supervisor import Supervisor
from etl_core.supervisor import Told as Answered
from etl_core.warehouse import Warehouse

# The same in every suite, so that warehouses can be compared; they live in memory and hold synthetic persons.
KEYS = Keys(bytes(SIZE))


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that was said about one file."""

    answers: tuple[Answer, ...]

    @property
    def claimed(self) -> Claimed | None:
        """Whose it is, if anybody's."""
        return next((one for one in self.answers if isinstance(one, Claimed)), None)

    @property
    def failed(self) -> Failed | None:
        """Why nothing of it can be loaded; None where something can."""
        return next((one for one in self.answers if isinstance(one, Failed)), None)

    @property
    def accounts(self) -> tuple[HeaderAccount, ...]:
        """What became of its headers."""
        return next((one.accounts for one in self.answers if isinstance(one, Done)), ())

    @property
    def read(self) -> int:
        """Physical rows read."""
        return sum(one.read for one in self._prepared)

    def frame(self, name: str) -> pl.DataFrame:
        """One frame of records.Prepared («records», «keys», «issues», «skips», «refused»), of all batches together."""
        frames: list[pl.DataFrame] = [getattr(one, name) for one in self._prepared]
        return pl.concat(frames)

    @property
    def _prepared(self) -> list[Prepared]:
        return [one for one in self.answers if isinstance(one, Prepared)]


@dataclass(frozen=True, slots=True)
class Read:
    """The answers about a file, as often as they are wanted."""

    bench: Bench
    job: Job

    def __iter__(self) -> Iterator[Answered]:
        """Each answer in order."""
        return self.bench.stream(self.job)

    def drop(self) -> None:
        """Nothing is going on that would have to end."""


class Bench(Supervisor):
    """In the place of the supervisor: it reads in this very process, and each file only once."""

    def __init__(self, found: Found) -> None:
        super().__init__(Hello(memory_mb=0), seconds=0)
        self._found = found
        self._told: dict[Job, Told] = {}

    def __enter__(self) -> Self:
        return self

    def ready(self) -> Ready:
        """As the child says it."""
        return child.ready(self._found)

    @property
    def size(self) -> int:
        """Nothing is read side by side."""
        return 1

    def submit(self, job: Job, held: int = 0) -> Read:
        """As a pool does."""
        return Read(self, job)

    def _answers(
        self, job: Job
    ) -> Iterator[Surveyed | Sighted | Lexicon | Excerpt | Previewed | Explained | Answered]:
        """As the child answers, from what was read before."""
        for answer in self.told(job).answers:
            if isinstance(answer, Failed):
                raise DeliveryError(answer.code, **{**answer.detail, "source": answer.source or ""})
            assert not isinstance(answer, Ready | Importing)
            yield answer

    def told(self, job: Job) -> Told:
        """Everything about a file, known by its bytes, its name and how it is to be read."""
        mark = replace(job, path=sha256(Path(job.path).read_bytes()).hexdigest() if job.path else "")
        if mark not in self._told:
            self._told[mark] = self.afresh(job)
        return self._told[mark]

    def afresh(self, job: Job) -> Told:
        """The same, read again."""
        return Told(tuple(child.answers(job, [loaded.source for loaded in self._found.sources])))


class _Nobody:
    """Who need not be told how a run goes on."""

    def started(self, name: str) -> None: ...

    def advanced(self, rows: int) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...

    def waiting(self, holder: str) -> None: ...


@cache
def installed() -> Found:
    """Every plugin that is installed here."""
    return discover()


@cache
def bench() -> Bench:
    """One bench for all suites of a test session."""
    return Bench(installed())


def warehouse() -> Warehouse:
    """A fresh one in memory."""
    return Warehouse.open("sqlite://", KEYS)


def load(
    into: Warehouse,
    files: Sequence[Path],
    modified: float,
    by: Bench | None = None,
    archive: Archive | None = None,
) -> tuple[Outcome, ...]:
    """Bring files into a warehouse in this order, as one run does; their time is `modified`, seconds since the epoch.

    by: the bench that reads them; that of all installed plugins where it is left out.
    """
    with workroom() as room:
        loading = Loading(by or bench(), into, _Nobody(), Scope(), archive=archive)
        return tuple(loading.outcomes(_arrival(into, file, room, modified) for file in files))


def _arrival(into: Warehouse, file: Path, room: Path, modified: float) -> Arrival | Refused | Unchanged:
    taken = single(file, room)
    if isinstance(taken, Refused):
        return taken
    if into.known(taken.fingerprint) is not None:
        return Unchanged(taken.name, taken.fingerprint)
    return replace(taken, modified=modified)
