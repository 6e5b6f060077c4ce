"""Bytes that a record takes: each table and index of both databases, PostgreSQL's log, and what travels by pipe and file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench
from benchmarks.databases import Ask, Database
from benchmarks.inputs import Delivery

QUESTIONS = {
    "SQLite": "select name, sum(pgsize) from dbstat group by name",
    "PostgreSQL": "select c.relname, case when c.relkind = 'i' then pg_relation_size(c.oid) else pg_table_size(c.oid) end"
    " from pg_class as c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'i')",
}
SMALL = 0.05  # bytes a record below which a table or index is not told
HEAD = ("table or index", "bytes a record")


def options(parser: ArgumentParser) -> None:
    """Size of the delivery."""
    parser.add_argument("--rows", type=int, default=300_000)


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """A table for each database; largest first."""
    delivery = inputs.text(bench.room, chosen.rows, bench.seed)
    records = delivery.truth["loaded"]
    figures: dict[str, object] = {"delivery": delivery.size / records}
    bench.say(f"{records:,} records; the delivery has {delivery.size / records:.1f} bytes a record")
    for name in ("sqlite", "postgres"):
        database = bench.database(name)
        found = sizes(bench, delivery, database)
        each = {table: size / records for table, size in found.items()}
        bench.say(f"{database.name}: {sum(each.values()):.1f} bytes a record", _table(each))
        figures[database.name] = each
    return figures


def sizes(bench: Bench, delivery: Delivery, database: Database) -> dict[str, int]:
    """Bytes of every table and index after one `etl run`; "write-ahead log" is what PostgreSQL's log grew by."""
    folder = bench.room / f"sizes-{database.name}"
    folder.mkdir()
    with database.fresh(folder) as url:

        def ask(query: str) -> list[tuple[object, ...]]:
            return database.ask(url, query)

        before = _log(database, ask)
        jobs.run(delivery, database).into(folder, url)
        found = {str(name): int(str(size)) for name, size in ask(QUESTIONS[database.name])}
        log = _log(database, ask) - before
    return found | ({"write-ahead log": log} if log else {})


def _log(database: Database, ask: Ask) -> int:
    if database.name != "PostgreSQL":
        return 0
    return int(ask("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")[0][0])


def _table(each: dict[str, float]) -> str:
    ordered = sorted(each.items(), key=lambda one: -one[1])
    return report.table(HEAD, [(name, f"{size:.1f}") for name, size in ordered if size >= SMALL])
