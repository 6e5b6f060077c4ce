"""What is done with deliveries that came before: made again from the archive, read again by mended plugins, taken back.

Nothing here loads in a way of its own: every delivery goes through loading.Loading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from etl_core import marks
from etl_core.archive import Archive
from etl_core.config import Config
from etl_core.errors import DeliveryError, SealError, WarehouseError
from etl_core.explain import EXPLAINED
from etl_core.inbox import Refused, workroom
from etl_core.keys import Keys
from etl_core.loading import EVERY, Loading, Scope, Watch, begun
from etl_core.night import Night
from etl_core.pipeline import DONE, Report, children, hello, marked_by, problems, scope, sources
from etl_core.pool import Executor
from etl_core.protocol import Job
from etl_core.records import Arrival, Outcome
from etl_core.supervisor import Supervisor
from etl_schemas.training import FIELDS

# SQLAlchemy is imported beside the child's own imports, as in pipeline.py.
if TYPE_CHECKING:
    from etl_core.warehouse import Left, Warehouse


@dataclass(frozen=True, slots=True)
class Kept:
    """A pipeline's warehouse, of which we are the only writer, and its archive."""

    warehouse: Warehouse
    archive: Archive


@contextmanager
def kept(config: Config, into: str | None = None, dry_run: bool = False) -> Iterator[Kept]:
    """Open both with the key file that there is; the warehouse at `into` is made where there is none.

    An older one is brought to our schema, but for a dry run.
    Raises KeyFileError, WarehouseError, LockedError.
    """
    from etl_core.warehouse import Warehouse

    keys = Keys.load(config.key_file, create=False)
    url = into or config.warehouse.url.get_secret_value()
    with Warehouse.open(url, keys, into is not None, not dry_run) as warehouse, warehouse.lock():
        yield Kept(warehouse, Archive(config.kept, keys))


def rebuild(config: Config, watch: Watch, into: str | None = None) -> Report:
    """Make an empty warehouse from the archive alone; deliveries that a person has revoked stay revoked.

    A source that is not enabled any more is loaded too: what it delivered stands. The brake holds as in a run: what was let
    through once is let through again, what it stopped is stopped. Raises WarehouseError where the warehouse is not empty,
    and as `kept`.
    """
    url = into or config.warehouse.url.get_secret_value()
    with ExitStack() as stack:
        executor = stack.enter_context(children(config))
        both = stack.enter_context(kept(config, url))
        if not both.warehouse.empty():
            raise WarehouseError(
                "仓库里已有报送，只能重建到空仓库；请用 --into 另指一个｜the warehouse is not empty: name an empty one by --into"
            )
        room = stack.enter_context(workroom(config.work))
        night = Night(config, command="rebuild")
        loading = Loading(
            executor,
            both.warehouse,
            watch,
            _scope(config),
            archive=both.archive,
            run=begun(night.run_id),
            marks=both.archive.marks(),
        )
        coming = _taken(both.archive, both.archive.standing(), room)
        return _ended(night, both, executor, loading.outcomes(coming))


def _ended(
    night: Night, both: Kept, executor: Executor, outcomes: Iterator[Outcome], dry_run: bool = False
) -> Report:
    """What a command did, kept as the record of a run."""
    report = Report(tuple(night.noted(outcomes)), problems(executor), dry_run, run_id=night.run_id)
    troubles = night.end(both.warehouse, sources(executor), report.problems, report.exit_code)
    return replace(report, troubles=tuple(troubles))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What reading again did; `absent`: names of deliveries that came before there was an archive."""

    report: Report
    absent: tuple[str, ...] = ()


def replay(config: Config, watch: Watch, only: str | None = None, dry_run: bool = False) -> Replayed:
    """Read every delivery again of which something waits, by today's plugins, each in a transaction of its own.

    The state is then as if these plugins had been there from the start. Raises as `kept`.
    """
    with ExitStack() as stack:
        executor = stack.enter_context(children(config))
        both = stack.enter_context(kept(config, dry_run=dry_run))
        room = stack.enter_context(workroom(config.work))
        lines = both.warehouse.again(only)
        again = {line.fingerprint: line.delivery_id for line in lines if line.fingerprint in both.archive}
        marked = marked_by(both.warehouse, both.archive, dry_run)
        if dry_run:
            stack.enter_context(both.warehouse.rehearsal())
        asked = replace(_scope(config), only=only, dry_run=dry_run)
        night = Night(config, only, dry_run, command="replay")
        loading = Loading(
            executor,
            both.warehouse,
            watch,
            asked,
            archive=both.archive,
            run=begun(night.run_id),
            again=again,
            marks=marked,
        )
        coming = _taken(both.archive, again, room)
        report = _ended(night, both, executor, loading.outcomes(coming), dry_run)
        # What failed before anybody recognised it was never kept; every run tries it again anyway.
        absent = (line for line in lines if line.fingerprint not in again and line.result != "failed")
        return Replayed(report, tuple(line.file for line in absent))


def revoke(config: Config, delivery_id: int, dry_run: bool = False) -> Left | None:
    """Undo exactly one delivery; no run loads its bytes again. None where it is revoked already: nothing is left to be done.

    Raises WarehouseError for none, and as `kept`.
    """
    with kept(config, dry_run=dry_run) as both:
        if not dry_run:
            marks.followed(both.warehouse, both.archive)
        if _gone(both.warehouse, delivery_id) is not None:
            return None
        night = Night(config, dry_run=dry_run, command="revoke")
        with both.warehouse.revoking(delivery_id, begun(night.run_id), dry_run) as left:
            pass
        if not dry_run:
            marks.followed(both.warehouse, both.archive)
            night.note(_taken_back(left))
            night.end(both.warehouse, (), (), DONE)
        return left


def _taken_back(left: Left) -> Outcome:
    """A revoked delivery as a record of a run tells it."""
    return Outcome(
        left.file,
        left.source or None,
        "revoked",
        inserted=left.revived,
        withdrawn=left.gone,
        fingerprint=left.fingerprint,
    )


def restore(config: Config, delivery_id: int, watch: Watch) -> Report | None:
    """Load a revoked delivery once more, from the archive; None where only its bytes may be loaded again, for it is not there.

    Raises WarehouseError where no delivery of this number is revoked, and as `kept`.
    """
    with ExitStack() as stack:
        executor = stack.enter_context(children(config))
        both = stack.enter_context(kept(config))
        room = stack.enter_context(workroom(config.work))  # removes what a killed one left in its own
        marked = marks.followed(both.warehouse, both.archive)
        night = Night(config, command="restore")
        fingerprint = _barred(both.warehouse, delivery_id)
        if fingerprint not in both.archive:
            both.warehouse.lift(fingerprint, begun(night.run_id))
            marks.followed(both.warehouse, both.archive)
            night.end(both.warehouse, (), (), DONE)
            return None
        loading = Loading(
            executor,
            both.warehouse,
            watch,
            replace(_scope(config), unbraked=EVERY),
            archive=both.archive,
            run=begun(night.run_id),
            marks=marked,
        )
        report = _ended(night, both, executor, loading.outcomes(_taken(both.archive, [fingerprint], room)))
        marks.followed(both.warehouse, both.archive)
        return report


@dataclass(frozen=True, slots=True)
class Told:
    """A record and how it was made: its line in the warehouse, today's plugin, and explain.EXPLAINED of its row.

    lines: only those of this very record. They are empty where today's plugin makes no record of the row.
    """

    record: dict[str, Any]
    plugin: str
    lines: pl.DataFrame


def explain(config: Config, record_id: int) -> Told:
    """From a record back to the cells of the delivery that the archive keeps; only the child looks into it.

    Raises WarehouseError where there is no such record, or nothing of it in the archive; KeyFileError, SealError; DeliveryError
    where today's plugins cannot read the delivery.
    """
    from etl_core.warehouse import Warehouse

    with ExitStack() as stack:
        supervisor = stack.enter_context(Supervisor(hello(config), config.limits.seconds))
        keys = Keys.load(config.key_file, create=False)
        url = config.warehouse.url.get_secret_value()
        warehouse = stack.enter_context(Warehouse.open(url, keys, create=False, migrate=False))
        record = warehouse.record(record_id)
        if record is None:
            raise WarehouseError(f"没有编号为 {record_id} 的记录｜there is no record {record_id}")
        room = stack.enter_context(workroom(config.work))
        arrival = stack.enter_context(_found(Archive(config.kept, keys), record["fingerprint"], room))
        at = (record["file"], record["sheet"], record["row"])
        explained = supervisor.explain(
            Job(str(arrival.path), arrival.name, arrival.modified, record["source"], at=at)
        )
        facts = next((one for one in supervisor.ready().sources if one.name == record["source"]), None)
        lines = explained.lines if explained is not None else pl.DataFrame(schema=EXPLAINED)
        return Told(record, facts.plugin if facts else "", _own(lines, record))


@contextmanager
def _found(archive: Archive, fingerprint: str, room: Path) -> Iterator[Arrival]:
    try:
        with archive.taken(fingerprint, room) as arrival:
            yield arrival
    except KeyError:
        raise WarehouseError(
            "存档里没有这份报送，无法回到单元格｜the archive does not have this delivery: there are no cells to go back to"
        ) from None


def _own(lines: pl.DataFrame, record: dict[str, Any]) -> pl.DataFrame:
    """The lines about the record that agrees with the warehouse in most fields: a row may give several."""
    said = {field: None if (value := record.get(field)) is None else str(value) for field in FIELDS}
    stored = pl.DataFrame(
        {"field": list(said), "stored": list(said.values())}, schema_overrides={"stored": pl.String}
    )
    told = lines.join(stored, on="field", how="left", maintain_order="left")
    alike = told.group_by("record").agg(pl.col("value").eq_missing(pl.col("stored")).sum().alias("alike"))
    best = alike.sort("alike", "record", descending=[True, False]).head(1)
    return told.join(best, on="record", how="semi", maintain_order="left")


def _barred(warehouse: Warehouse, delivery_id: int) -> str:
    fingerprint = _gone(warehouse, delivery_id)
    if fingerprint is None:
        raise WarehouseError(f"没有撤销过编号为 {delivery_id} 的报送｜no delivery {delivery_id} is revoked")
    return fingerprint


def _gone(warehouse: Warehouse, delivery_id: int) -> str | None:
    """The fingerprint of a delivery that is revoked, and None for any other."""
    line = warehouse.former(delivery_id)
    if line is None or line["way"] != "revoked" or line["restored_at"] is not None:
        return None
    return str(line["fingerprint"])


def _taken(archive: Archive, fingerprints: Iterable[str], room: Path) -> Iterator[Arrival | Refused]:
    """Each delivery as it arrived; one that does not open is refused, and no reason to stop."""
    for fingerprint in fingerprints:
        try:
            yield archive.given(fingerprint, room)
        except SealError:
            yield Refused(fingerprint, DeliveryError("archive.damaged"))


def _scope(config: Config) -> Scope:
    """Every source, be it enabled or not, under the limits of the configuration."""
    return replace(scope(config), off=())
