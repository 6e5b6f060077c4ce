"""`etl run` beside the bare floor, on SQLite and on PostgreSQL."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench

ENCODINGS = ("gb18030", "utf-8")


def options(parser: ArgumentParser) -> None:
    """Size and kind of the delivery, and where it is loaded."""
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--bad", type=float, default=0.02, metavar="SHARE", help="share of defective rows")
    parser.add_argument("--encoding", choices=ENCODINGS, default="gb18030")
    parser.add_argument("--databases", default="sqlite,postgres")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """A table for each database."""
    delivery = inputs.text(bench.room, chosen.rows, bench.seed, bad=chosen.bad, encoding=chosen.encoding)
    bench.say(f"{chosen.rows:,} rows, {delivery.size / 1e6:,.0f} MB, {chosen.encoding}")
    figures: dict[str, object] = {"truth": delivery.truth}
    for name in chosen.databases.split(","):
        database = bench.database(name)
        both = [jobs.run(delivery, database, lenient=chosen.bad > 0.1), jobs.floor(delivery, database)]
        runs = bench.compare(both)
        bench.say(database.name, report.jobs(runs, chosen.rows, "bare floor"))
        figures[database.name] = report.plain(runs)
    return figures
