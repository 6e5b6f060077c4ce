"""The points of a run, counted, and what is done at one of them."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

from etl_core.steps import EVENT

# Audit events that change something, or fix what will be read.
FILES = {
    "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.utime", "shutil.rmtree",
    "tempfile.mkdtemp", "fcntl.flock", "os.scandir", "os.listdir", "sqlite3.connect",
}  # fmt: skip
OPENED = "open"
STATEMENTS = ("before_cursor_execute", "begin", "commit")
OURS = ("/usr/", "/dev/", "/proc/", "/sys/", "/etc/", sys.prefix, sys.base_prefix)
ERRORS: dict[str, Callable[[str], BaseException]] = {
    name: lambda kind, number=number: _error(kind, number)
    for name, number in (("ENOSPC", 28), ("EIO", 5), ("EMFILE", 24))
}


def _error(kind: str, number: int) -> BaseException:
    """The error that a point of this kind would meet: the driver's own in a statement."""
    if kind == "sqlite":
        error = sqlite3.OperationalError("swept")
        error.sqlite_errorname = {28: "SQLITE_FULL", 5: "SQLITE_IOERR", 24: "SQLITE_CANTOPEN"}[number]
        return error
    if kind == "postgresql":
        return {
            28: psycopg.errors.DiskFull,
            5: psycopg.errors.IoError,
            24: psycopg.errors.TooManyConnections,
        }[number]("swept")
    return OSError(number, os.strerror(number), "swept")


@dataclass
class Points:
    """Counts the points of this process from `begin` on; at the `at`-th it does `act`."""

    at: int = 0
    act: str = ""
    count: int = 0
    names: list[str] = field(default_factory=list)
    listening: bool = False
    heard: Callable[[str], None] = lambda name: None

    def begin(self) -> None:
        """Listen from now on, in this process, for good."""
        self.listening = True
        sys.addaudithook(self._audited)
        event.listen(sa.Engine, "before_cursor_execute", self._executing)
        event.listen(sa.Engine, "begin", lambda connection: self._stated(connection, "begin"))
        event.listen(sa.Engine, "commit", lambda connection: self._stated(connection, "commit"))
        psycopg.Copy.write = self._halved(psycopg.Copy.write)  # type: ignore[method-assign]

    def _audited(self, name: str, told: tuple[Any, ...]) -> None:
        if not self.listening:
            return
        if name == EVENT:
            self._reached("step", told[0])
        elif name in FILES or (name == OPENED and _writes(told)):
            self._reached("file", name)

    def _executing(self, connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        self._stated(connection, statement.split(maxsplit=1)[0].lower())

    def _stated(self, connection: sa.Connection, name: str) -> None:
        self._reached(connection.dialect.name, name, connection.connection.driver_connection)

    def _halved(self, write: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
        """A COPY with a point in the middle of its rows."""

        def halves(copy: Any, lines: str) -> None:
            middle = len(lines) // 2
            write(copy, lines[:middle])
            self._reached("postgresql", "copy", copy.connection)
            write(copy, lines[middle:])

        return halves

    def _reached(self, kind: str, name: str, driver: Any = None) -> None:
        if not self.listening:
            return
        self.listening = False  # what happens here is no point of the run
        try:
            self.count += 1
            self.names.append(f"{kind} {name}")
            if self.count == self.at:
                self._do(kind, driver)
            if kind == "step":
                self.heard(name)
        finally:
            self.listening = True

    def _do(self, kind: str, driver: Any) -> None:
        if self.act == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.act == "stop":
            os.kill(os.getpid(), signal.SIGTERM)
        elif self.act == "drop":
            _ended(driver)
        elif self.act == "lose":
            driver.commit()
            _ended(driver)
        elif self.act == "crash":
            _crashed(driver)
        elif self.act in ERRORS:
            raise ERRORS[self.act](kind)


def _writes(told: tuple[Any, ...]) -> bool:
    path, mode, flags = told
    if not isinstance(path, str | bytes) or os.fsdecode(path).startswith(OURS):
        return False
    written = any(each in mode for each in "wax+") if isinstance(mode, str) else False
    return written or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _ended(driver: Any) -> None:
    """The server ends this session."""
    with psycopg.connect(
        f"host={driver.info.host} user=postgres dbname={driver.info.dbname}", autocommit=True
    ) as other:
        other.execute("select pg_terminate_backend(%s, 1000)", (driver.info.backend_pid,))


def _crashed(driver: Any) -> None:
    """The server ends every session, as after any crash of one of its processes, and comes up from its log."""
    os.kill(driver.info.backend_pid, signal.SIGKILL)
