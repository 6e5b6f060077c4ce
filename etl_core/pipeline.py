"""One run: every new delivery of the inboxes through the child into the warehouse, each in a transaction of its own."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from etl_core.ahead import PART, SMALL, ahead, answers
from etl_core.archive import Archive
from etl_core.config import Config
from etl_core.errors import BalanceError, ClusterError, DeliveryError, KeyFileError
from etl_core.inbox import Refused, Unchanged, arrivals, released, single, workroom
from etl_core.keys import Keys
from etl_core.night import Night, Trouble
from etl_core.originals import chain, taken
from etl_core.pool import Answers, Executor, Pool, Told
from etl_core.protocol import Claimed, Done, Hello, Job, Mending, Problem, Ready, SourceFacts
from etl_core.publish import Published, publish
from etl_core.pulls import Pulled
from etl_core.records import Arrival, Counts, HeaderAccount, Outcome, Prepared
from etl_core.steps import step

# SQLAlchemy takes 0.3 s to import: time that the child, started before, needs for its own imports.
if TYPE_CHECKING:
    from etl_core.cluster import Cluster
    from etl_core.warehouse import Load, Run, Warehouse

# Exit codes: all loaded or nothing new; finished with quarantined rows or failed deliveries; a delivery that would
# withdraw too much waits for somebody to decide.
DONE, PARTLY, STOPPED = 0, 3, 4
BRAKE = "too_much_withdrawn"
EVERY = "*"


SPOTLESS = ("loaded", "unchanged", "revoked")  # results that nobody has to look at


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
class Report:
    """What a run did (or would do): one outcome per delivery, the plugins that could not be used, what was fetched before and
    published after, and what of the run could not be kept or told."""

    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    dry_run: bool = False
    pulls: tuple[Pulled, ...] = ()
    run_id: str = ""
    troubles: tuple[Trouble, ...] = ()
    published: Published | None = None

    @property
    def exit_code(self) -> int:
        """DONE; PARTLY where a delivery failed or could not be fetched, a row was quarantined, or a plugin could not be used; or STOPPED."""
        if any(each.error == BRAKE for each in self.outcomes):
            return STOPPED
        spotless = (each.result in SPOTLESS and not each.counts.quarantined for each in self.outcomes)
        fetched = all(each.error is None for each in self.pulls)
        return DONE if all(spotless) and fetched and not self.problems else PARTLY


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is asked to do: one source alone, all but some, whether anything may be written, and which limits hold.

    unbraked: the source whose deliveries may withdraw as much as they like in this run; EVERY for all.
    """

    only: str | None = None
    off: tuple[str, ...] = ()
    dry_run: bool = False
    limits: dict[str, float] = field(default_factory=dict)
    shrinks: dict[str, float] = field(default_factory=dict)
    unbraked: str | None = None

    def shrink(self, source: SourceFacts) -> float:
        """The share of standing records that a delivery of this source may withdraw."""
        return (
            1.0
            if self.unbraked in (EVERY, source.name)
            else self.shrinks.get(source.name, source.shrink_limit)
        )


def run(
    config: Config,
    watch: Watch,
    only: str | None = None,
    dry_run: bool = False,
    accept: Callable[[Ready], None] | None = None,
    *,
    pull: Callable[[], tuple[Pulled, ...]] = tuple,
    allow_shrink: str | None = None,
    wait: float = 0,
) -> Report:
    """Carry out one run of a pipeline; with `only`, deliveries of that source alone; with `dry_run`, nothing is written.

    `accept` is shown the plugins before the first delivery, and may raise. `pull` fetches what has to be fetched, before
    the warehouse is held: a long pull keeps nobody out of it; a dry run never calls it. `allow_shrink` is the source (or EVERY) whose
    deliveries are not braked; for `wait` seconds another run is waited for. A fault of one delivery is its outcome and never
    ends the run. Raises KeyFileError, WarehouseError, LockedError, ClusterError.
    """
    scope = _scope(config, only, dry_run, allow_shrink)
    night = Night(config, only, dry_run)
    with night.kept(), ExitStack() as stack:
        executor = stack.enter_context(children(config))
        if accept is not None:
            accept(executor.ready())
        pulled = () if dry_run else pull()
        keys = keyed(config, dry_run)
        warehouse = stack.enter_context(opened(config, keys, dry_run))
        stack.enter_context(warehouse.lock(wait, watch.waiting))
        room = stack.enter_context(workroom(config.work))
        if dry_run:
            stack.enter_context(warehouse.rehearsal())
        archive = None if keys is None else Archive(config.kept, keys)
        revoked = _revoked(warehouse, archive)
        loading = Loading(
            executor, warehouse, watch, scope, archive=archive, run=begun(night.run_id), revoked=revoked
        )
        landed = [folder for folder in config.landings.values() if folder.is_dir()]
        coming = arrivals(
            (*config.inbox, *landed),
            room,
            config.settle_seconds,
            config.limits.file_mb,
            _known(warehouse, revoked),
        )
        outcomes = tuple(night.noted(loading.outcomes(coming)))
        report = Report(outcomes, problems(executor), dry_run, pulled, night.run_id)
        if dry_run:
            return report
        published = _published(config, warehouse)
        troubles = night.close(warehouse, _sources(executor), report.problems, report.exit_code)
        return replace(report, troubles=tuple(troubles), published=published)


def _published(config: Config, warehouse: Warehouse) -> Published | None:
    """A killed run may have left without: whether there is anything to publish is asked of the warehouse, not of this run."""
    return None if config.publish is None else publish(warehouse, config.publish)


def check(file: Path, executor: Executor, warehouse: Warehouse, watch: Watch) -> Outcome:
    """Read one file as a run would, into `warehouse` (one in memory): its outcome, with every reason in the warehouse."""
    with workroom() as room:
        loading = Loading(
            executor, warehouse, watch, Scope(limits=dict.fromkeys(_names(executor.ready()), 1.0))
        )
        outcome = next(loading.outcomes(iter([single(file, room)])))
        return _judged(outcome, executor.ready())


def _judged(outcome: Outcome, ready: Ready) -> Outcome:
    """Say what a run would have said of the share of faulty rows; here every row was to be seen."""
    limits = {source.name: source.error_limit for source in ready.sources}
    judged = outcome.counts.loaded + outcome.counts.quarantined
    if outcome.result != "loaded" or outcome.counts.quarantined <= limits[str(outcome.source)] * judged:
        return outcome
    detail = _excess(outcome.counts, limits[str(outcome.source)])
    return replace(outcome, result="rejected", error="too_many_errors", detail=detail)


def _excess(counts: Counts, limit: float) -> dict[str, str | int]:
    """The share of faulty rows (ruling 14) and the limit that it is above, for the message."""
    judged = counts.loaded + counts.quarantined + counts.skips.get("delivery_rejected", 0)
    return {"share": f"{counts.quarantined / judged:.0%}", "limit": f"{limit:.0%}"}


def _share(detail: dict[str, str | int]) -> dict[str, str | int]:
    """The shares of a refusal as people read them."""
    return {**detail, **{name: f"{float(detail[name]):.1%}" for name in ("share", "limit")}}


def _names(ready: Ready) -> list[str]:
    return [source.name for source in ready.sources]


def problems(executor: Executor) -> tuple[Problem, ...]:
    """The plugins that cannot be used; where not even the child can be started, that."""
    try:
        return executor.ready().problems
    except DeliveryError as fault:
        return (Problem("etl_core.child", "chuanyu-etl", version("chuanyu-etl"), fault.code),)


def _sources(executor: Executor) -> tuple[SourceFacts, ...]:
    """The sources that can be used; none where not even the child can be started."""
    try:
        return executor.ready().sources
    except DeliveryError:
        return ()


def _revoked(warehouse: Warehouse, archive: Archive | None) -> frozenset[str]:
    """Bytes that a person took back, by the ledger or, where the warehouse was made again, by the archive."""
    marked = warehouse.revoked() | (archive.revoked() if archive is not None else frozenset())
    return marked - warehouse.loaded()


def _known(warehouse: Warehouse, revoked: frozenset[str]) -> Callable[[str], bool]:
    """Whether bytes are loaded (asked once for all that were before the run, and again for each that was not) or revoked."""
    before = warehouse.loaded() | revoked
    return lambda fingerprint: fingerprint in before or warehouse.known(fingerprint) is not None


def children(config: Config) -> AbstractContextManager[Executor]:
    """Where deliveries are read: children of this machine, or a cluster's. Raises ClusterError."""
    if config.executor == "dask":
        return _cluster(config)
    processes = config.processes or max(1, min(4, len(os.sched_getaffinity(0)) - 1))
    return Pool(hello(config), config.limits.seconds, processes)


def _cluster(config: Config) -> Cluster:
    try:
        from etl_core.cluster import Cluster
    except ModuleNotFoundError as missing:
        raise ClusterError(
            f"executor: dask 缺少 {missing.name}，请运行｜executor: dask lacks {missing.name}, run: "
            "pip install 'chuanyu-etl[dask]'"
        ) from None
    return Cluster(hello(config), config.limits.seconds, config.dask)


def hello(config: Config) -> Hello:
    """What a child is told at its start."""
    return Hello(config.limits.memory_mb, config.plugins.allow, config.plugins.deny)


def _scope(config: Config, only: str | None, dry_run: bool, allow_shrink: str | None) -> Scope:
    off = tuple(name for name, settings in config.sources.items() if not settings.enabled)
    limits = {name: each.error_limit for name, each in config.sources.items() if each.error_limit is not None}
    shrinks = {
        name: each.shrink_limit for name, each in config.sources.items() if each.shrink_limit is not None
    }
    return Scope(only, off, dry_run, limits, shrinks, allow_shrink)


def keyed(config: Config, dry_run: bool) -> Keys | None:
    """The keys; None for a dry run before the first run, which must not make any.

    A key is made for a new warehouse only: where one waits for a key that is gone, a new key could not open it.
    """
    from etl_core.warehouse import Warehouse

    if config.key_file.exists():
        return Keys.load(config.key_file, create=False)
    if Warehouse.keyed(config.warehouse.url.get_secret_value()):
        raise KeyFileError(
            f"{config.key_file}: 密钥文件不见了，而仓库是用它建立的；请从备份恢复，不会另造新的"
            "｜the key file that the warehouse was made with is gone; restore it from your backup, no new one is made"
        )
    return None if dry_run else Keys.load(config.key_file)


def opened(config: Config, keys: Keys | None, dry_run: bool) -> Warehouse:
    """The warehouse; a dry run before the first run has none to look at, and must not make one."""
    from etl_core.warehouse import Warehouse

    url = config.warehouse.url.get_secret_value()
    if dry_run and not Warehouse.keyed(url):
        return Warehouse.memory()
    return Warehouse.open(url, keys, create=not dry_run, migrate=not dry_run)


def begun(run_id: str = "") -> Run:
    """A run that starts now, of this number or of a new one."""
    from etl_core.warehouse import Run

    return Run(run_id or uuid.uuid4().hex, datetime.now(UTC), f"chuanyu-etl {version('chuanyu-etl')}")


class Loading:
    """The deliveries of one run, loaded one after another, read ahead.

    again: fingerprint → delivery_id of stored deliveries whose place the same bytes take, read by today's plugins. What is
    loaded stays where they say the same, can no longer be read or would be rejected.
    revoked: bytes that are left alone because a person took them back.
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
        revoked: frozenset[str] = frozenset(),
    ) -> None:
        self._executor, self._warehouse, self._watch, self._scope = executor, warehouse, watch, scope
        self._archive, self._again, self._revoked = archive, again or {}, revoked
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

    def close(self, exit_code: int) -> None:
        """Note how it ended, where nothing else is told of the run."""
        self._warehouse.finished(self._run.run_id, exit_code)

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
            return Outcome(item.name, None, "revoked" if item.fingerprint in self._revoked else "unchanged")
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
        limit = 1.0 if mends else scope.limits.get(source.name, source.error_limit)
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
        ) as load:
            accounts = self._filled(load, told)
            counts = load.finish(limit, accounts, 1.0 if mends else scope.shrink(source))
        done = Outcome(arrival.name, source.name, load.result, counts, place=claimed.place, accounts=accounts)
        if load.result == "rejected":
            braked = load.refusal.error == BRAKE
            detail = _share(load.refusal.detail) if braked else _excess(counts, limit)
            done = replace(done, error=load.refusal.error, detail=detail)
        if load.reread is not None:
            same = load.reread.same
            done = replace(done, again=load.reread.again, result="unchanged" if same else done.result)
        return replace(done, **asdict(load.plan))

    def _filled(self, load: Load, told: Iterator[Told]) -> tuple[HeaderAccount, ...]:
        """Store every batch; the accounts of the headers come last."""
        for answer in told:
            if isinstance(answer, Done):
                return answer.accounts
            if isinstance(answer, Prepared):
                load.add(answer)
                step("batch")
                self._watch.advanced(answer.read)
        return ()

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
