"""Peak memory of parent, child and both against rows."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench

HEAD = (
    "rows",
    "parent MiB",
    "child MiB",
    "both MiB",
    "both, shared pages once MiB",
    "× first",
    "cpu s",
    "rows/s",
)


def options(parser: ArgumentParser) -> None:
    """The sizes to compare."""
    parser.add_argument("--rows", default="100_000,1_000_000", help="sizes of the deliveries")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """One table; PSS tells what both really take, RSS counts their common pages twice."""
    database = bench.database(chosen.database)
    sizes = [int(each) for each in chosen.rows.split(",")]
    runs = {}
    for rows in sizes:
        job = jobs.run(inputs.text(bench.room, rows, bench.seed), database, name=f"{rows:,}")
        runs |= bench.compare([job], divided=True)
    usages = report.medians(runs)
    first = next(iter(usages.values()))
    lines = [
        (name, *(f"{each:.0f}" for each in (one.peak, one.child, one.together, one.shared)),
         f"{one.shared / first.shared:.2f}", report.seconds(one.work), report.pace(rows, one.wall))
        for rows, (name, one) in zip(sizes, usages.items(), strict=True)
    ]  # fmt: skip
    bench.say(report.table(HEAD, lines))
    return report.plain(runs)
