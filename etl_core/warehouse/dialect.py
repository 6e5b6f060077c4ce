"""Everything in which SQLite and PostgreSQL differ, but for bulk.py; no other module asks which of the two it talks to.

Types, engines, transactions. Errors of the drivers become WarehouseError with a code and no
message: PostgreSQL's DETAIL and SQLite's texts quote values.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from etl_core.errors import UnavailableError, WarehouseError
from etl_core.warehouse import advice

PATIENCE = 10  # seconds that a reader or writer of SQLite waits for another's transaction
PRAGMAS = ("synchronous = full", "foreign_keys = on", "cache_size = -65536")
FULL = ("SQLITE_FULL", "53100")  # ends of the codes of a disk without room
PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "08", "40", "53", "55P03", "57014", "57P0")
"""Beginnings of the codes of what may be over later: SQLite's result codes; PostgreSQL's classes of SQLSTATE (appendix A of
its manual) for connections, rollbacks (deadlock, serialisation), lack of resources, locks, time limits, restarts."""
SILENT = {
    "connect_timeout": "10",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "6",
}
"""libpq's own settings, in seconds: a server that is gone without a word is noticed in two minutes, not in two hours."""
SPEECHLESS = (
    "OperationalError",
    "InterfaceError",
)  # PostgreSQL's errors have a code while there is a connection
PAUSES = (
    0.5,
    1.0,
    2.0,
    4.0,
)  # seconds between tries to connect: a server that is restarted is back after a few
ABSENT = (
    "还没有仓库，首次运行或 etl warehouse init 会建立"
    "｜there is no warehouse yet: the first run or etl warehouse init makes it"
)
UPGRADING = 0x65746C  # advisory lock of PostgreSQL: one migration at a time

Whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""64-bit integer; SQLite allows a primary key that is its row's address only under this name."""

Sortable = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared byte by byte, in every locale."""


class Instant(sa.TypeDecorator[datetime]):
    """A moment in UTC: SQLite gives back what it was given without the zone, so the zone is put on here."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """To UTC; a moment without a zone is a defect of ours."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """As UTC, whatever zone the server speaks."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def address(url: str) -> URL:
    """The URL with our driver; a path without a scheme is an SQLite file.

    Raises WarehouseError for other databases.
    """
    try:
        parsed = make_url(url) if "://" in url else URL.create("sqlite", database=url)
    except SQLAlchemyError:
        raise WarehouseError("仓库地址无法识别｜the address of the warehouse cannot be read") from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return parsed
    raise WarehouseError(
        f"仓库只能是 SQLite 或 PostgreSQL｜a warehouse is SQLite or PostgreSQL, not {parsed.get_backend_name()}"
    )


def file_of(url: URL) -> Path | None:
    """The file of an SQLite warehouse; None for PostgreSQL and for memory."""
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database))


def connectable(url: URL, create: bool) -> sa.Engine:
    """An engine whose exceptions hide parameters and whose transactions cover definitions as well as rows.

    create: make an SQLite file that does not exist, and have it written ahead (WAL), which it stays: to say so writes.
    """
    if (file := file_of(url)) is not None:
        _claim(file, create)
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _json}
    if url.get_backend_name() == "postgresql":
        patient = url.set(query={**SILENT, **url.query})
        engine = sa.create_engine(patient, pool_pre_ping=True, **options)
        event.listen(engine, "do_connect", _connect)
        return engine
    if file is None:
        options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    else:
        options |= {"connect_args": {"timeout": PATIENCE, "check_same_thread": False}}  # see writer.py
    engine = sa.create_engine(url, **options)
    event.listen(engine, "connect", _prepare)
    if create:
        event.listen(engine, "connect", _ahead)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkin", _detach)
    return engine


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _claim(file: Path, create: bool) -> None:
    """Make the file for its owner only; SQLite gives its companions (-wal, -shm) the same rights."""
    try:
        if create:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | (os.O_CREAT if create else 0), 0o600))
    except FileNotFoundError:
        raise WarehouseError(f"{file}: {ABSENT}") from None
    except OSError as error:
        said, wanted = advice.KNOWN["SQLITE_CANTOPEN"]
        raise WarehouseError(f"{file} ({error.strerror}): {said}", wanted) from None


def _connect(dialect: sa.Dialect, _record: object, address: list[Any], told: dict[str, Any]) -> Any:
    """Connect to a server, which may be starting at this very moment."""
    for pause in PAUSES:
        try:
            return dialect.connect(*address, **told)
        except dialect.loaded_dbapi.OperationalError:
            time.sleep(pause)
    return dialect.connect(*address, **told)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """The driver must not begin or commit by itself, else definitions escape the transaction."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _ahead(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("pragma journal_mode = wal")


def _detach(connection: sqlite3.Connection | None, _record: object) -> None:
    """Let go of files that a transaction had attached (bulk.py): SQLite does not while it lasts."""
    if connection is not None:
        for _, name, _ in connection.execute("pragma database_list").fetchall():
            if name not in ("main", "temp"):
                connection.execute(f"detach {name}")


def _begin(connection: sa.Connection) -> None:
    """Writers say so at once, since a reader that turns writer may be refused; readers disturb nobody."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


@contextmanager
def guarded(engine: sa.Engine, doing: str) -> Iterator[None]:
    """Errors of SQLAlchemy or a driver leave as WarehouseError: what they mean (advice.py), else what was done («中文｜English»),
    and the code, no values; UnavailableError where the same may go well later.

    Raises OSError (ENOSPC) where the warehouse's disk is full, as any other full disk is told.
    """
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        code = _code(error)
        if code.endswith(FULL):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), shown(engine.url)) from None
        where, number = f"{shown(engine.url)} ({code})", code.split(" ")[-1]
        if code in SPEECHLESS:
            said, wanted = advice.UNREACHED
            raise UnavailableError(f"{where}: {said}", wanted) from None
        zh, _, en = doing.partition("｜")
        undone = (f"数据库出错，没有完成：{zh}｜the database failed while {en}", "")
        if number.startswith(PASSING):
            raise UnavailableError(f"{where}: {undone[0]}") from None
        said, wanted = advice.known(number) or undone
        raise WarehouseError(f"{where}: {said}", wanted) from None


def shown(url: URL) -> str:
    """The warehouse as a person knows it, without its password."""
    plain = URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database)
    return str(file_of(url) or plain.render_as_string())


def _code(error: Exception) -> str:
    """SQLSTATE of PostgreSQL, name of SQLite's result code, or the class when neither is told."""
    origin = getattr(error, "orig", None) or error
    told = getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorname", None)
    return f"{type(origin).__name__} {told}" if told else type(origin).__name__


@contextmanager
def writing(engine: sa.Engine, doing: str) -> Iterator[sa.Connection]:
    """One transaction that writes: committed when the block ends, rolled back when it raises."""
    with (
        guarded(engine, doing),
        engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def reading(engine: sa.Engine, doing: str) -> Iterator[sa.Connection]:
    """One transaction that only reads, all of it from the same moment."""
    with guarded(engine, doing), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(  # noqa: PLW2901
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


def alone(connection: sa.Connection) -> None:
    """Wait for others that change the schema; SQLite's writer is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADING)))


def measure(connection: sa.Connection, table: sa.Table) -> None:
    """Tell PostgreSQL's planner how big a table that was just filled is; SQLite does well without."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'analyze "{table.name}"')


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
