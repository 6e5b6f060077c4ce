"""Everything in which SQLite and PostgreSQL differ; no other module asks which of the two it talks to.

Types, engines, transactions, bulk inserts. Errors of the drivers become WarehouseError with a code and no
message: PostgreSQL's DETAIL and SQLite's texts quote values.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from etl_core.errors import WarehouseError

PATIENCE = 10  # seconds that a reader or writer of SQLite waits for another's transaction
FEW = 1000  # rows of a batch from which on it pays to look for columns with one value
WORD = re.compile(r"[A-Za-z0-9_]*", re.ASCII)
PRAGMAS = ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "cache_size = -65536")
FULL = ("SQLITE_FULL", "53100")  # ends of the codes of a disk without room
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
    """An engine whose exceptions hide parameters and whose transactions cover definitions as well as rows."""
    if (file := file_of(url)) is not None:
        _claim(file, create)
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _json}
    if url.get_backend_name() == "postgresql":
        return sa.create_engine(url, pool_pre_ping=True, **options)
    if file is None:
        options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    else:
        options |= {"connect_args": {"timeout": PATIENCE}}
    engine = sa.create_engine(url, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _claim(file: Path, create: bool) -> None:
    """Make the file for its owner only; SQLite gives its companions (-wal, -shm) the same rights."""
    try:
        if create:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | (os.O_CREAT if create else 0), 0o600))
    except OSError as error:
        raise WarehouseError(
            f"{file}: 仓库文件无法打开｜the warehouse's file cannot be opened: {error.strerror}"
        ) from None


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """The driver must not begin or commit by itself, else definitions escape the transaction."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")


def _begin(connection: sa.Connection) -> None:
    """Writers say so at once, since a reader that turns writer may be refused; readers disturb nobody."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


@contextmanager
def guarded(engine: sa.Engine, doing: str) -> Iterator[None]:
    """Errors of SQLAlchemy or a driver leave as WarehouseError: what was done and the code, no values.

    Raises OSError (ENOSPC) where the warehouse's disk is full, as any other full disk is told.
    """
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        code = _code(error)
        if code.endswith(FULL):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), _shown(engine.url)) from None
        raise WarehouseError(f"{_shown(engine.url)}: {doing}: {code}{_unreachable(code)}") from None


def _shown(url: URL) -> str:
    """The warehouse as a person knows it, without its password."""
    plain = URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database)
    return str(file_of(url) or plain.render_as_string())


def _unreachable(code: str) -> str:
    """PostgreSQL's errors have a code as soon as there is a connection."""
    if code != "OperationalError":
        return ""
    return (
        "：连不上数据库，请核对地址、用户、口令、库名，以及服务是否已启动"
        "｜no connection: check address, user, password, name of the database, and whether the server runs"
    )


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


def insert(connection: sa.Connection, table: sa.Table, rows: pl.DataFrame, known: bool = False) -> None:
    """Insert a frame whose columns are columns of the table, at the driver's speed and in the frame's order.

    known: leave out rows whose primary key the table has already (the frame itself must not repeat one).
    """
    if rows.is_empty():
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows, known)
    else:
        _execute_many(connection, table, rows, known)


def _columns(rows: pl.DataFrame) -> str:
    return ", ".join(f'"{name}"' for name in rows.columns)


def _execute_many(connection: sa.Connection, table: sa.Table, rows: pl.DataFrame, known: bool) -> None:
    plain = rows.with_columns(
        pl.col(pl.Date).dt.to_string("%Y-%m-%d"), pl.col(pl.Boolean).cast(pl.Int8)
    )  # fmt: skip
    same = _constants(plain)
    values = ", ".join(same.get(name, "?") for name in plain.columns)
    rest = "on conflict do nothing" if known else ""
    statement = f'insert into "{table.name}" ({_columns(plain)}) values ({values}) {rest}'
    driver: Any = connection.connection.driver_connection
    driver.executemany(statement, plain.drop(same).rows())


def _constants(rows: pl.DataFrame) -> dict[str, str]:
    """Columns that have one value in a large batch, as SQL: what is not bound row by row costs a quarter less to insert.

    Only nulls, whole numbers and plain ASCII words are written into a statement; whatever else a file says is bound.
    """
    if rows.height < FEW:
        return {}
    single = rows.select(pl.all().n_unique() == 1).row(0, named=True)
    found = {name: rows.item(0, name) for name, alone in single.items() if alone}
    told = {name: _literal(value) for name, value in found.items()}
    literals = {name: text for name, text in told.items() if text is not None}
    return literals if len(literals) < rows.width else {}


def _literal(value: object) -> str | None:
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(int(value))
    return f"'{value}'" if isinstance(value, str) and WORD.fullmatch(value) else None


def _copy(connection: sa.Connection, table: sa.Table, rows: pl.DataFrame, known: bool) -> None:
    """COPY in PostgreSQL's text format; where rows may be known, by way of a table that the commit drops."""
    target = f"incoming_{table.name}" if known else table.name
    if known:
        shape = f'create temporary table if not exists "{target}" (like "{table.name}") on commit drop'
        connection.exec_driver_sql(shape)
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f'copy "{target}" ({_columns(rows)}) from stdin') as copy:
        copy.write(_lines(rows))
    if known:
        columns = _columns(rows)
        connection.exec_driver_sql(
            f'insert into "{table.name}" ({columns}) select {columns} from "{target}" on conflict do nothing'
        )
        connection.exec_driver_sql(f'truncate "{target}"')


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


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
