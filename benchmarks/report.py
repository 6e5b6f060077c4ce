"""The figures as Markdown: whole jobs beside each other as ratios, stages one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from benchmarks.measure import Usage

JOBS = "| job | wall s | cpu s | rows/s | peak MiB | largest child MiB | all processes MiB | wall × floor | cpu × floor | memory × floor |"
STAGES = "| stage | wall s | own wall s | cpu s | own cpu s | own rows/s | peak MiB |"


def jobs(usages: Mapping[str, Usage], rows: int, base: str) -> str:
    """A line per job; the ratios are to the job `base`, or absent without it."""
    told = usages.get(base)
    return _table(JOBS, [_job(name, usage, rows, told) for name, usage in usages.items()])


def _job(name: str, usage: Usage, rows: int, base: Usage | None) -> Sequence[str]:
    ratios = ("wall", "cpu", "together")
    return (
        name, f"{usage.wall:.1f}", f"{usage.cpu:.1f}", f"{rows / usage.wall:,.0f}", f"{usage.peak:.0f}",
        f"{usage.child:.0f}", f"{usage.together:.0f}",
        *(f"{getattr(usage, each) / getattr(base, each):.2f}" if base else "" for each in ratios),
    )  # fmt: skip


def stages(usages: Mapping[str, Usage], rows: int) -> str:
    """A line per stage, beside the stage before it: what is its own is the difference."""
    names = list(usages)
    lines = [_stage(name, usages[name], usages[before], rows) for before, name in pairwise(names)]
    return _table(STAGES, [_first(names[0], usages[names[0]]), *lines])


def _first(name: str, usage: Usage) -> Sequence[str]:
    return name, f"{usage.wall:.1f}", "", f"{usage.cpu:.1f}", "", "", f"{usage.peak:.0f}"


def _stage(name: str, usage: Usage, before: Usage, rows: int) -> Sequence[str]:
    own, cpu = usage.wall - before.wall, usage.cpu - before.cpu
    pace = f"{rows / own:,.0f}" if own > 0 else "—"
    return (
        name,
        f"{usage.wall:.1f}",
        f"{own:.1f}",
        f"{usage.cpu:.1f}",
        f"{cpu:.1f}",
        pace,
        f"{usage.peak:.0f}",
    )


def _table(head: str, lines: Sequence[Sequence[str]]) -> str:
    columns = head.count("|") - 1
    rule = "|" + "-|" + "-:|" * (columns - 1)
    return "\n".join([head, rule, *("| " + " | ".join(line) + " |" for line in lines)])
