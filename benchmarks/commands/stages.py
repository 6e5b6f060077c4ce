"""The stages of the child and of the parent, each alone in a process."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench

CHILD = ("start", "decode", "read", "extract", "validate", "normalise", "prepare", "send")
PARENT = ("start", "receive", "pseudonyms", "stage", "load")


def options(parser: ArgumentParser) -> None:
    """Size of the delivery and where the parent loads it."""
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """A table for each side; the parent's stages start from what the child's last one left."""
    delivery = inputs.text(bench.room, chosen.rows, bench.seed)
    database = bench.database(chosen.database)
    figures: dict[str, object] = {}
    for side, names in (("child", CHILD), ("parent", PARENT)):
        runs = bench.compare([jobs.stage(delivery, name, bench.room, database) for name in names])
        bench.say(side, report.stages(runs, chosen.rows))
        figures[side] = report.plain(runs)
    return figures
