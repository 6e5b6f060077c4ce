"""Frames into tables: as plain inserts, or by way of a stage at the speed of the database.

SQLite's rows go through a file that Arrow's own driver (ADBC) fills without making a Python object of a single value;
from there one statement moves them into their table, inside the caller's transaction. PostgreSQL's rows go where they
belong by COPY. Rows whose key the delivery has brought already are set aside as `surplus`.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from etl_core.errors import WarehouseError
from etl_core.warehouse import dialect

FEW = 20_000  # rows that are not worth a file of their own
FIRST = 100_000  # rows of the first file; SQLite takes ten files a transaction, so each is larger than the one before
GROWTH = 1.6
FILES = 9
PRAGMAS = ("journal_mode = off", "synchronous = off")  # nobody needs a stage after a crash


def insert(connection: sa.Connection, table: sa.Table, rows: pl.DataFrame) -> None:
    """Insert a frame whose columns are columns of the table, in the frame's order."""
    if rows.is_empty():
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        _execute_many(connection, table, rows)


Frames = Mapping[sa.Table, pl.DataFrame]
NOTHING: Mapping[str, object] = {}


def surplus(table: sa.Table) -> sa.Table:
    """Where a stage leaves the rows that did not go into `table`; it stands while the stage is open."""
    return _shaped(table, "surplus")


def _shaped(table: sa.Table, name: str) -> sa.Table:
    """A temporary table of the same columns, without constraints."""
    columns = (sa.Column(column.name, column.type) for column in table.columns)
    return sa.Table(f"{name}_{table.name}", sa.MetaData(), *columns, prefixes=["temporary"])


@contextmanager
def staging(
    connection: sa.Connection, first: sa.Table, *others: sa.Table, files: bool = True
) -> Iterator[Stage]:
    """A stage of some tables for the length of one transaction; leave no file behind, whatever happens.

    files: whether SQLite may use its own; a transaction of several deliveries would come to have too many.

    Of `first`, rows whose `record_key` the delivery has brought already go to its `surplus`; of the others, rows whose
    primary key is there already are left out.
    """
    file = dialect.file_of(connection.engine.url)
    if file is not None and files:
        stage: Stage = _Files(connection, first, others, file.with_name(f"{file.name}.stage"))
    elif connection.dialect.name == "postgresql":
        stage = _Copied(connection, first, others)
    else:
        stage = Stage(connection, first, others)
    try:
        stage.open()
        yield stage
    finally:
        stage.abandon()


class Stage:
    """Takes frames of rows, in reading order; `flush` when the last was added, `close` when the surplus is read.

    `left` says how many rows of the first table are surplus.
    """

    _emptying = "delete from"

    def __init__(self, connection: sa.Connection, first: sa.Table, others: tuple[sa.Table, ...]) -> None:
        self._connection, self._first = connection, first
        self._incoming = {table: _shaped(table, "incoming") for table in (first, *others)}
        self._surplus = surplus(first)
        self.left = 0

    def open(self) -> None:
        """Make the temporary tables."""
        for shape in (*self._incoming.values(), self._surplus):
            self._connection.execute(sa.schema.CreateTable(shape))

    def add(self, frames: Frames) -> None:
        """Take a batch: frames by the tables that their rows are of."""
        for table, rows in frames.items():
            incoming = self._incoming[table]
            insert(self._connection, incoming, rows)
            self._move(table, f'"{incoming.name}"', rows.height)
            self._connection.exec_driver_sql(f'{self._emptying} "{incoming.name}"')

    def flush(self) -> None:
        """Move whatever has not been moved yet."""

    def close(self) -> None:
        """Drop the temporary tables; a transaction that is taken back drops them by itself."""
        for shape in (*self._incoming.values(), self._surplus):
            self._connection.execute(sa.schema.DropTable(shape))

    def abandon(self) -> None:
        """Leave nothing outside the transaction."""

    def _move(self, table: sa.Table, stage: str, height: int, told: Mapping[str, object] = NOTHING) -> None:
        """Move the rows of a stage; the columns in `told` it has not, for every row has this value."""
        names = [column.name for column in table.columns]
        columns = ", ".join(f'"{name}"' for name in names)
        values = ", ".join("?" if name in told else f'"{name}"' for name in names)
        given = tuple(told[name] for name in names if name in told)
        moved = self._connection.exec_driver_sql(
            f'insert into "{table.name}" ({columns}) select {values} from {stage} where true on conflict do nothing',
            given,
        ).rowcount
        if moved < height and table is self._first:
            self.left += height - moved
            number = next(iter(table.primary_key.columns)).name
            self._connection.exec_driver_sql(
                f'insert into "{self._surplus.name}" select {values} from {stage} as s where not exists'
                f' (select 1 from "{table.name}" as t where t."{number}" = s."{number}")',
                given,
            )


class _Copied(Stage):
    """PostgreSQL: the first table by COPY at once; its repeated keys are looked for when all rows are there."""

    _emptying = "truncate"

    def __init__(self, connection: sa.Connection, first: sa.Table, others: tuple[sa.Table, ...]) -> None:
        super().__init__(connection, first, others)
        self._added = 0
        self._deliveries: set[int] = set()

    def add(self, frames: Frames) -> None:
        """Copy the first table's rows; move the others', which may be known."""
        insert(self._connection, self._first, frames[self._first])
        super().add({table: rows for table, rows in frames.items() if table is not self._first})
        self._added += frames[self._first].height
        self._deliveries.update(frames[self._first]["delivery_id"].unique())

    def flush(self) -> None:
        """Set aside every row but the first of each key."""
        if self._added >= FEW:
            dialect.measure(self._connection, self._first)  # else the planner takes them for a handful
        mine = self._first.c.delivery_id.in_(self._deliveries)
        key, number = self._first.c.record_key, self._first.c.record_id
        first = (
            sa.select(key, sa.func.min(number).label("number"))
            .where(mine)
            .group_by(key)
            .having(sa.func.count() > 1)
            .subquery()
        )
        gone = sa.delete(self._first).where(mine, key == first.c.record_key, number > first.c.number)
        aside = gone.returning(*self._first.columns).cte()
        moved = sa.insert(self._surplus).from_select(self._first.columns.keys(), sa.select(aside))
        self.left = self._connection.execute(moved.add_cte(aside)).rowcount


class _Files(Stage):
    """SQLite: small deliveries go through temporary tables, large ones through files that are attached one by one."""

    def __init__(
        self, connection: sa.Connection, first: sa.Table, others: tuple[sa.Table, ...], folder: Path
    ) -> None:
        super().__init__(connection, first, others)
        self._folder = folder
        self._waiting: list[Frames] = []
        self._written = dict.fromkeys(self._incoming, 0)
        self._files, self._room = 0, FIRST
        self._file: _File | None = None
        self._varying = {column.name for column in first.primary_key}

    def open(self) -> None:
        """Make the temporary tables; remove what a killed run left, whose lock is ours now."""
        super().open()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, frames: Frames) -> None:
        """Keep a few rows; write many to the file, and move the file when it is large enough."""
        self._waiting.append(frames)
        if self._file is None and sum(each[self._first].height for each in self._waiting) < FEW:
            return
        for each in self._waiting:
            self._write(each)
        self._waiting.clear()
        if self._file is not None and self._written[self._first] >= self._room and self._files < FILES:
            self._attach(self._file)

    def flush(self) -> None:
        """Move what is left: the last file, or the few rows that never made one."""
        if self._file is not None:
            self._attach(self._file)
        for frames in self._waiting:
            super().add(frames)
        self._waiting.clear()

    def abandon(self) -> None:
        """Close and remove the files."""
        if self._file is not None:
            self._file.release()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, frames: Frames) -> None:
        """Into the file, or the next one where a column that was the same for all rows is so no longer."""
        rows = frames[self._first]
        if self._file is not None and (other := self._file.constants.other(rows)):
            self._varying |= other
            self._attach(self._file)
        if self._file is None:
            self._file = self._begun(rows)
        self._file.add({**frames, self._first: self._file.constants.without(rows)})
        for table, each in frames.items():
            self._written[table] += each.height

    def _begun(self, rows: pl.DataFrame) -> _File:
        self._files += 1
        self._folder.mkdir(mode=0o700, exist_ok=True)
        last = self._files == FILES  # there is no other one to go on with
        constants = Constants({}) if last else Constants.of(rows, self._varying)
        return _File(self._folder / f"{self._files}.sqlite", constants)

    def _attach(self, file: _File) -> None:
        file.complete()
        self._file = None
        name = f"stage_{self._files}"
        self._connection.exec_driver_sql(f"attach ? as {name}", (str(file.path),))
        file.path.unlink()  # it lasts while it is attached, and no longer, even if we are killed
        for table, height in self._written.items():
            if height:
                told = file.constants.values if table is self._first else {}
                self._move(table, f'{name}."{table.name}"', height, told)
        self._written = dict.fromkeys(self._incoming, 0)
        self._room = int(self._room * GROWTH)


@dataclass(frozen=True, slots=True)
class Constants:
    """Columns that have the same value in every row: told once, not once a row. It saves a third of filling a stage."""

    values: Mapping[str, object]

    @classmethod
    def of(cls, rows: pl.DataFrame, varying: set[str]) -> Constants:
        """Those of a frame, but for columns that are known to vary elsewhere."""
        columns = (column for column in _plain(rows) if column.name not in varying)
        return cls({column.name: column[0] for column in columns if column.n_unique() == 1})

    def without(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The columns that are left."""
        return rows.drop(self.values)

    def other(self, rows: pl.DataFrame) -> set[str]:
        """Columns of a frame in which any row has another value."""
        same = (pl.col(name).eq_missing(pl.lit(value)).all() for name, value in self.values.items())
        held = _plain(rows.select(list(self.values))).select(same)
        return {name for name in held.columns if not held.item(0, name)}


class _File:
    """An SQLite file that Arrow's driver fills; no reader sees it before it is closed."""

    def __init__(self, path: Path, constants: Constants) -> None:
        from adbc_driver_sqlite import dbapi  # 0.1 s, and only large deliveries need it

        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self.path, self.constants = path, constants
        with _guarded(path):
            self._connection = dbapi.connect(str(path), autocommit=True)
            self._cursor = self._connection.cursor()
            for pragma in PRAGMAS:
                self._cursor.execute(f"pragma {pragma}")
                self._cursor.fetch_polars()  # done when its answer is read
            self._cursor.execute("begin")

    def add(self, frames: Frames) -> None:
        for table, rows in frames.items():
            if not rows.is_empty():
                with _guarded(self.path):
                    self._cursor.adbc_ingest(table.name, _plain(rows), mode="create_append")

    def complete(self) -> None:
        with _guarded(self.path):
            self._cursor.execute("commit")
        self.release()

    def release(self) -> None:
        self._cursor.close()
        self._connection.close()


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """The driver's errors as everywhere in the warehouse (dialect.guarded): their texts quote statements."""
    from adbc_driver_manager import Error

    try:
        yield
    except Error as error:
        if "disk is full" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from None
        raise WarehouseError(
            f"{path} ({type(error).__name__}): 数据库出错，没有完成：填充暂存｜the database failed while filling a stage"
        ) from None


def _columns(rows: pl.DataFrame) -> str:
    return ", ".join(f'"{name}"' for name in rows.columns)


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """SQLite has neither dates nor truth values."""
    return rows.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"), pl.col(pl.Boolean).cast(pl.Int8))


def _execute_many(connection: sa.Connection, table: sa.Table, rows: pl.DataFrame) -> None:
    values = ", ".join("?" * rows.width)
    driver: Any = connection.connection.driver_connection
    driver.executemany(
        f'insert into "{table.name}" ({_columns(rows)}) values ({values})', _plain(rows).rows()
    )


def _copy(connection: sa.Connection, table: sa.Table, rows: pl.DataFrame) -> None:
    """COPY in PostgreSQL's text format."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f'copy "{table.name}" ({_columns(rows)}) from stdin') as copy:
        copy.write(_lines(rows))


def _lines(rows: pl.DataFrame) -> str:
    cells = [_cell(name, dtype).fill_null("\\N") for name, dtype in rows.schema.items()]
    lines = rows.select(pl.concat_str(cells, separator="\t")).to_series()
    return "\n".join(lines.to_list()) + "\n"


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    """A value in COPY's text format, by PostgreSQL's own rules: \\x for bytes, escapes for what separates."""
    if dtype == pl.Binary:
        return pl.lit("\\\\x") + pl.col(name).bin.encode("hex")
    if dtype == pl.Date:
        return pl.col(name).dt.to_string("%Y-%m-%d")
    if dtype != pl.String:
        return pl.col(name).cast(pl.String)
    text = pl.col(name)
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.str.replace_all(plain, escaped, literal=True)
    return text
