"""Time against the number of files: the first run, and the second over the same files."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench

HEAD = (
    "files",
    "rows",
    "wall s",
    "cpu s",
    "ms cpu a file",
    "again: wall s",
    "again: cpu s",
    "again: ms cpu a file",
)


def options(parser: ArgumentParser) -> None:
    """How many files of how many rows."""
    parser.add_argument("--files", default="1,10,1_000", help="numbers of files")
    parser.add_argument("--rows", type=int, default=40, help="rows of each")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """One table: new files beside the same files once more, of which nothing may be loaded."""
    database = bench.database(chosen.database)
    lines, figures = [], {}
    for files in map(int, chosen.files.split(",")):
        delivery = inputs.small(bench.room, files, chosen.rows, bench.seed)
        stock, _ = bench.stocked(delivery, database)
        again = jobs.run(delivery.unchanged(), database, stock, name="again")
        runs = bench.compare([jobs.run(delivery, database, name="first"), again])
        figures[str(files)] = report.plain(runs)
        told = [str(files), f"{delivery.rows:,}"]
        for one in report.medians(runs).values():
            told += [report.seconds(one.wall), report.seconds(one.work), f"{one.work / files * 1000:.1f}"]
        lines.append(told)
    bench.say(report.table(HEAD, lines))
    return figures
