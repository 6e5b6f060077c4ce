"""One writer per warehouse: a lock that the operating system or PostgreSQL drops when its holder dies.

Nothing has to be cleaned up after a crash, and no process number is ever judged.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_core.errors import LockedError, WarehouseError
from etl_core.warehouse import dialect

CLASS = 0x63687561  # first half of the advisory lock's number; the second tells schemas of one database apart
MARK = "chuanyu-etl"
PAUSE = 0.5  # seconds between two tries of one who waits

Told = Callable[[str], None]


def nobody(_holder: str) -> None:
    """Nobody wants to know who is waited for."""


@contextmanager
def locked(engine: sa.Engine, wait: float = 0, waiting: Told = nobody) -> Iterator[None]:
    """Hold the warehouse for writing; a warehouse in memory has no rival.

    wait: seconds for which it is tried again while another holds it. waiting: told once, who that is.
    Raises LockedError, which says who holds it (pid, host, since), when that time is over.
    """
    patience = _Patience(wait, waiting)
    file = dialect.file_of(engine.url)
    if file is not None:
        with _locked_file(file.with_name(f"{file.name}.lock"), patience):
            yield
    elif engine.dialect.name == "postgresql":
        with _locked_server(engine, patience):
            yield
    else:
        yield


class _Patience:
    """How long one waits for another's lock."""

    def __init__(self, seconds: float, waiting: Told) -> None:
        self._end, self._waiting = time.monotonic() + seconds, waiting

    def pause(self, holder: dict[str, Any]) -> None:
        """Wait a moment; LockedError when the time is over."""
        told = " ".join(f"{name}={holder.get(name, '?')}" for name in ("pid", "host", "since"))
        left = self._end - time.monotonic()
        if left <= 0:
            raise LockedError(told)
        self._waiting(told)
        self._waiting = nobody
        time.sleep(min(PAUSE, left))


def _me() -> dict[str, str | int]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": dialect.now().isoformat("T", "seconds"),
    }


@contextmanager
def _locked_file(path: Path, patience: _Patience) -> Iterator[None]:
    """flock on a file beside the warehouse; the file stays, since removing it would split the lock in two."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise WarehouseError(f"{path}: 无法写入｜cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "r+") as file:
        while not _flocked(descriptor):
            file.seek(0)
            patience.pause(_parsed(file.read(1024)))
        file.seek(0)
        file.truncate()
        file.write(json.dumps(_me()))
        file.flush()
        yield


def _flocked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _parsed(text: str) -> dict[str, Any]:
    """The holder's line; it may be half written at this very moment."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _locked_server(engine: sa.Engine, patience: _Patience) -> Iterator[None]:
    """An advisory lock of a session of its own, whose application name tells others who we are."""
    doing = "锁定仓库｜locking the warehouse"
    with dialect.guarded(engine, doing):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with dialect.guarded(engine, doing):
            _take(connection, patience)
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


def _take(connection: sa.Connection, patience: _Patience) -> None:
    wanted = sa.select(sa.func.pg_try_advisory_lock(CLASS, _second()))
    while not connection.execute(wanted).scalar_one():
        patience.pause(_holder(connection))
    name = f"{MARK} {os.getpid()} {int(time.time())} {socket.gethostname()}"[
        :63
    ]  # the server cuts longer names
    connection.execute(sa.select(sa.func.set_config("application_name", name, False)))


def _holder(connection: sa.Connection) -> dict[str, Any]:
    """Who holds it now; nobody any more, perhaps, when we look."""
    found = connection.execute(
        sa.text(
            "select a.application_name from pg_locks as l join pg_stat_activity as a using (pid)"
            " where l.locktype = 'advisory' and l.granted and l.classid = :first"
            " and l.database = (select oid from pg_database where datname = current_database())"
        ),
        {"first": CLASS},
    ).scalar()
    _, pid, since, host = [*str(found or "").split(" ", 3), "?", "?", "?"][:4]
    if not since.isdecimal():  # it took the lock at this very moment
        return {}
    return {
        "pid": pid,
        "host": host,
        "since": datetime.fromtimestamp(int(since), UTC).isoformat("T", "seconds"),
    }
