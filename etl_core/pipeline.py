"""One run: every new delivery of the inboxes through the child into the warehouse, each in a transaction of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from etl_core import marks
from etl_core.archive import Archive, Marks
from etl_core.config import Config
from etl_core.errors import PARTLY, USAGE, ClusterError, DeliveryError, KeyFileError, exit_code
from etl_core.inbox import CLOSED, arrivals, single, workroom
from etl_core.keys import Keys
from etl_core.loading import Loading, Scope, Watch, begun, excess
from etl_core.night import Night, Trouble
from etl_core.pool import Executor, Pool
from etl_core.protocol import Hello, Problem, Ready, SourceFacts
from etl_core.publish import Published, publish
from etl_core.pulls import Pulled
from etl_core.records import Outcome

# SQLAlchemy takes 0.3 s to import: time that the child, started before, needs for its own imports.
if TYPE_CHECKING:
    from etl_core.cluster import Cluster
    from etl_core.warehouse import Warehouse

# Exit codes beside those of errors.py: all loaded or nothing new; a delivery that was stopped waits for somebody to decide.
DONE, STOPPED = 0, 4
SPOTLESS = ("loaded", "unchanged", "revoked")  # results that nobody has to look at


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did (or would do): one outcome per delivery, the plugins that could not be used, what was fetched before and
    published after (or why that was refused by the system), and what of the run could not be kept or told."""

    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    dry_run: bool = False
    pulls: tuple[Pulled, ...] = ()
    run_id: str = ""
    troubles: tuple[Trouble, ...] = ()
    published: Published | None = None
    unpublished: OSError | None = None

    @property
    def exit_code(self) -> int:
        """DONE; PARTLY where a delivery failed or could not be fetched, a row was quarantined, or a plugin could not be used;
        STOPPED; USAGE where an inbox is closed, since nobody knows what lies in it; before all of them that of a snapshot that could
        not be written: analysts read the old one until somebody makes room.
        """
        if self.unpublished is not None:
            return exit_code(self.unpublished)
        if any(each.error == CLOSED for each in self.outcomes):
            return USAGE
        if any(each.stopped for each in self.outcomes):
            return STOPPED
        spotless = (each.result in SPOTLESS and not each.counts.quarantined for each in self.outcomes)
        fetched = all(each.error is None for each in self.pulls)
        return DONE if all(spotless) and fetched and not self.problems else PARTLY


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
    asked = scope(config, only, dry_run, allow_shrink)
    night = Night(config, only, dry_run)
    with night.kept(), ExitStack() as stack:
        executor = stack.enter_context(children(config))
        if accept is not None:
            accept(executor.ready())
        pulled = () if dry_run else pull()
        keys = keyed(config, dry_run)
        warehouse = stack.enter_context(_opened(config, keys, dry_run, wait, watch.waiting))
        stack.enter_context(warehouse.lock(wait, watch.waiting))
        room = stack.enter_context(workroom(config.work))
        if dry_run:
            stack.enter_context(warehouse.rehearsal())
        archive = None if keys is None else Archive(config.kept, keys)
        marked = marked_by(warehouse, archive, dry_run)
        loading = Loading(
            executor, warehouse, watch, asked, archive=archive, run=begun(night.run_id), marks=marked
        )
        landed = [folder for folder in config.landings.values() if folder.is_dir()]
        coming = arrivals(
            (*config.inbox, *landed),
            room,
            config.settle_seconds,
            config.limits.file_mb,
            _known(warehouse, marked.revoked),
        )
        outcomes = tuple(night.noted(loading.outcomes(coming)))
        report = Report(outcomes, problems(executor), dry_run, pulled, night.run_id)
        if dry_run:
            return report
        report = _published(report, config, warehouse)
        troubles = night.close(warehouse, sources(executor), report.problems, report.exit_code)
        return replace(report, troubles=tuple(troubles))


def _published(report: Report, config: Config, warehouse: Warehouse) -> Report:
    """A killed run may have left without: whether there is anything to publish is asked of the warehouse, not of this run.

    What was loaded stays loaded, and is told, where the snapshot cannot be written.
    """
    if config.publish is None:
        return report
    try:
        return replace(report, published=publish(warehouse, config.publish))
    except OSError as fault:
        return replace(report, unpublished=fault)


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
    detail = excess(outcome.counts, limits[str(outcome.source)])
    return replace(outcome, result="rejected", error="too_many_errors", detail=detail)


def _names(ready: Ready) -> list[str]:
    return [source.name for source in ready.sources]


def problems(executor: Executor) -> tuple[Problem, ...]:
    """The plugins that cannot be used; where not even the child can be started, that."""
    try:
        return executor.ready().problems
    except DeliveryError as fault:
        return (Problem("etl_core.child", "chuanyu-etl", version("chuanyu-etl"), fault.code),)


def sources(executor: Executor) -> tuple[SourceFacts, ...]:
    """The sources that can be used; none where not even the child can be started."""
    try:
        return executor.ready().sources
    except DeliveryError:
        return ()


def marked_by(warehouse: Warehouse, archive: Archive | None, dry_run: bool) -> Marks:
    """What persons decided, by the ledger or, where the warehouse was made again, by the archive; there is none before the first run."""
    if archive is None:
        return Marks()
    return (marks.foretold if dry_run else marks.followed)(warehouse, archive)


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


def scope(
    config: Config, only: str | None = None, dry_run: bool = False, allow_shrink: str | None = None
) -> Scope:
    """What the configuration says of every source, and what was asked for."""
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


def _opened(
    config: Config, keys: Keys | None, dry_run: bool, wait: float, waiting: Callable[[str], None]
) -> Warehouse:
    """The warehouse; a dry run before the first run has none to look at, and must not make one."""
    from etl_core.warehouse import Warehouse

    url = config.warehouse.url.get_secret_value()
    if dry_run and not Warehouse.keyed(url):
        return Warehouse.memory()
    return Warehouse.open(url, keys, not dry_run, not dry_run, wait=wait, waiting=waiting)
