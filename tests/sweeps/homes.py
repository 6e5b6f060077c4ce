"""A pipeline of its own for each run: configuration, inbox, archive, and a warehouse that can be set back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from etl_core import config
from etl_core.config import Config
from etl_core.warehouse import tables
from tests import dumps
from tests.services import Server

# How often and when was run differs by what was done to the runs; a server's sequence does not give a number back.
ASIDE = {"run", "warehouse"}
CLOCKS = dumps.CLOCKS | {"organisation_id", "left_at", "left_run", "restored_at"}
PAST = {"former_delivery", "former_record", "former_refused"}
KEEP = ("w.sqlite", "kept")


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with a pipeline that loads `inbox`; on a server its warehouse is the database of the folder's name."""

    folder: Path
    inbox: Path
    server: Server | None = None
    more: str = ""  # of the configuration

    @property
    def database(self) -> str:
        return self.folder.name

    @property
    def url(self) -> str:
        return self.server.url(self.database) if self.server else f"sqlite:///{self.folder / 'w.sqlite'}"

    def configured(self) -> Config:
        """The configuration, written once and read."""
        text = (
            f"warehouse:\n  url: {self.url}\nkey_file: {self.folder.parent / 'person.key'}\narchive: kept\nwork: work\n"
            f"settle_seconds: 0\npublish: {{folder: published}}\ninbox:\n  - {self.inbox}\n{self.more}"
            "runs: {folder: runs}\nmetrics: {textfile: figures/etl.prom}\nlineage: {file: lineage.jsonl}\n"
        )
        path = self.folder / "pipeline.yaml"
        if not path.exists():
            path.write_text(text, encoding="utf-8")
        return config.load(path)

    def set_back(self, to: Home) -> None:
        """Make the warehouse and the archive those of another home."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name in KEEP:
            if (to.folder / name).is_dir():
                shutil.copytree(to.folder / name, self.folder / name)
            elif (to.folder / name).exists():
                shutil.copy(to.folder / name, self.folder / name)
        if self.server:
            self.server.run(f"drop database if exists {self.database} with (force)")
            self.server.run(f"create database {self.database} template {to.database}")
            # PostgreSQL 15 copies sequences with values in reserve that a crash soon after hands out again.
            self.server.run("checkpoint")

    def state(self, numbered: bool = True, past: bool = True) -> str:
        """A digest of everything that the warehouse says, but for what clocks and runs say; "" where there is none.

        numbered: with the numbers of deliveries and records, which tell who came first. past: with what left it.
        """
        if not self.server and not (self.folder / "w.sqlite").exists():
            return ""
        digest = hashlib.sha256()
        with self._connected() as read:
            for name, query in (QUERIES if numbered else UNNUMBERED).items():
                if name in PAST and not past:
                    continue
                digest.update(f"{name}\n".encode())
                for row in sorted(repr(tuple(map(_plain, row))) for row in read(query)):
                    digest.update(row.encode())
        return digest.hexdigest()[:16]

    def number(self, file: str) -> int:
        """The number of a delivery that is there, or else that left, by its file."""
        with self._connected() as read:
            tables = ("delivery", "former_delivery")
            lines = [line for table in tables for line in read(f'select file, delivery_id from "{table}"')]
        return next(int(number) for name, number in lines if name == file)

    def kept(self) -> tuple[str, ...]:
        """What lies in the archive."""
        return tuple(sorted(path.name for path in (self.folder / "kept").rglob("*") if path.is_file()))

    def published(self) -> dict[str, str]:
        """The files that analysts read, by name, each held against the manifest; without those that tell of clocks and runs."""
        current = self.folder / "published" / "current"
        if not current.is_symlink():
            return {}
        told = json.loads((current / "manifest.json").read_text(encoding="utf-8"))["files"]
        for name, file in told.items():
            assert hashlib.sha256((current / name).read_bytes()).hexdigest() == file["sha256"], name
        return {name: file["sha256"] for name, file in told.items() if name != "deliveries.parquet"}

    def grow_old(self) -> None:
        """Let the next run come later than an hour, when what a dead one worked on is abandoned."""
        for left in (*self.folder.glob("work/*"), *self.folder.glob("runs/.*")):
            os.utime(left, (0, 0))

    def litter(self) -> list[str]:
        """What no finished run may leave: stages of the loading, drafts, copies of deliveries in the room."""
        folder = self.folder
        found = [
            *folder.glob("*.stage*"),
            *folder.rglob("*.draft"),
            *folder.glob("work/*/*"),
            *folder.glob("runs/.*"),
        ]
        return [str(path.relative_to(self.folder)) for path in found]

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        if self.server is None:
            with closing(sqlite3.connect(f"file:{self.folder / 'w.sqlite'}?mode=ro", uri=True)) as connection:
                there = {name for (name,) in connection.execute("select name from sqlite_master")}
                yield lambda query: connection.execute(query).fetchall() if _table(query) in there else []
        else:
            with psycopg.connect(self.server.url(self.database).replace("+psycopg", "")) as connection:
                there = {name for (name,) in connection.execute("select tablename from pg_tables")}
                yield lambda query: connection.execute(query).fetchall() if _table(query) in there else []


def _table(query: str) -> str:
    return query.rpartition(" ")[2].strip('"')


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def _queries(without: set[str]) -> dict[str, str]:
    """A query of each table for all but some columns."""
    told = {}
    for table in tables.metadata.sorted_tables:
        columns = [f'"{column.name}"' for column in table.columns if column.name not in without]
        columns += ['"restored_at" is null'] if "restored_at" in table.columns else []
        if table.name not in ASIDE:
            told[table.name] = f'select {", ".join(columns)} from "{table.name}"'
    return told


QUERIES = _queries(CLOCKS)
UNNUMBERED = _queries(CLOCKS | dumps.NUMBERS)
