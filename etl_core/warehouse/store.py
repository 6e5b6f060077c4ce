"""The warehouse as the rest of the framework sees it: open it, lock it, load into it, ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Self

import polars as pl
import sqlalchemy as sa

from etl_core.errors import BalanceError, KeyFileError, WarehouseError
from etl_core.keys import Keys
from etl_core.records import Arrival, Place
from etl_core.steps import step
from etl_core.warehouse import bulk, dialect, ledger, lock, measures, outcomes, rows, schema, tables, writer
from etl_core.warehouse.load import Load
from etl_core.warehouse.settle import SEMANTICS
from etl_core.warehouse.view import View


class Warehouse:
    """An open warehouse. Close it, or use it as a context.

    keys: None opens it for questions only; loading and unsealing need the keys it was made with.
    """

    def __init__(self, engine: sa.Engine, keys: Keys | None) -> None:
        self._engine, self._keys = engine, keys

    @classmethod
    def open(cls, url: str, keys: Keys | None, create: bool = True) -> Warehouse:
        """Open by SQLAlchemy URL (or the path of an SQLite file), bring its schema to ours, check the key.

        create: make an SQLite file that does not exist.
        Raises WarehouseError (not reachable, schema too new) and KeyFileError (the key is not this warehouse's).
        """
        opened = cls(dialect.connectable(dialect.address(url), create), keys)
        try:
            schema.upgrade(opened._engine)
            opened._check_key()
        except BaseException:
            opened.close()
            raise
        return opened

    @staticmethod
    def keyed(url: str) -> bool:
        """Whether there is a warehouse that has its key already; none is made. Raises WarehouseError (not reachable)."""
        address = dialect.address(url)
        file = dialect.file_of(address)
        if file is not None and not file.exists():
            return False
        engine = dialect.connectable(address, create=False)
        try:
            with dialect.reading(engine, "looking for a warehouse") as connection:
                return schema.revision(connection) is not None and _check_value(connection) is not None
        finally:
            engine.dispose()

    @classmethod
    def memory(cls) -> Warehouse:
        """A warehouse that is gone when it is closed, with a key that nobody has."""
        opened = cls(dialect.connectable(dialect.address("sqlite://"), create=True), Keys.random())
        schema.draw(opened._engine)
        opened._check_key()
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

    def lock(self) -> AbstractContextManager[None]:
        """Be the only writer; LockedError when another process is (house rule: one writer per warehouse)."""
        return lock.locked(self._engine)

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
        dry_run: bool = False,
    ) -> Iterator[Load]:
        """Load one delivery in one transaction: call `add` for each batch, then `finish`.

        semantics: a name in SEMANTICS. key: the fields of the natural key; "person" stands for the person's
        identity within the source. variant: fields of the key in which the records of one row differ.
        dry_run: take everything back at the end; counts, result and plan stay readable.
        Everything is taken back, too, when the block raises, and when the delivery is rejected just as it was before: a night
        that finds nothing new changes nothing. Raises BalanceError when it ends unfinished.
        """
        keys = self._secret()
        if semantics not in SEMANTICS:
            raise WarehouseError(f"{source}: deliveries cannot add up as {semantics!r}")
        account = ledger.Account(source, semantics, plugin)
        with dialect.writing(self._engine, f"loading a delivery of {source}") as connection:
            before = ledger.rejected(connection, arrival.fingerprint, source)
            number = ledger.begin(connection, arrival, account, place, run)
            step("begun")
            batch = rows.Batch(number, source, arrival.fingerprint, place, key, variant)
            stage = bulk.staging(connection, tables.record, tables.person)
            with stage as staged, writer.writing() as thread:
                load = Load(connection, keys, batch, staged, thread)
                yield load
            if not load.result:
                raise BalanceError("the books of the delivery were not closed")
            if dry_run or before == ledger.rejected(connection, arrival.fingerprint, source) != []:
                connection.rollback()
            step("committing")
        step("committed")

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
        with dialect.writing(self._engine, "noting a failed delivery") as connection:
            ledger.fail(connection, arrival, account, place, run, error=error, detail=dict(detail))
        step("noted")

    def finished(self, run_id: str, exit_code: int) -> None:
        """Note how a run ended; nothing is written for a run that changed nothing."""
        with self._ask() as connection:
            if not ledger.noted(connection, run_id):
                return
        with dialect.writing(self._engine, "noting the end of a run") as connection:
            ledger.end(connection, run_id, exit_code)
        step("ended")

    def known(self, fingerprint: str, source: str | None = None) -> dict[str, Any] | None:
        """The ledger's line of these bytes if they are loaded; rejected or failed ones are tried again."""
        with self._ask() as connection:
            return ledger.known(connection, fingerprint, source)

    def loaded(self) -> frozenset[str]:
        """The fingerprints of all deliveries that are loaded, as `known` knows them one by one."""
        with self._ask() as connection:
            return ledger.loaded(connection)

    def measures(self, source: str | None = None) -> dict[str, str]:
        """The figures of ruling 76 for one source or for all; see warehouse/measures.py."""
        with self._ask() as connection:
            return measures.measures(connection, source)

    def outcomes(self, delivery_id: int) -> pl.DataFrame:
        """What became of every physical row of a delivery; see warehouse/outcomes.py."""
        with self._ask() as connection:
            return outcomes.outcomes(connection, delivery_id)

    def records(self, delivery_id: int) -> pl.DataFrame:
        """Every record of a delivery, whatever its state, without ID numbers."""
        with self._ask() as connection:
            return outcomes.records(connection, delivery_id)

    def deliveries(self, source: str | None = None) -> pl.DataFrame:
        """The lines of the run ledger, by source and effective order."""
        with self._ask() as connection:
            return outcomes.deliveries(connection, source)

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
        return dialect.reading(self._engine, "reading the warehouse")

    def _secret(self) -> Keys:
        if self._keys is None:
            raise KeyFileError("the warehouse was opened without its key")
        return self._keys

    def _check_key(self) -> None:
        """A warehouse keeps the check value of its first key, and refuses any other before the first row."""
        with self._ask() as connection:
            found = _check_value(connection)
        if self._keys is not None and found is None:
            found = self._bind(self._keys)
        if self._keys is not None and found != self._keys.check_value():
            raise KeyFileError(
                "密钥不是建立这个仓库时所用的那一个，请换回原来的密钥文件"
                "｜the key is not the one this warehouse was made with"
            )

    def _bind(self, keys: Keys) -> bytes | None:
        """Give a new warehouse its key; of two first runs at the same moment the earlier one's stands."""
        with dialect.writing(self._engine, "making the warehouse") as connection:
            dialect.alone(connection)
            found = _check_value(connection)
            if found is None:
                first = sa.insert(tables.warehouse)
                connection.execute(first.values(key_check=keys.check_value(), created_at=dialect.now()))
        return found or keys.check_value()


def _check_value(connection: sa.Connection) -> bytes | None:
    """The check value of the warehouse's key; None as long as it has none."""
    return connection.execute(sa.select(tables.warehouse.c.key_check)).scalar_one_or_none()
