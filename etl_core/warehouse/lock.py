"""One writer per warehouse: a lock that the operating system or PostgreSQL drops when its holder dies.

Nothing has to be cleaned up after a crash, and no process number is ever judged.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_core.errors import LockedError, WarehouseError
from etl_core.warehouse import dialect

CLASS = 0x63687561  # first half of the advisory lock's number; the second tells schemas of one database apart
MARK = "chuanyu-etl"


@contextmanager
def locked(engine: sa.Engine) -> Iterator[None]:
    """Hold the warehouse for writing; a warehouse in memory has no rival.

    Raises LockedError, which says who holds it (pid, host, since), at once and without waiting.
    """
    file = dialect.file_of(engine.url)
    if file is not None:
        with _locked_file(file.with_name(f"{file.name}.lock")):
            yield
    elif engine.dialect.name == "postgresql":
        with _locked_server(engine):
            yield
    else:
        yield


def _me() -> dict[str, str | int]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": dialect.now().isoformat("T", "seconds"),
    }


def _told(holder: dict[str, Any]) -> str:
    return " ".join(f"{name}={holder.get(name, '?')}" for name in ("pid", "host", "since"))


@contextmanager
def _locked_file(path: Path) -> Iterator[None]:
    """flock on a file beside the warehouse; the file stays, since removing it would split the lock in two."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise WarehouseError(f"{path}: 无法写入｜cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(_told(_parsed(file.read(1024)))) from None
        file.truncate()
        file.write(json.dumps(_me()))
        file.flush()
        yield


def _parsed(text: str) -> dict[str, Any]:
    """The holder's line; it may be half written at this very moment."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _locked_server(engine: sa.Engine) -> Iterator[None]:
    """An advisory lock of a session of its own, whose application name tells others who we are."""
    doing = "locking the warehouse"
    with dialect.guarded(engine, doing):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with dialect.guarded(engine, doing):
            _take(connection)
        try:
            yield
        finally:
            _give(connection)
    finally:
        with suppress(SQLAlchemyError):  # a session that broke is gone already
            connection.detach()  # the session ends with the run: it is not returned to the pool
        connection.close()


def _give(connection: sa.Connection) -> None:
    """Drop the lock at once: the end of a session is noticed a moment later. A broken session has dropped it already."""
    with suppress(SQLAlchemyError):
        connection.execute(sa.select(sa.func.pg_advisory_unlock(CLASS, _second())))


def _second() -> sa.Function[int]:
    return sa.func.hashtext(sa.func.current_schema())


def _take(connection: sa.Connection) -> None:
    me = _me()
    name = f"{MARK} {me['pid']} {me['host']}"[:63]  # longer names are cut by the server
    connection.execute(sa.select(sa.func.set_config("application_name", name, False)))
    if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(CLASS, _second()))).scalar_one():
        raise LockedError(_told(_holder(connection)))


def _holder(connection: sa.Connection) -> dict[str, Any]:
    """Who holds it now; nobody any more, perhaps, when we look."""
    found = connection.execute(
        sa.text(
            "select a.application_name, a.backend_start from pg_locks as l join pg_stat_activity as a using (pid)"
            " where l.locktype = 'advisory' and l.granted and l.classid = :first"
            " and l.database = (select oid from pg_database where datname = current_database())"
        ),
        {"first": CLASS},
    ).first()
    if found is None:
        return {}
    _, pid, host = [*str(found.application_name).split(" ", 2), "?", "?"][:3]
    return {"pid": pid, "host": host, "since": found.backend_start.isoformat("T", "seconds")}
