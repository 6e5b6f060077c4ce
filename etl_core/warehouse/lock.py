"""One writer per warehouse: a lock that the operating system or PostgreSQL drops when its holder dies.

Nothing has to be cleaned up after a crash, and no process number is ever judged. A lock can be lost while its holder lives
(an idle session is ended, a file is removed): so every transaction that writes asks the fence whether it still holds.
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

from etl_core.errors import LockedError, UnavailableError, WarehouseError
from etl_core.warehouse import dialect

CLASS = 0x63687561  # first half of the advisory lock's number; the second tells schemas of one database apart
TURN = CLASS + 1  # first half of the number of the lock that a transaction holds to its end
MARK = "chuanyu-etl"
ENDLESS = "select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'"  # since version 14
LOST = "仓库的锁中途丢失（会话被断开，或锁文件被删）｜the lock was lost on the way (its session was ended, or its file removed)"
PAUSE = 0.5  # seconds between two tries of one who waits

Told = Callable[[str], None]
Fence = Callable[[sa.Connection], None]
"""Asked by a transaction that is about to write: raises UnavailableError where its writer holds the warehouse no more."""


def nobody(_holder: str) -> None:
    """Nobody wants to know who is waited for."""


def unfenced(_connection: sa.Connection) -> None:
    """Nobody else can be writing, or it does no harm."""


@contextmanager
def locked(engine: sa.Engine, wait: float = 0, waiting: Told = nobody) -> Iterator[Fence]:
    """Hold the warehouse for writing; a warehouse in memory has no rival.

    wait: seconds for which it is tried again while another holds it. waiting: told once, who that is. Gives the fence that
    every transaction of this writer has to ask.
    Raises LockedError, which says who holds it (pid, host, since), when that time is over.
    """
    patience = _Patience(wait, waiting)
    file = dialect.file_of(engine.url)
    if file is not None:
        with _locked_file(file.with_name(f"{file.name}.lock"), patience) as fence:
            yield fence
    elif engine.dialect.name == "postgresql":
        with _locked_server(engine, patience) as fence:
            yield fence
    else:
        yield unfenced


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
def _locked_file(path: Path, patience: _Patience) -> Iterator[Fence]:
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

        def fence(_connection: sa.Connection) -> None:
            if not path.exists() or not os.path.samestat(path.stat(), os.fstat(descriptor)):
                raise UnavailableError(f"{path}: {LOST}")

        yield fence


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
def _locked_server(engine: sa.Engine, patience: _Patience) -> Iterator[Fence]:
    """An advisory lock of a session of its own, whose application name tells others who we are.

    Its fence lets transactions of all writers pass one after the other, each to its end: whoever got the lock after us waits there
    until what we had begun is done, and finds it.
    """

    def fence(writing: sa.Connection) -> None:
        writing.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN, _second())))
        try:
            connection.execute(sa.select(1))  # a session that answers holds what it took
        except SQLAlchemyError:
            raise UnavailableError(LOST) from None

    doing = "锁定仓库｜locking the warehouse"
    with dialect.guarded(engine, doing):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with dialect.guarded(engine, doing):
            _take(connection, patience)
        try:
            yield fence
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
    connection.execute(sa.text(ENDLESS))
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
