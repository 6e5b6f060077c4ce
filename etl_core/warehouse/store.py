"""The warehouse as the rest of the framework sees it: open it, lock it, load into it, ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

import polars as pl
import sqlalchemy as sa

from etl_core.errors import BalanceError, KeyFileError, WarehouseError
from etl_core.keys import Keys
from etl_core.records import BRAKE, Arrival, Place
from etl_core.steps import step
from etl_core.warehouse import (
    about,
    alerting,
    asof,
    bulk,
    dialect,
    integrity,
    leave,
    ledger,
    lock,
    measures,
    mended,
    outcomes,
    reread,
    rows,
    schema,
    tables,
    writer,
)
from etl_core.warehouse.load import Load
from etl_core.warehouse.settle import SEMANTICS
from etl_core.warehouse.view import View


class Warehouse:
    """An open warehouse. Close it, or use it as a context.

    keys: None opens it for questions only; loading and unsealing need the keys it was made with.
    """

    def __init__(self, engine: sa.Engine, keys: Keys | None) -> None:
        self._engine, self._keys = engine, keys
        self._rehearsed: sa.Connection | None = None
        self._fence: lock.Fence = lock.unfenced

    @classmethod
    def open(
        cls,
        url: str,
        keys: Keys | None,
        create: bool = True,
        migrate: bool = True,
        *,
        wait: float = 0,
        waiting: Callable[[str], None] = lock.nobody,
    ) -> Warehouse:
        """Open by SQLAlchemy URL (or the path of an SQLite file) and check the key.

        create: make a warehouse where there is none. migrate: bring an older schema to ours. With neither, nothing is written.
        Both are done under the lock, for which one waits as in `lock`, and an older one only after the key was found to be its own.
        Raises WarehouseError (not there, not reachable, schema too new), OlderError (too old and not to be migrated),
        LockedError, KeyFileError (the key is not this warehouse's).
        """
        opened = cls(dialect.connectable(dialect.address(url), create), keys)
        try:
            if opened._wanting(create, migrate):
                with opened.lock(wait, waiting):
                    opened._complete()
        except BaseException:
            opened.close()
            raise
        return opened

    @staticmethod
    def keyed(url: str) -> bool:
        """Whether there is a warehouse that has its key already; none is made. Raises WarehouseError (not reachable)."""
        with _looking(url) as engine:
            return engine is not None and schema.found(engine) is not None and _key_of(engine) is not None

    @staticmethod
    def revision_of(url: str) -> str | None:
        """The version of a warehouse's schema, which stays as it is; None where there is none. Raises WarehouseError (not reachable)."""
        with _looking(url) as engine:
            return None if engine is None else schema.found(engine)

    @classmethod
    def memory(cls) -> Warehouse:
        """A warehouse that is gone when it is closed, with a key that nobody has."""
        opened = cls(dialect.connectable(dialect.address("sqlite://"), create=True), Keys.random())
        schema.draw(opened._engine)
        opened._bind(opened._secret())
        return opened

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def lock(self, wait: float = 0, waiting: Callable[[str], None] = lock.nobody) -> Iterator[None]:
        """Be the only writer; LockedError when another process still is after `wait` seconds; see warehouse/lock.py."""
        with lock.locked(self._engine, wait, waiting) as fence:
            self._fence = fence
            try:
                yield
            finally:
                self._fence = lock.unfenced

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """What is written inside is seen inside, as if it stayed, and all of it is taken back at the end."""
        with dialect.writing(self._engine, "试运行｜rehearsing") as connection:
            self._rehearsed = connection
            try:
                yield
            finally:
                self._rehearsed = None
                connection.rollback()

    @contextmanager
    def delivery(
        self,
        arrival: Arrival,
        source: str,
        place: Place,
        *,
        semantics: str,
        key: tuple[str, ...],
        run: ledger.Run,
        variant: tuple[str, ...] = (),
        plugin: str = "",
        mends: str = "",
        dry_run: bool = False,
        replaces: int | None = None,
        allowed: bool = False,
    ) -> Iterator[Load]:
        """Load one delivery in one transaction: call `add` for each batch, then `finish`.

        semantics: a name in SEMANTICS. key: the fields of the natural key; "person" stands for the person's
        identity within the source. variant: fields of the key in which the records of one row differ.
        mends: the fingerprint of the loaded delivery that this one mends (docs/mending.md).
        dry_run: take everything back at the end; counts, result and plan stay readable.
        replaces: a delivery of the same bytes that leaves first; where it says the same as before, or would be rejected
            now though it was loaded, everything is taken back and `load.reread.kept` says so.
        allowed: a person let these bytes through the brake before; it does so again.
        Everything is taken back, too, when the block raises, and when the delivery is rejected just as it was before: a night
        that finds nothing new changes nothing. Raises BalanceError when it ends unfinished.
        """
        keys = self._secret()
        if semantics not in SEMANTICS:
            raise WarehouseError(f"{source}: deliveries cannot add up as {semantics!r}")
        account = ledger.Account(source, semantics, plugin, mends)
        with self._write(f"装载 {source} 的报送｜loading a delivery of {source}") as connection:
            before = ledger.rejected(connection, arrival.fingerprint, source)
            stopped = any(line.error == BRAKE for line in before)
            former = None if replaces is None else reread.former(connection, replaces)
            if former is not None:
                former.leave(connection, run)
            number = ledger.begin(connection, arrival, account, place, run)
            step("begun")
            batch = rows.Batch(number, source, arrival.fingerprint, place, key, variant)
            stage = bulk.staging(connection, tables.record, tables.person, files=self._rehearsed is None)
            with stage as staged, writer.writing() as thread:
                load = Load(connection, keys, batch, staged, thread, allowed=allowed, stopped=stopped)
                yield load
            if not load.result:
                raise BalanceError("the books of the delivery were not closed")
            if former is not None:
                load.reread = former.compared(connection, number)
            same = before == ledger.rejected(connection, arrival.fingerprint, source) != []
            if dry_run or same or (load.reread is not None and load.reread.kept):
                _take_back(connection)
            step("committing")
        step("committed")

    @contextmanager
    def revoking(self, delivery_id: int, run: ledger.Run, dry_run: bool = False) -> Iterator[leave.Left]:
        """Take one delivery out for good, in one transaction that ends with the block; see warehouse/leave.py.

        Raises WarehouseError where there is no such delivery.
        """
        with self._write("撤销报送｜revoking a delivery") as connection:
            yield leave.leave(connection, delivery_id, "revoked", run)
            if dry_run:
                _take_back(connection)

    def failed(
        self,
        arrival: Arrival,
        source: str | None,
        error: str,
        detail: Mapping[str, str | int],
        run: ledger.Run,
        *,
        place: Place = ledger.NOWHERE,
        plugin: str = "",
    ) -> None:
        """Note that a delivery failed as a whole; write nothing when the ledger says exactly that already.

        error: a delivery code of contract §3. source: None when no source recognised it.
        """
        account = ledger.Account(source or "", "", plugin)
        with self._ask() as connection:
            if ledger.failed_alike(connection, arrival, account.source, error, dict(detail)):
                return
        with self._write("登记未入库的报送｜noting a failed delivery") as connection:
            ledger.fail(connection, arrival, account, place, run, error=error, detail=dict(detail))
        step("noted")

    def finished(self, run_id: str, exit_code: int, document: Mapping[str, Any] | None = None) -> None:
        """Note how a run ended, and its record; nothing is written for a run that changed nothing."""
        with self._ask() as connection:
            if not ledger.noted(connection, run_id):
                return
        with self._write("登记运行的结束｜noting the end of a run") as connection:
            ledger.end(connection, run_id, exit_code, document)
        step("ended")

    def runs(self) -> list[dict[str, Any]]:
        """The lines of all runs that changed something, the oldest first; `document` is the run record."""
        with self._ask() as connection:
            return ledger.runs(connection)

    def alerts(self) -> list[alerting.Standing]:
        """What people were told of, or are still to be told; see warehouse/alerting.py."""
        with self._ask() as connection:
            return alerting.standing(connection)

    def keep_alerts(self, before: list[alerting.Standing], after: list[alerting.Standing]) -> None:
        """Keep what changed of the alerts; nothing is written where nothing did."""
        if before != after:
            with self._write("登记告警｜keeping the alerts") as connection:
                alerting.keep(connection, before, after)

    def faults(self) -> list[integrity.Fault]:
        """What is wrong with the warehouse itself; see warehouse/integrity.py."""
        with self._ask() as connection:
            return integrity.faults(connection)

    def unsummed(self) -> int:
        """How many deliveries a check cannot compare with what was loaded."""
        with self._ask() as connection:
            return integrity.unsummed(connection)

    def revision(self) -> str | None:
        """The version of its schema."""
        with self._ask() as connection:
            return schema.revision(connection)

    def sizes(self) -> dict[str, int]:
        """How many rows each table has."""
        with self._ask() as connection:
            return integrity.sizes(connection)

    def known(self, fingerprint: str, source: str | None = None) -> dict[str, Any] | None:
        """The ledger's line of these bytes if they are loaded; rejected or failed ones are tried again."""
        with self._ask() as connection:
            return ledger.known(connection, fingerprint, source)

    def loaded(self) -> frozenset[str]:
        """The fingerprints of all deliveries that are loaded, as `known` knows them one by one."""
        with self._ask() as connection:
            return ledger.loaded(connection)

    def family(self, source: str, fingerprint: str) -> list[dict[str, Any]]:
        """The ledger's lines of a loaded delivery and of the mendings of it, in their order; none where it is not loaded."""
        with self._ask() as connection:
            return mended.family(connection, source, fingerprint)

    def mended(self, source: str) -> pl.DataFrame:
        """Which row stands for which in the mendings of a source: `delivery_id`, PLACE, and `of_file`, `of_sheet`, `of_row`."""
        with self._ask() as connection:
            return outcomes.mended(connection, source)

    def unknown(self, source: str | None = None) -> pl.DataFrame:
        """The words that no list has, of rows that wait and of records that stand; see warehouse/outcomes.py."""
        with self._ask() as connection:
            return outcomes.unknown(connection, source)

    def decided(self) -> ledger.Decided:
        """What persons decided about deliveries, which the marks of the archive follow (etl_core/marks.py)."""
        with self._ask() as connection:
            return ledger.decided(connection)

    def empty(self) -> bool:
        """Whether no delivery ever came."""
        with self._ask() as connection:
            return not ledger.ever(connection)

    def again(self, source: str | None = None) -> list[ledger.Line]:
        """The deliveries that a mended plugin may read otherwise: with open refused rows, rejected or failed."""
        with self._ask() as connection:
            return ledger.again(connection, source)

    def former(self, delivery_id: int) -> dict[str, Any] | None:
        """The line of a delivery that left; None where none with this number did."""
        with self._ask() as connection:
            return ledger.former(connection, delivery_id)

    def lift(self, fingerprint: str, run: ledger.Run) -> None:
        """Let bytes that were revoked be loaded again by whoever brings them."""
        with dialect.writing(self._engine, "恢复报送｜restoring a delivery") as connection:
            ledger.note(connection, run)
            ledger.restore(connection, fingerprint)

    def measures(
        self, source: str | None = None, known: datetime | None = None, valid: date | None = None
    ) -> dict[str, str]:
        """The figures of ruling 76 for one source or for all, now or at a point in both times; see warehouse/measures.py."""
        with self._ask() as connection:
            if known is None and valid is None:
                return measures.measures(connection, source)
            then = asof.then(asof.Point(known, valid))
            return measures.measures(connection, source, then.records, then.deliveries)

    def as_of(
        self, known: datetime | None = None, valid: date | None = None, source: str | None = None
    ) -> pl.DataFrame:
        """Every record with the state that it had at a point in both times, like `records`, and its `source`.

        known: by what was loaded at that moment (aware) and had not left; now when left out. valid: by deliveries whose
        effective date is not later; all of them when left out. See warehouse/asof.py.
        """
        with self._ask() as connection:
            return outcomes.standing(connection, asof.then(asof.Point(known, valid)).records, source)

    def outcomes(self, delivery_id: int) -> pl.DataFrame:
        """What became of every physical row of a delivery; see warehouse/outcomes.py."""
        with self._ask() as connection:
            return outcomes.outcomes(connection, delivery_id)

    def records(self, delivery_id: int) -> pl.DataFrame:
        """Every record of a delivery, whatever its state, without ID numbers."""
        with self._ask() as connection:
            return outcomes.records(connection, delivery_id)

    def record(self, record_id: int) -> dict[str, Any] | None:
        """One record with what its delivery says of it, be it a former one; see warehouse/outcomes.py."""
        with self._ask() as connection:
            return outcomes.record_of(connection, record_id)

    def deliveries(self, source: str | None = None) -> pl.DataFrame:
        """The lines of the run ledger, by source and effective order."""
        with self._ask() as connection:
            return outcomes.deliveries(connection, source)

    def formers(self, source: str | None = None) -> pl.DataFrame:
        """The lines of deliveries that left, by source and effective order."""
        with self._ask() as connection:
            return outcomes.formers(connection, source)

    def about(self, delivery_id: int) -> dict[str, Any] | None:
        """Everything about one delivery; see warehouse/about.py."""
        with self._ask() as connection:
            return about.about(connection, delivery_id)

    def differences(self, first: int, second: int) -> pl.DataFrame:
        """What two deliveries differ in, record by record; see warehouse/about.py."""
        with self._ask() as connection:
            return about.differences(connection, first, second)

    def reasons(self, source: str | None = None, delivery_id: int | None = None) -> pl.DataFrame:
        """Why rows wait in quarantine, without their cells; see warehouse/outcomes.py."""
        with self._ask() as connection:
            return outcomes.reasons(connection, source, delivery_id)

    def quarantined(self, source: str, delivery_id: int | None = None) -> pl.DataFrame:
        """Refused rows with their reasons and unsealed cells: personal data, for the owner's eyes only."""
        keys = self._secret()
        with self._ask() as connection:
            return outcomes.quarantined(connection, keys, source, delivery_id)

    @contextmanager
    def view(self) -> Iterator[View]:
        """What is published, all of it from one moment; see warehouse/view.py."""
        with self._ask() as connection:
            yield View(connection)

    def _ask(self) -> AbstractContextManager[sa.Connection]:
        if self._rehearsed is not None:
            return nullcontext(self._rehearsed)
        return dialect.reading(self._engine, "读取仓库｜reading the warehouse")

    @contextmanager
    def _write(self, doing: str) -> Iterator[sa.Connection]:
        """A transaction of its own, or a part of the rehearsal's."""
        if self._rehearsed is None:
            with dialect.writing(self._engine, doing) as connection:
                self._fence(connection)
                yield connection
        else:
            with dialect.guarded(self._engine, doing), self._rehearsed.begin_nested():
                yield self._rehearsed

    def _secret(self) -> Keys:
        if self._keys is None:
            raise KeyFileError("the warehouse was opened without its key")
        return self._keys

    def _wanting(self, create: bool, migrate: bool) -> bool:
        """Whether it lacks tables or its key, and may be given them."""
        version = schema.known(self._engine)
        bound = None if version is None else self._own(_key_of(self._engine))
        schema.demand(version, dialect.shown(self._engine.url), create, migrate)
        keyless = bound is None and self._keys is not None
        return (create or migrate) and (version != schema.HEAD or keyless)

    def _complete(self) -> None:
        """Give it what it lacks; another may have done so while we waited."""
        schema.upgrade(self._engine)
        if self._keys is not None:
            self._own(self._bind(self._keys))

    def _own(self, found: bytes | None) -> bytes | None:
        """A warehouse keeps the check value of its first key, and refuses any other before the first row."""
        if None not in (self._keys, found) and found != self._secret().check_value():
            raise KeyFileError(
                "密钥不是建立这个仓库时所用的那一个，请换回原来的密钥文件"
                "｜the key is not the one this warehouse was made with"
            )
        return found

    def _bind(self, keys: Keys) -> bytes:
        """Give a new warehouse its key; of two first runs at the same moment the earlier one's stands."""
        with dialect.writing(self._engine, "建立仓库｜making the warehouse") as connection:
            dialect.alone(connection)
            found = _check_value(connection)
            if found is None:
                first = sa.insert(tables.warehouse)
                connection.execute(first.values(key_check=keys.check_value(), created_at=dialect.now()))
        return found or keys.check_value()


@contextmanager
def _looking(url: str) -> Iterator[sa.Engine | None]:
    """A way to what there is, which stays as it is; None where not even a file is there."""
    address = dialect.address(url)
    file = dialect.file_of(address)
    if file is not None and not file.exists():
        yield None
        return
    engine = dialect.connectable(address, create=False)
    try:
        yield engine
    finally:
        engine.dispose()


def _key_of(engine: sa.Engine) -> bytes | None:
    with dialect.reading(engine, "looking for the key of the warehouse") as connection:
        return _check_value(connection)


def _check_value(connection: sa.Connection) -> bytes | None:
    """The check value of the warehouse's key; None as long as it has none."""
    return connection.execute(sa.select(tables.warehouse.c.key_check)).scalar_one_or_none()


def _take_back(connection: sa.Connection) -> None:
    """What was written since the transaction began; in a rehearsal, since this part of it did."""
    (connection.get_nested_transaction() or connection).rollback()
