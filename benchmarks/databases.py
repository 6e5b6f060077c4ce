"""Where the jobs load: a file of SQLite or a database of a PostgreSQL server, fresh for every run, or a copy of a kept one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

Ask = Callable[[str], list[tuple[Any, ...]]]
"""One query of one database: its rows."""

_FILE = "sqlite:///"


class Database(Protocol):
    """One of the two kinds of warehouse."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    @property
    def server(self) -> int | None:
        """The process whose processor time belongs to a job, where the rows are written by a server of our own."""

    def fresh(self, folder: Path, base: str = "") -> AbstractContextManager[str]:
        """URL of an empty database, or of a copy of the one at the URL `base`; it is gone afterwards."""

    def ask(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    """A file in the job's folder; the job itself writes the rows."""

    name: str = "SQLite"
    server: int | None = None

    @contextmanager
    def fresh(self, folder: Path, base: str = "") -> Iterator[str]:
        """A file that does not exist yet, or a copy."""
        file = folder / "warehouse.sqlite"
        if base:
            shutil.copyfile(base.removeprefix(_FILE), file)
        yield f"{_FILE}{file}"
        for path in folder.glob(f"{file.name}*"):
            path.unlink()

    def ask(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with closing(sqlite3.connect(url.removeprefix(_FILE))) as connection:
            return connection.execute(query).fetchall()


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database of the server at a URL whose user may make databases."""

    url: str
    server: int | None = None
    name: str = "PostgreSQL"

    @contextmanager
    def fresh(self, folder: Path, base: str = "") -> Iterator[str]:
        """A database of its own in the server; nothing is in the folder."""
        made = f"benchmark_{uuid4().hex}"
        template = urlsplit(base).path.lstrip("/") if base else "template0"
        self._run(f"create database {made} template {template}")
        try:
            yield urlunsplit(urlsplit(self.url)._replace(path=f"/{made}"))
        finally:
            self._run(f"drop database {made} with (force)")

    def ask(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        import psycopg  # here, so that a measuring process without PostgreSQL stays small

        with psycopg.connect(plain(url)) as connection:
            return connection.execute(query.encode()).fetchall()

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(plain(self.url), autocommit=True) as connection:
            connection.execute(statement.encode())


def plain(url: str) -> str:
    """The URL as the driver reads it, without SQLAlchemy's name of the driver."""
    return url.replace("+psycopg", "", 1)


@contextmanager
def opened(name: str, url: str = "") -> Iterator[Database]:
    """The database of that name: for «postgres» the server at `url`, or a private one that is thrown away."""
    if name == "sqlite":
        yield Sqlite()
    elif url:
        yield Postgres(url)
    else:
        from tests.services import server

        with server() as running:
            yield Postgres(running.url(), running.process.pid)
