"""Time against rows, against rows that the warehouse has already, and for a correction that changes a few rows."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench
from benchmarks.databases import Database
from benchmarks.jobs import Job

HEAD = ("delivery", "rows", "wall s", "cpu s", "µs cpu a row", "× first", "all processes MiB")


def options(parser: ArgumentParser) -> None:
    """Sizes of deliveries and warehouses."""
    parser.add_argument("--rows", default="10_000,100_000,1_000_000", help="sizes of the deliveries")
    parser.add_argument("--new", type=int, default=100_000, help="rows that come to a warehouse with rows")
    parser.add_argument("--existing", default="0,100_000,1_000_000", help="rows that it has before")
    parser.add_argument(
        "--corrected", type=int, default=100_000, help="rows of a correction; 0 leaves it out"
    )
    parser.add_argument("--changes", type=int, default=100, help="rows in which it differs, about")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """A table for each question."""
    database = bench.database(chosen.database)
    figures: dict[str, object] = {}
    for title, made in (
        ("Rows", [_sized(bench, rows, database) for rows in _numbers(chosen.rows)]),
        ("Rows in the warehouse before", [_added(bench, chosen, old, database) for old in _numbers(chosen.existing)]),
        ("Correction", _corrected(bench, chosen, database) if chosen.corrected else []),
    ):  # fmt: skip
        if made:
            figures[title] = _compared(bench, title, made)
    return figures


def _numbers(words: str) -> list[int]:
    return [int(word) for word in words.split(",") if word]


def _sized(bench: Bench, rows: int, database: Database) -> tuple[Job, int]:
    return jobs.run(inputs.text(bench.room, rows, bench.seed), database, name=f"{rows:,} rows"), rows


def _added(bench: Bench, chosen: Namespace, old: int, database: Database) -> tuple[Job, int]:
    """The second batch of the year, of another seed, beside a first one of `old` rows."""
    delivery = inputs.text(bench.room, chosen.new, bench.seed + 1, batch=2, offset=10**8)
    stock = bench.stocked(inputs.text(bench.room, old, bench.seed), database)[0] if old else None
    return jobs.run(delivery, database, stock, name=f"{old:,} before"), chosen.new


def _corrected(bench: Bench, chosen: Namespace, database: Database) -> list[tuple[Job, int]]:
    """The delivery alone, and its correction into the warehouse that holds it."""
    first = inputs.text(bench.room, chosen.corrected, bench.seed)
    again = inputs.correction(bench.room, chosen.corrected, bench.seed, chosen.changes)
    stock = bench.stocked(first, database)[0]
    return [
        (jobs.run(first, database, name="first"), chosen.corrected),
        (
            jobs.run(again, database, stock, name="its correction", stands=first.truth["loaded"]),
            chosen.corrected,
        ),
    ]


def _compared(bench: Bench, title: str, made: Sequence[tuple[Job, int]]) -> dict[str, object]:
    runs = bench.compare([job for job, _ in made])
    usages = list(report.medians(runs).items())
    each = [one.work / rows * 1e6 for (_, one), (_, rows) in zip(usages, made, strict=True)]
    lines = [
        (name, f"{rows:,}", report.seconds(one.wall), report.seconds(one.work), f"{cost:.1f}",
         f"{cost / each[0]:.2f}", f"{one.together:.0f}")
        for (name, one), (_, rows), cost in zip(usages, made, each, strict=True)
    ]  # fmt: skip
    bench.say(title, report.table(HEAD, lines))
    return report.plain(runs)
