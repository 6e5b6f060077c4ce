"""Workbooks beside text: the same rows as .csv, .xlsx and .xls."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks import environment, inputs, jobs, report
from benchmarks.bench import Bench


def options(parser: ArgumentParser) -> None:
    """Rows of each kind; a sheet of .xls holds 65 536."""
    parser.add_argument("--rows", type=int, default=100_000, help="rows of .csv and .xlsx")
    parser.add_argument("--old-rows", type=int, default=60_000, help="rows of .csv and .xls; 0 leaves it out")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """A table for each kind, with the same rows as text for its base."""
    figures: dict[str, object] = {}
    for suffix, rows in ((".xlsx", chosen.rows), (".xls", chosen.old_rows)):
        python, reason = (
            environment.python("xlwt", bench.room, bench.python("xlwt")) if suffix == ".xls" else (None, "")
        )
        if rows and not reason:
            figures[suffix] = _beside(bench, suffix, rows, python)
        elif rows:
            bench.say(f"No figures of {suffix}: {reason}")
    return figures


def _beside(bench: Bench, suffix: str, rows: int, python: Path | None) -> dict[str, object]:
    database = bench.database("sqlite")
    book = inputs.workbook(bench.room, rows, bench.seed, suffix, python)
    text = inputs.text(bench.room, rows, bench.seed)
    runs = bench.compare([jobs.run(text, database, name=".csv"), jobs.run(book, database, name=suffix)])
    bench.say(f"{rows:,} rows", report.jobs(runs, rows, ".csv").replace("× floor", "× .csv"))
    return report.plain(runs)
