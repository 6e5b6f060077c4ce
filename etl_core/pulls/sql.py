"""A query of a database → a folder of JSON pages, or one CSV, in one read-only transaction.

Such a pull is not gone on with after a kill but begun anew: its worth is that it is one picture of one moment, and two
halves of two moments would be none.
"""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_core.config import Bounds, Sql
from etl_core.errors import PullError
from etl_core.pulls.landing import Landing, Part, page, stream
from etl_core.pulls.outcome import Advanced, lacking
from etl_core.pulls.values import texts

Row = Sequence[object]

# How each kind of database is told that it is read as of one moment, and never written.
_READING = {
    "postgresql": ("set transaction isolation level repeatable read, read only",),
    "mysql": (
        "set session transaction isolation level repeatable read",
        "start transaction with consistent snapshot, read only",
    ),
    "sqlite": ("pragma query_only = on", "begin"),
}


def pull(sql: Sql, limits: Bounds, landing: Landing, name: str, advanced: Advanced) -> tuple[str, ...]:
    """Run the query and keep its rows; the name of the new delivery, if any.

    Raises PullError: "pull.database" (not reachable, or it refused the query), "pull.columns" (two columns of one
    name), "pull.order" (the order does not tell the rows apart), "pull.empty", "pull.bound".
    """
    single = sql.format == "csv"
    ending = ".csv" if single and not name.endswith(".csv") else ""
    part = landing.fresh("", name + ending, single=single)
    until = time.monotonic() + limits.seconds
    with _reading(sql) as result:
        columns = _columns(result)
        rows = _told_apart(result, _places(columns, sql.order))
        while batch := list(islice(rows, sql.page_rows)):
            _keep(part, columns, batch, single)
            _demand_bounds(part, limits, until)
            advanced(part.state.progress)
    if not part.state.rows:
        part.drop()
        raise PullError("pull.empty")
    landed = landing.land(part)
    return (landed,) if landed else ()


@contextmanager
def _reading(sql: Sql) -> Iterator[sa.CursorResult[tuple[object, ...]]]:
    """The rows of the query, streamed; whatever the database says against it is not repeated, since it can quote values."""
    try:
        with _engine(sql).connect() as connection:
            try:
                yield _asked(sql, connection)
            except BaseException:
                _abandon(connection)
                raise
    except (SQLAlchemyError, UnicodeError) as error:
        raise PullError("pull.database", kind=_kind(error)) from None
    except ModuleNotFoundError as missing:
        raise lacking(missing, "mysql") from None


def _abandon(connection: sa.Connection) -> None:
    """Close at once, however many rows are still to come: PyMySQL would read them all first."""
    driver = None if connection.invalidated else connection.connection.driver_connection
    result = getattr(driver, "_result", None)
    if result is not None:
        result.unbuffered_active = False
    connection.invalidate()


def _engine(sql: Sql) -> sa.Engine:
    """An engine for one connection; SQLite would make a database that is not there, unless told otherwise."""
    url = sa.make_url(sql.url.get_secret_value())
    if url.get_backend_name() == "sqlite":
        url = url.set(database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"})
        return sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)
    return sa.create_engine(
        url, hide_parameters=True, poolclass=sa.NullPool, connect_args={"connect_timeout": 30}
    )


def _asked(sql: Sql, connection: sa.Connection) -> sa.CursorResult[tuple[object, ...]]:
    """Begin the transaction and ask. The query stands in a subquery: it can be nothing but one SELECT."""
    for statement in _READING[_family(connection.dialect.name)]:
        connection.exec_driver_sql(statement)
    whole = sa.text(sql.query.strip().rstrip(";")).columns(*map(sa.column, sql.order)).subquery("pulled")
    query = sa.select(sa.text("*")).select_from(whole).order_by(*(whole.c[each] for each in sql.order))
    values = {name: value.get_secret_value() for name, value in sql.parameters.items()}
    return connection.execution_options(
        stream_results=True, max_row_buffer=min(sql.page_rows, 10_000)
    ).execute(query, values)


def _family(dialect: str) -> str:
    return "mysql" if dialect == "mariadb" else dialect


def _columns(result: sa.CursorResult[tuple[object, ...]]) -> list[str]:
    columns = list(result.keys())
    twice = len(columns) - len(set(columns))
    if twice:
        raise PullError("pull.columns", found=twice)
    return columns


def _places(columns: list[str], order: tuple[str, ...]) -> list[int]:
    """Where the columns of the order are; a database may take ID for id, we do not."""
    missing = next((each for each in order if each not in columns), None)
    if missing is not None:
        raise PullError("pull.order", column=missing)
    return [columns.index(each) for each in order]


def _told_apart(result: sa.CursorResult[tuple[object, ...]], order: list[int]) -> Iterator[Row]:
    """The rows, each with another key than the one before it: otherwise the database may give them in any order."""
    before: list[object] = []
    for number, row in enumerate(result, 1):
        key: list[object] = [row[at] for at in order]
        if key == before:
            raise PullError("pull.order", row=number)
        before = key
        yield row


def _keep(part: Part, columns: list[str], rows: list[Row], single: bool) -> None:
    state = part.state
    body = _csv(columns if not state.pages else None, rows) if single else _json(columns, rows)
    told = {
        "pages": state.pages + 1,
        "rows": state.rows + len(rows),
        "bytes": state.bytes + len(body),
    }
    if single:
        stream(part.pages / state.name, [body], os.O_APPEND)
        part.save(**told)
    else:
        part.add(page(state.pages + 1), body, **told)


def _json(columns: list[str], rows: list[Row]) -> bytes:
    """A list with one object a line; every value is a text, so that nobody rounds it."""
    lines = (json.dumps(dict(zip(columns, texts(row), strict=True)), ensure_ascii=False) for row in rows)
    return ("[" + ",\n".join(lines) + "]\n").encode()


def _csv(columns: list[str] | None, rows: list[Row]) -> bytes:
    """Lines of the one file (RFC 4180, UTF-8), the first ones after their header."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    if columns:
        writer.writerow(columns)
    writer.writerows(texts(row) for row in rows)
    return lines.getvalue().encode()


def _demand_bounds(part: Part, limits: Bounds, until: float) -> None:
    state = part.state
    if state.pages > limits.pages or state.bytes > limits.mb << 20 or time.monotonic() > until:
        raise PullError("pull.bound", limit=f"{limits.pages} pages, {limits.mb} MB, {limits.seconds} s")


def _kind(error: Exception) -> str:
    """The kind of the error and the database's own code for it, which name nothing and nobody."""
    origin = getattr(error, "orig", None)
    code = getattr(origin, "sqlstate", None) or next(iter(getattr(origin, "args", ())), None)
    told = str(code) if isinstance(code, int) or (isinstance(code, str) and len(code) == 5) else ""
    return " ".join(filter(None, (type(error).__name__, told)))
