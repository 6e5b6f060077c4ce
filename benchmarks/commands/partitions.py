"""Whether parts of the table `record` pay on PostgreSQL: the same rows in one table and in parts, loaded and settled."""

from __future__ import annotations

import json
import statistics
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from benchmarks import inputs, report, shapes
from benchmarks.bench import Bench
from benchmarks.measure import processor
from benchmarks.shapes import SHAPES
from etl_core.warehouse import settle, tables

COLUMNS = tuple(column.name for column in tables.record.columns)
HEAD = ("step", "wall ms", "server cpu ms", "× one table", "parts read")
PERSONS = 500  # looked up one after another


def options(parser: ArgumentParser) -> None:
    """Sizes of the table and of its deliveries."""
    parser.add_argument("--rows", type=int, default=25_000, help="rows of a delivery")
    parser.add_argument("--deliveries", type=int, default=40, help="deliveries that are there before")


@dataclass(slots=True)
class Step:
    """What one step took, once a turn: seconds, processor seconds of the server's process, parts that a plan read."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    parts: int = 0


Steps = dict[str, dict[str, Step]]
"""Shape, step."""


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """A table for each shape, the shapes in turns."""
    url = filled(bench, chosen.rows, chosen.deliveries)
    engine = sa.create_engine(url)
    try:
        steps: Steps = {shape.name: {} for shape in SHAPES}
        for turn in range(bench.repeat):
            at = turn % len(SHAPES)
            for shape in (*SHAPES[at:], *SHAPES[:at]):
                with shapes.seen(engine, shape) as connection:
                    _turn(connection, steps[shape.name], chosen.deliveries + 1 + 3 * turn, 2 + 2 * turn)
        with engine.connect() as connection:
            shapes.agree(connection)
            sizes = {shape.name: shapes.bytes_of(connection, shape) for shape in SHAPES}
    finally:
        engine.dispose()
    return _told(bench, steps, sizes)


def filled(bench: Bench, rows: int, deliveries: int) -> str:
    """A warehouse that `etl run` made, and its records once more for each further delivery, in every shape; its URL."""
    delivery = inputs.text(bench.room, rows, bench.seed)
    stock, _ = bench.stocked(delivery, bench.database("postgres"))
    engine = sa.create_engine(stock.url)
    with engine.begin() as connection:
        for shape in SHAPES:
            shapes.make(connection, shape)
            shapes.multiply(connection, COLUMNS, 2, deliveries, f"{shape.schema}.record")
        _deliveries(connection, 2, deliveries + 3 * bench.repeat)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for shape in SHAPES:
            connection.exec_driver_sql(f"vacuum analyze {shape.schema}.record")
        connection.exec_driver_sql("analyze delivery")
    engine.dispose()
    return stock.url


def _deliveries(connection: sa.Connection, first: int, last: int) -> None:
    """Ledger lines of the deliveries, each with a slot of its own."""
    changed = {
        "delivery_id": "n",
        "fingerprint": "'made ' || n",
        "slot": "'slot ' || n",
        "sort_key": "d.sort_key || to_char(n, 'FM00000')",
    }
    names = [column.name for column in tables.delivery.columns]
    values = ", ".join(changed.get(name, f'd."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    connection.exec_driver_sql(
        f"insert into delivery ({quoted}) select {values} from delivery as d,"
        f" generate_series({first}, {last}) as s(n) where d.delivery_id = 1"
    )


def _turn(connection: sa.Connection, steps: dict[str, Step], number: int, old: int) -> None:
    """A new delivery `number`; a correction of `old` where deliveries append; one of the next where they replace."""
    own = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()

    @contextmanager
    def timed(name: str) -> Iterator[Step]:
        step = steps.setdefault(name, Step())
        began, worked = time.perf_counter(), _worked(own)
        yield step
        step.cpu.append(_worked(own) - worked)
        step.wall.append(time.perf_counter() - began)

    fresh = _lines(connection, number, number)
    with timed("copy a new delivery"):
        _copy(connection, fresh)
    with timed("look for repeats in it") as step:
        step.parts = _explained(connection, _repeats(number))
    with timed("settle it, append"):
        settle.settle(connection, number)
    connection.commit()
    _correct(connection, number + 1, old, "append", timed)
    _correct(connection, number + 2, old + 1, "snapshot", timed)
    keys = connection.exec_driver_sql(
        f"select person_key from record where delivery_id = {number} and person_key is not null limit {PERSONS}"
    ).all()
    with timed(f"records of {PERSONS} persons"):
        for (key,) in keys:
            connection.execute(_of_person(key)).all()
    connection.rollback()


def _correct(
    connection: sa.Connection, number: int, old: int, semantics: str, timed: Callable[[str], Any]
) -> None:
    """Bring the records of an old delivery again under a new number, and settle."""
    again = _lines(connection, number, old)
    connection.exec_driver_sql(
        f"update delivery set semantics = '{semantics}', slot = 'slot {old}' where delivery_id = {number}"
    )
    _copy(connection, again)
    mine = connection.execute(sa.select(tables.delivery).where(tables.delivery.c.delivery_id == number)).one()
    with settle.ordered(connection, mine), timed(f"which versions stand, {semantics}") as step:
        step.parts = _explained(connection, _text(settle.SEMANTICS[semantics](mine)))
    with timed(f"settle a correction, {semantics}"):
        plan = settle.settle(connection, number)
    if not plan.updated:
        raise RuntimeError("the correction replaced nothing")
    connection.commit()


def _text(statement: sa.Select[Any]) -> str:
    return str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))


def _repeats(number: int) -> str:
    """What the warehouse asks after COPY (bulk.py)."""
    return (
        "select record_key, min(record_id) from record"
        f" where delivery_id = {number} group by record_key having count(*) > 1"
    )


def _of_person(key: bytes) -> sa.Select[Any]:
    return sa.select(tables.record.c.record_id).where(tables.record.c.person_key == key)


def _explained(connection: sa.Connection, query: str) -> int:
    """Carry a query out; how many tables that hold records it read."""
    answer = connection.exec_driver_sql(f"explain (analyze, format json) {query}").scalar_one()
    plans = answer if isinstance(answer, list) else json.loads(answer)
    return len({name for name in _read(plans[0]["Plan"]) if name.startswith("record")})


def _read(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Actual Loops"] and "Relation Name" in plan:
        yield plan["Relation Name"]
    for each in plan.get("Plans", ()):
        yield from _read(each)


def _lines(connection: sa.Connection, number: int, like: int) -> bytes:
    """The first delivery's rows in COPY's text as delivery `number`, with the keys of delivery `like`."""
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    connection.exec_driver_sql("create temporary table made (like public.record)")
    shapes.multiply(connection, COLUMNS, like, like, "made")
    connection.exec_driver_sql(
        f"update made set delivery_id = {number}, record_id = record_id + {(number - like) * 10**7}"
    )
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"copy made ({columns}) to stdout") as copy:
        lines = b"".join(map(bytes, copy))
    connection.exec_driver_sql("drop table made")
    connection.commit()
    return lines


def _copy(connection: sa.Connection, lines: bytes) -> None:
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"copy record ({columns}) from stdin") as copy:
        copy.write(lines)


def _worked(pid: int) -> float:
    """Processor seconds of the server's process where it runs on this machine, else 0."""
    with suppress(OSError):
        if Path(f"/proc/{pid}/comm").read_text().startswith("postgres"):
            return processor(pid)
    return 0.0


def _told(bench: Bench, steps: Steps, sizes: dict[str, tuple[int, int]]) -> dict[str, object]:
    base = steps[SHAPES[0].name]
    for name, own in steps.items():
        lines = [
            (step, f"{_median(one.wall):.0f}", f"{_median(one.cpu):.0f}", _ratio(one, base[step]), str(one.parts or ""))
            for step, one in own.items()
        ]  # fmt: skip
        rows, indexes = sizes[name]
        bench.say(f"{name}: {rows / 1e6:,.0f} MB, indexes {indexes / 1e6:,.0f} MB", report.table(HEAD, lines))
    return {
        "sizes": sizes,
        **{shape: {step: {"wall": one.wall, "cpu": one.cpu, "parts": one.parts} for step, one in own.items()}
           for shape, own in steps.items()},
    }  # fmt: skip


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


def _ratio(one: Step, base: Step) -> str:
    """By the server's processor time where it is known, else by the clock."""
    cpu = _median(base.cpu)
    return f"{_median(one.cpu) / cpu if cpu else _median(one.wall) / _median(base.wall):.2f}"
