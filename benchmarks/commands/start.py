"""What a person waits for: the help, the check of a small workbook, a run with nothing new."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench
from benchmarks.jobs import Job

HEAD = ("command", "wall s", "cpu s", "all processes MiB")


def options(parser: ArgumentParser) -> None:
    """Rows of the workbook."""
    parser.add_argument("--rows", type=int, default=400)


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """One table."""
    book = inputs.workbook(bench.room, chosen.rows, bench.seed)
    database = bench.database("sqlite")
    stock, _ = bench.stocked(book, database)
    runs = bench.compare(
        [
            Job("etl --help", lambda folder, url: jobs.etl("--help")),
            Job(f"etl check, {chosen.rows} rows of .xlsx", lambda folder, url: _check(book.path)),
            jobs.run(book, database, name="etl run, one new workbook"),
            jobs.run(book.unchanged(), database, stock, name="etl run, nothing new"),
        ]
    )
    lines = [
        (name, report.seconds(one.wall), report.seconds(one.cpu), f"{one.together:.0f}")
        for name, one in report.medians(runs).items()
    ]
    bench.say(report.table(HEAD, lines))
    return report.plain(runs)


def _check(path: Path) -> list[str]:
    return jobs.etl("check", str(path))
