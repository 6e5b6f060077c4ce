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
        event.listen(sa.Engine, "begin", lambda connection: self._reached(_kind(connection), "begin"))
        event.listen(sa.Engine, "commit", lambda connection: self._reached(_kind(connection), "commit"))

    def _audited(self, name: str, told: tuple[Any, ...]) -> None:
        if not self.listening:
            return
        if name == EVENT:
            self._reached("step", told[0])
        elif name in FILES or (name == OPENED and _writes(told)):
            self._reached("file", name)

    def _executing(self, connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        self._reached(_kind(connection), statement.split(maxsplit=1)[0].lower(), connection)

    def _reached(self, kind: str, name: str, connection: sa.Connection | None = None) -> None:
        if not self.listening:
            return
        self.listening = False  # what happens here is no point of the run
        try:
            self.count += 1
            self.names.append(f"{kind} {name}")
            if self.count == self.at:
                self._do(kind, connection)
            if kind == "step":
                self.heard(name)
        finally:
            self.listening = True

    def _do(self, kind: str, connection: sa.Connection | None) -> None:
        if self.act == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.act == "stop":
            os.kill(os.getpid(), signal.SIGTERM)
        elif self.act == "drop":
            _dropped(connection)
        elif self.act in ERRORS:
            raise ERRORS[self.act](kind)


def _kind(connection: sa.Connection) -> str:
    return connection.dialect.name


def _writes(told: tuple[Any, ...]) -> bool:
    path, mode, flags = told
    if not isinstance(path, str | bytes) or os.fsdecode(path).startswith(OURS):
        return False
    written = any(each in mode for each in "wax+") if isinstance(mode, str) else False
    return written or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _dropped(connection: sa.Connection | None) -> None:
    """The server ends the session of the statement that is about to be executed."""
    if connection is None or connection.dialect.name != "postgresql":
        return
    driver: Any = connection.connection.driver_connection
    pid = driver.info.backend_pid
    with psycopg.connect(
        f"host={driver.info.host} user=postgres dbname={driver.info.dbname}", autocommit=True
    ) as other:
        other.execute("select pg_terminate_backend(%s, 1000)", (pid,))
