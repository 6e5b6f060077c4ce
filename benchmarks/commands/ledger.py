"""What one small delivery costs when the run ledger is long: what is asked before it, and settling it."""

from __future__ import annotations

import statistics
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from benchmarks import inputs, report
from benchmarks.bench import Bench
from benchmarks.databases import Database
from etl_core.warehouse import Warehouse, dialect, tables
from etl_core.warehouse.settle import settle

HOWS = ("append", "snapshot")
HEAD = ("deliveries before", "all fingerprints, ms", "settle, append, ms", "settle, snapshot, ms")
LINES = (
    "insert into {table} ({names}) with recursive s(n) as (select {first} union all select n + 1 from s where n < {last})"
    " select {values} from {table} as t, s where t.{number} = 1"
)


def options(parser: ArgumentParser) -> None:
    """The delivery, and lengths of the ledger."""
    parser.add_argument("--rows", type=int, default=200, help="rows of the delivery that is settled")
    parser.add_argument("--deliveries", default="1_000,10_000,100_000")
    parser.add_argument("--databases", default="sqlite,postgres")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """A table for each database: the same delivery settled again and again, and taken back each time."""
    delivery = inputs.text(bench.room, chosen.rows, bench.seed)
    figures: dict[str, object] = {}
    for name in chosen.databases.split(","):
        database = bench.database(name)
        stock, _ = bench.stocked(delivery, database)
        found = _grown(bench, stock.url, [int(word) for word in chosen.deliveries.split(",")])
        lines = [(f"{lines:,}", *(f"{each * 1000:.1f}" for each in told)) for lines, told in found.items()]
        bench.say(database.name, report.table(HEAD, lines))
        figures[database.name] = found
        _forget(bench, database)
    return figures


def _forget(bench: Bench, database: Database) -> None:
    """Room for the next database's stock of the same delivery."""
    for folder in bench.room.glob("stock-*"):
        folder.rename(folder.with_name(f"{database.name}-{folder.name}"))


def _grown(bench: Bench, url: str, lengths: list[int]) -> dict[int, tuple[float, float, float]]:
    """Seconds by length of the ledger."""
    engine = dialect.connectable(dialect.address(url), create=False)
    found, before = {}, 1
    try:
        for length in lengths:
            _lengthen(engine, before + 1, length)
            before = length
            asking = _median(bench, partial(_asked, url))
            append, snapshot = (_median(bench, partial(_settled, engine, how)) for how in HOWS)
            found[length] = asking, append, snapshot
    finally:
        engine.dispose()
    return found


def _median(bench: Bench, act: Callable[[], float]) -> float:
    act()  # once for what is kept from then on
    return statistics.median(act() for _ in range(bench.repeat))


def _asked(url: str) -> float:
    """What a run asks before it reads a delivery."""
    with Warehouse.open(url, None, create=False) as warehouse:
        began = time.perf_counter()
        warehouse.loaded()
        return time.perf_counter() - began


def _settled(engine: sa.Engine, semantics: str) -> float:
    """Settle the delivery of which there are records, and take it back."""
    with dialect.writing(engine, "measuring") as connection:
        connection.execute(
            sa.update(tables.delivery).values(semantics=semantics).where(tables.delivery.c.delivery_id == 1)
        )
        began = time.perf_counter()
        settle(connection, 1)
        spent = time.perf_counter() - began
        connection.rollback()
    return spent


def _lengthen(engine: sa.Engine, first: int, last: int) -> None:
    """Deliveries of the same source, each with a slot and one refused row of its own, which is put right since."""
    digits = "substr('00000000' || n, -8)" if engine.dialect.name == "sqlite" else "to_char(n, 'FM00000000')"
    with dialect.writing(engine, "lengthening the ledger") as connection:
        _copy(connection, tables.delivery, first, last, {
            "delivery_id": "n", "fingerprint": f"'made ' || {digits}", "slot": "'slot ' || n",
            "sort_key": f"t.sort_key || {digits}",
        })  # fmt: skip
        _copy(connection, tables.quarantine, first, last, {
            "quarantine_id": "n + 1000000", "delivery_id": "n", "state": "'closed'",
        })  # fmt: skip
    with dialect.writing(engine, "measuring the ledger") as connection:
        dialect.measure(connection, tables.delivery)
        dialect.measure(connection, tables.quarantine)


def _copy(connection: sa.Connection, table: sa.Table, first: int, last: int, changed: dict[str, str]) -> None:
    names = [column.name for column in table.columns]
    number = next(iter(table.primary_key.columns)).name
    values = ", ".join(changed.get(name, f't."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    connection.exec_driver_sql(
        LINES.format(table=table.name, names=quoted, first=first, last=last, values=values, number=number)
    )
