"""One run: every new delivery of the inboxes through the child into the warehouse, each in a transaction of its own."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
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
from etl_core.pool import Answers, Executor, Pool, Told
from etl_core.protocol import Claimed, Done, Hello, Job, Problem, Ready, SourceFacts
from etl_core.publish import Published, publish
from etl_core.pulls import Pulled
from etl_core.records import Arrival, Counts, HeaderAccount, Outcome, Prepared
from etl_core.steps import step

# SQLAlchemy takes 0.3 s to import: time that the child, started before, needs for its own imports.
if TYPE_CHECKING:
    from etl_core.cluster import Cluster
    from etl_core.warehouse import Load, Warehouse

DONE, PARTLY = (
    0,
    3,
)  # exit codes: all loaded or nothing new; finished with quarantined rows or failed deliveries


class Watch(Protocol):
    """Who is told how a run goes on: a progress bar, a log, or nobody."""

    def started(self, name: str) -> None:
        """A delivery is being read."""

    def advanced(self, rows: int) -> None:
        """So many more of its rows were read."""

    def finished(self, outcome: Outcome) -> None:
        """The delivery has its outcome."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did (or would do): one outcome per delivery, the plugins that could not be used, what was fetched before and published after."""

    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    dry_run: bool = False
    pulls: tuple[Pulled, ...] = ()
    published: Published | None = None

    @property
    def exit_code(self) -> int:
        """DONE, or PARTLY where a delivery failed or could not be fetched, a row was quarantined, or a plugin could not be used."""
        spotless = (
            each.result in ("loaded", "unchanged") and not each.counts.quarantined for each in self.outcomes
        )
        fetched = all(each.error is None for each in self.pulls)
        return DONE if all(spotless) and fetched and not self.problems else PARTLY


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is asked to do: one source alone, all but some, and whether anything may be written."""

    only: str | None = None
    off: tuple[str, ...] = ()
    dry_run: bool = False
    limits: dict[str, float] = field(default_factory=dict)


def run(
    config: Config,
    watch: Watch,
    only: str | None = None,
    dry_run: bool = False,
    accept: Callable[[Ready], None] | None = None,
    *,
    pull: Callable[[], tuple[Pulled, ...]] = tuple,
) -> Report:
    """Carry out one run of a pipeline; with `only`, deliveries of that source alone; with `dry_run`, nothing is written.

    `accept` is shown the plugins before the first delivery, and may raise. `pull` fetches what has to be fetched, before
    the warehouse is held: a long pull keeps nobody out of it; a dry run never calls it. A fault of one delivery is its outcome and never
    ends the run. Raises KeyFileError, WarehouseError, LockedError, ClusterError.
    """
    scope = _scope(config, only, dry_run)
    with ExitStack() as stack:
        executor = stack.enter_context(_executor(config))
        if accept is not None:
            accept(executor.ready())
        pulled = () if dry_run else pull()
        keys = _keys(config, dry_run)
        warehouse = stack.enter_context(_opened(config, keys, dry_run))
        stack.enter_context(warehouse.lock())
        room = stack.enter_context(workroom(config.work))
        archive = None if dry_run or keys is None else Archive(config.kept, keys)
        loading = Loading(executor, warehouse, watch, scope, archive)
        landed = [folder for folder in config.landings.values() if folder.is_dir()]
        coming = arrivals(
            (*config.inbox, *landed),
            room,
            config.settle_seconds,
            config.limits.file_mb,
            _known(warehouse),
        )
        report = Report(tuple(loading.outcomes(coming)), _problems(executor), dry_run, pulled)
        loading.close(report.exit_code)
        return replace(report, published=_published(config, warehouse, dry_run))


def _published(config: Config, warehouse: Warehouse, dry_run: bool) -> Published | None:
    """A killed run may have left without: whether there is anything to publish is asked of the warehouse, not of this run."""
    return None if dry_run or config.publish is None else publish(warehouse, config.publish)


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


def _names(ready: Ready) -> list[str]:
    return [source.name for source in ready.sources]


def _problems(executor: Executor) -> tuple[Problem, ...]:
    """The plugins that cannot be used; where not even the child can be started, that."""
    try:
        return executor.ready().problems
    except DeliveryError as fault:
        return (Problem("etl_core.child", "chuanyu-etl", version("chuanyu-etl"), fault.code),)


def _known(warehouse: Warehouse) -> Callable[[str], bool]:
    """Whether bytes are loaded: asked once for all that were before the run, and again for each that was not."""
    before = warehouse.loaded()
    return lambda fingerprint: fingerprint in before or warehouse.known(fingerprint) is not None


def _executor(config: Config) -> AbstractContextManager[Executor]:
    if config.executor == "dask":
        return _cluster(config)
    processes = config.processes or max(1, min(4, len(os.sched_getaffinity(0)) - 1))
    return Pool(_hello(config), config.limits.seconds, processes)


def _cluster(config: Config) -> Cluster:
    try:
        from etl_core.cluster import Cluster
    except ModuleNotFoundError as missing:
        raise ClusterError(
            f"executor: dask 缺少 {missing.name}，请运行｜executor: dask lacks {missing.name}, run: "
            "pip install 'chuanyu-etl[dask]'"
        ) from None
    return Cluster(_hello(config), config.limits.seconds, config.dask)


def _hello(config: Config) -> Hello:
    return Hello(config.limits.memory_mb, config.plugins.allow, config.plugins.deny)


def _scope(config: Config, only: str | None, dry_run: bool) -> Scope:
    off = tuple(name for name, settings in config.sources.items() if not settings.enabled)
    limits = {name: each.error_limit for name, each in config.sources.items() if each.error_limit is not None}
    return Scope(only, off, dry_run, limits)


def _keys(config: Config, dry_run: bool) -> Keys | None:
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


def _opened(config: Config, keys: Keys | None, dry_run: bool) -> Warehouse:
    """The warehouse; a dry run before the first run has none to look at, and must not make one."""
    from etl_core.warehouse import Warehouse

    url = config.warehouse.url.get_secret_value()
    if dry_run and not Warehouse.keyed(url):
        return Warehouse.memory()
    return Warehouse.open(url, keys, create=not dry_run)


class Loading:
    """The deliveries of one run, loaded one after another, read ahead."""

    def __init__(
        self,
        executor: Executor,
        warehouse: Warehouse,
        watch: Watch,
        scope: Scope,
        archive: Archive | None = None,
    ) -> None:
        from etl_core.warehouse import Run

        self._executor, self._warehouse, self._watch, self._scope = executor, warehouse, watch, scope
        self._archive = archive
        self._run = Run(uuid.uuid4().hex, datetime.now(UTC), f"chuanyu-etl {version('chuanyu-etl')}")

    def outcomes(self, coming: Iterator[Arrival | Refused | Unchanged]) -> Iterator[Outcome]:
        """One outcome for each delivery that this run is concerned with."""
        for item, begun in ahead(coming, self._begun, self._executor.size):
            started = time.monotonic()
            outcome = self._outcome(item, begun)
            if outcome is not None:
                timed = replace(outcome, seconds=time.monotonic() - started)
                self._watch.finished(timed)
                yield timed

    def close(self, exit_code: int) -> None:
        """Note how the run ended, where it changed anything."""
        if not self._scope.dry_run:
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
            return Outcome(item.name, None, "unchanged")
        if isinstance(item, Refused):
            return Outcome(item.name, None, "failed", error=item.error.code, detail=item.error.detail)
        with released(item), closing(answers(self._executor, self._job(item), begun)) as told:
            if begun is not None and self._warehouse.known(item.fingerprint) is not None:
                begun.drop()  # the same bytes were loaded since, under another name
                return Outcome(item.name, None, "unchanged")
            self._watch.started(item.name)
            return self._delivered(item, told)

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
        scope = self._scope
        claimed = next(told)
        if not isinstance(claimed, Claimed):
            return None
        step("claimed")
        source = self._facts(claimed.source)
        if self._archive is not None:
            self._archive.keep(arrival)
            step("archived")
        limit = scope.limits.get(source.name, source.error_limit)
        with self._warehouse.delivery(
            arrival,
            source.name,
            claimed.place,
            semantics=source.semantics,
            key=source.key,
            variant=source.variant,
            plugin=source.plugin,
            run=self._run,
            dry_run=scope.dry_run,
        ) as load:
            accounts = self._filled(load, told)
            counts = load.finish(limit, accounts)
        done = Outcome(arrival.name, source.name, load.result, counts, place=claimed.place, accounts=accounts)
        if load.result == "rejected":
            done = replace(done, error="too_many_errors", detail=_excess(counts, limit))
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
        if not self._scope.dry_run:
            self._warehouse.failed(arrival, source, code, detail, self._run)
        return Outcome(arrival.name, source or None, "failed", error=code, detail=detail)
