"""What faults cost: the same rows with no, few and many defective ones, whole and up to the end of each stage of the child."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench
from benchmarks.commands.stages import CHILD


def options(parser: ArgumentParser) -> None:
    """Rows, and the shares to compare."""
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--shares", default="0,0.02,0.5", help="shares of defective rows")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """The whole jobs beside each other, then the stages share by share."""
    database = bench.database("sqlite")
    made = {
        f"{float(share):.0%}": inputs.text(bench.room, chosen.rows, bench.seed, bad=float(share))
        for share in chosen.shares.split(",")
    }
    runs = bench.compare(
        [
            jobs.run(delivery, database, name=f"{share} defective", lenient=True)
            for share, delivery in made.items()
        ]
    )
    bench.say(report.jobs(runs, chosen.rows, next(iter(runs))).replace("× floor", "× first"))
    figures: dict[str, object] = {"whole": report.plain(runs)}
    for share, delivery in made.items():
        stages = bench.compare([jobs.stage(delivery, name, bench.room, database) for name in CHILD])
        bench.say(f"{share} defective", report.stages(stages, chosen.rows))
        figures[share] = report.plain(stages)
    return figures
