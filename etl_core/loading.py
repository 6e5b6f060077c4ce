"""The deliveries of a run into the warehouse, one after another, each in a transaction of its own: read ahead, archived, stored."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

import polars as pl

from etl_core.ahead import PART, SMALL, ahead, answers
from etl_core.archive import ALLOWED, Archive, Marks
from etl_core.errors import BalanceError, DeliveryError
from etl_core.inbox import Refused, Unchanged, released
from etl_core.originals import chain, taken
from etl_core.pool import Answers, Executor, Told
from etl_core.protocol import Claimed, Done, Job, Mending, SourceFacts
from etl_core.records import ASIDE, Arrival, Aside, Counts, HeaderAccount, Outcome, Prepared
from etl_core.steps import step

# SQLAlchemy takes 0.3 s to import: time that the child, started before, needs for its own imports.
if TYPE_CHECKING:
    from etl_core.warehouse import Load, Run, Warehouse

EVERY = "*"
NOTHING = Marks()


class Watch(Protocol):
    """Who is told how a run goes on: a progress bar, a log, or nobody."""

    def started(self, name: str) -> None:
        """A delivery is being read."""

    def advanced(self, rows: int) -> None:
        """So many more of its rows were read."""

    def finished(self, outcome: Outcome) -> None:
        """The delivery has its outcome."""

    def waiting(self, holder: str) -> None:
        """Another run holds the warehouse, and is waited for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is asked to do: one source alone, all but some, whether anything may be written, and which limits hold.

    unbraked: the source whose deliveries are let through in this run, whatever they withdraw and however many of their rows are
        faulty; EVERY for all.
    """

    only: str | None = None
    off: tuple[str, ...] = ()
    dry_run: bool = False
    limits: dict[str, float] = field(default_factory=dict)
    shrinks: dict[str, float] = field(default_factory=dict)
    unbraked: str | None = None

    def shrink(self, source: SourceFacts) -> float:
        """The share of standing records that a delivery of this source may withdraw where nobody allows more."""
        return self.shrinks.get(source.name, source.shrink_limit)

    def faulty(self, source: SourceFacts) -> float:
        """The share of faulty rows that a delivery of this source may have where nobody allows more (ruling 14)."""
        return self.limits.get(source.name, source.error_limit)


def begun(run_id: str = "") -> Run:
    """A run that starts now, of this number or of a new one."""
    from etl_core.warehouse import Run

    return Run(run_id or uuid.uuid4().hex, datetime.now(UTC), f"chuanyu-etl {version('chuanyu-etl')}")


class Loading:
    """The deliveries of one run, loaded one after another, read ahead.

    again: fingerprint → delivery_id of stored deliveries whose place the same bytes take, read by today's plugins. What is
    loaded stays where they say the same, can no longer be read or would be rejected.
    marks: what persons decided: bytes that are left alone because they were taken back, and those that no brake stops.
    """

    def __init__(
        self,
        executor: Executor,
        warehouse: Warehouse,
        watch: Watch,
        scope: Scope,
        *,
        archive: Archive | None = None,
        run: Run | None = None,
        again: Mapping[str, int] | None = None,
        marks: Marks = NOTHING,
    ) -> None:
        self._executor, self._warehouse, self._watch, self._scope = executor, warehouse, watch, scope
        self._archive, self._again, self._marks = archive, again or {}, marks
        self._run = run or begun()

    def outcomes(self, coming: Iterator[Arrival | Refused | Unchanged]) -> Iterator[Outcome]:
        """One outcome for each delivery that this run is concerned with."""
        for item, begun in ahead(coming, self._begun, self._executor.size):
            started = time.monotonic()
            outcome = self._outcome(item, begun)
            if outcome is not None:
                seconds, fingerprint = time.monotonic() - started, getattr(item, "fingerprint", "")
                timed = replace(outcome, seconds=seconds, fingerprint=fingerprint)
                self._watch.finished(timed)
                yield timed

    def _begun(self, item: Arrival | Refused | Unchanged) -> Answers | None:
        """A small delivery is read before its turn; a large one, when it comes, by all children at once."""
        if isinstance(item, Arrival) and item.size <= SMALL:
            return self._executor.submit(self._job(item), held=0)
        return None

    def _job(self, arrival: Arrival) -> Job:
        split = PART if self._executor.size > 1 and arrival.size > 2 * PART else 0
        scope = self._scope
        return Job(str(arrival.path), arrival.name, arrival.modified, scope.only, scope.off, split=split)

    def _outcome(self, item: Arrival | Refused | Unchanged, begun: Answers | None) -> Outcome | None:
        if isinstance(item, Unchanged):
            revoked = item.fingerprint in self._marks.revoked
            return Outcome(item.name, None, "revoked" if revoked else "unchanged")
        if isinstance(item, Refused):
            return Outcome(item.name, None, "failed", error=item.error.code, detail=item.error.detail)
        with released(item), closing(answers(self._executor, self._job(item), begun)) as told:
            if begun is not None and self._loaded_since(item):
                begun.drop()  # the same bytes were loaded since, under another name
                return Outcome(item.name, None, "unchanged")
            self._watch.started(item.name)
            return self._delivered(item, told)

    def _loaded_since(self, arrival: Arrival) -> bool:
        known = self._warehouse.known(arrival.fingerprint) is not None
        return known and arrival.fingerprint not in self._again

    def _delivered(self, arrival: Arrival, told: Iterator[Told]) -> Outcome | None:
        """Load one delivery, or keep why it could not be; None where its source is not wanted in this run."""
        try:
            return self._loaded(arrival, told)
        except DeliveryError as fault:
            detail = dict(fault.detail)
            return self._failed(arrival, str(detail.pop("source", "")), fault.code, detail)
        except BalanceError:
            return self._failed(arrival, "", "unbalanced", {})

    def _loaded(self, arrival: Arrival, told: Iterator[Told]) -> Outcome | None:
        claimed = next(told)
        if isinstance(claimed, Mending):
            return self._mending(arrival, claimed)
        return self._stored(arrival, claimed, told) if isinstance(claimed, Claimed) else None

    def _mending(self, arrival: Arrival, told: Mending) -> Outcome | None:
        """Load a mending, read beside the delivery that it mends. Raises DeliveryError mending.unknown, mending.unarchived."""
        family = chain(self._warehouse.family(told.source, told.mends), told)
        with taken(self._archive, family, arrival.path.parent) as originals:
            job = replace(self._job(arrival), source=told.source, originals=originals, split=0)
            with closing(answers(self._executor, job)) as coming:
                claimed = next(coming)
                assert isinstance(claimed, Claimed)
                return self._stored(arrival, claimed, coming, told.mends)

    def _stored(self, arrival: Arrival, claimed: Claimed, told: Iterator[Told], mends: str = "") -> Outcome:
        """Store what is told of a delivery; of one that `mends` another every good row, however few they are."""
        step("claimed")
        scope = self._scope
        source = self._facts(claimed.source)
        if self._archive is not None and not scope.dry_run:
            self._archive.keep(arrival)
            step("archived")
        limit = 1.0 if mends else scope.faulty(source)
        with self._warehouse.delivery(
            arrival,
            source.name,
            claimed.place,
            semantics=source.semantics,
            key=source.key,
            variant=source.variant,
            plugin=source.plugin,
            run=self._run,
            mends=mends,
            replaces=self._again.get(arrival.fingerprint),
            allowed=arrival.fingerprint in self._marks.allowed,
        ) as load:
            accounts, asides = self._filled(load, told)
            shrink = 1.0 if mends else scope.shrink(source)
            counts = load.finish(limit, accounts, shrink, unbraked=scope.unbraked in (EVERY, source.name))
        if load.allowed and self._archive is not None and not scope.dry_run:
            self._archive.mark(arrival.fingerprint, ALLOWED)
        done = Outcome(
            arrival.name,
            source.name,
            load.result,
            counts,
            place=claimed.place,
            accounts=accounts,
            asides=asides,
        )
        if load.result == "rejected":
            faulty = load.refusal.error == "too_many_errors"
            detail = excess(counts, limit) if faulty else _share(load.refusal.detail)
            done = replace(done, error=load.refusal.error, detail=detail)
        if load.reread is not None:
            same = load.reread.same
            done = replace(done, again=load.reread.again, result="unchanged" if same else done.result)
        return replace(done, **asdict(load.plan))

    def _filled(
        self, load: Load, told: Iterator[Told]
    ) -> tuple[tuple[HeaderAccount, ...], tuple[Aside, ...]]:
        """Store every batch, and count the sheets that are passed over; the accounts of the headers come last."""
        passed: Counter[tuple[str, str | None, str]] = Counter()
        for answer in told:
            if isinstance(answer, Done):
                return answer.accounts, tuple(Aside(*sheet, rows) for sheet, rows in passed.items())
            if isinstance(answer, Prepared):
                load.add(answer)
                beside = answer.skips.filter(pl.col("kind").is_in(ASIDE))
                passed.update(beside.select("file", "sheet", "kind").rows())
                step("batch")
                self._watch.advanced(answer.read)
        return (), ()

    def _facts(self, name: str) -> SourceFacts:
        return next(source for source in self._executor.ready().sources if source.name == name)

    def _failed(
        self, arrival: Arrival, source: str, code: str, detail: dict[str, str | int]
    ) -> Outcome | None:
        if source in self._scope.off or self._scope.only not in (None, source):
            return None
        if self._warehouse.known(arrival.fingerprint) is None:
            self._warehouse.failed(arrival, source, code, detail, self._run)
        return Outcome(arrival.name, source or None, "failed", error=code, detail=detail)


def excess(counts: Counts, limit: float) -> dict[str, str | int]:
    """The share of faulty rows (ruling 14) and the limit that it is above, for the message."""
    judged = counts.loaded + counts.quarantined + counts.skips.get("delivery_rejected", 0)
    return {"share": f"{counts.quarantined / judged:.0%}", "limit": f"{limit:.0%}"}


def _share(detail: dict[str, str | int]) -> dict[str, str | int]:
    """The shares of a refusal as people read them."""
    return {**detail, **{name: f"{float(detail[name]):.1%}" for name in ("share", "limit")}}
