"""The figures as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise

from benchmarks.measure import Usage, median

Runs = Mapping[str, Sequence[Usage]]
"""Every run of every job, by its name."""

JOBS = (
    "job", "wall s", "cpu s", "server cpu s", "rows/s", "peak MiB", "largest child MiB", "all processes MiB",
    "wall × floor", "cpu × floor", "memory × floor",
)  # fmt: skip
STAGES = ("stage", "wall s", "own wall s", "cpu s", "own cpu s", "own rows/s", "peak MiB")


def jobs(runs: Runs, rows: int, base: str) -> str:
    """A line per job; the ratios are to the job `base` (processor time with the server's), or absent without it."""
    usages = medians(runs)
    return table(JOBS, [_job(name, usage, rows, usages.get(base)) for name, usage in usages.items()])


def _job(name: str, usage: Usage, rows: int, base: Usage | None) -> Sequence[str]:
    ratios = ("wall", "work", "together")
    return (
        name, seconds(usage.wall), seconds(usage.cpu), seconds(usage.server) if usage.server else "",
        pace(rows, usage.wall), f"{usage.peak:.0f}", f"{usage.child:.0f}", f"{usage.together:.0f}",
        *(f"{getattr(usage, each) / getattr(base, each):.2f}" if base else "" for each in ratios),
    )  # fmt: skip


def stages(runs: Runs, rows: int) -> str:
    """A line per stage, beside the stage before it: what is its own is the difference."""
    usages = medians(runs)
    names = list(usages)
    first = usages[names[0]]
    lines = [(names[0], seconds(first.wall), "", seconds(first.cpu), "", "", f"{first.peak:.0f}")]
    lines += [_stage(name, usages[name], usages[before], rows) for before, name in pairwise(names)]
    return table(STAGES, lines)


def _stage(name: str, usage: Usage, before: Usage, rows: int) -> tuple[str, ...]:
    own, cpu = usage.wall - before.wall, usage.cpu - before.cpu
    return (
        name, seconds(usage.wall), seconds(own), seconds(usage.cpu), seconds(cpu), pace(rows, own), f"{usage.peak:.0f}",
    )  # fmt: skip


def medians(runs: Runs) -> dict[str, Usage]:
    """The median of each job."""
    return {name: median(each) for name, each in runs.items()}


def plain(runs: Runs) -> dict[str, object]:
    """For JSON: the median of each job and its single runs."""
    return {
        name: {"median": asdict(median(each)), "runs": [asdict(run) for run in each]}
        for name, each in runs.items()
    }


def seconds(value: float) -> str:
    """To a tenth; to a hundredth below ten, so that a start is no mere 0.1."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def pace(rows: int, wall: float) -> str:
    """Rows a second, where there was time at all."""
    return f"{rows / wall:,.0f}" if wall > 0 else "—"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table whose first column is words and whose others are figures."""
    rule = "|" + "-|" + "-:|" * (len(head) - 1)
    return "\n".join([_line(head), rule, *map(_line, lines)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
