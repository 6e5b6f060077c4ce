"""`python -m benchmarks.run --rows 1_000_000`: makes a delivery, measures every job over it, prints the figures as Markdown."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import environment, jobs, report
from benchmarks.jobs import Job
from benchmarks.measure import Usage, repeated

CHILD = ("start", "read", "extract", "validate", "normalise", "prepare", "send")
PARENT = ("start", "receive", "key", "load")
PEERS = ("floor", "dlt")


def options(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the delivery (1_000_000 is read)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same bytes")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="median of so many runs")
    parser.add_argument("--peers", default="floor,dlt", help="floor, dlt, both, or an empty string")
    parser.add_argument("--no-stages", action="store_true", help="whole jobs only")
    parser.add_argument(
        "--dlt-python", type=Path, metavar="PATH", help="a Python that has dlt; else one is made"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep delivery and environment there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    chosen = parser.parse_args(words)
    if unknown := set(filter(None, chosen.peers.split(","))) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    return chosen


def main(words: Sequence[str]) -> None:
    """Measure and print."""
    chosen = options(words)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        room = (chosen.keep or Path(temporary)).resolve()
        room.mkdir(parents=True, exist_ok=True)
        figures = measure(chosen, room)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=2), encoding="utf-8")


def measure(chosen: argparse.Namespace, room: Path) -> dict[str, object]:
    """Every figure of one invocation, printed table by table as it is known."""
    delivery, truth = jobs.made(room, chosen.rows, chosen.seed)
    setting = {
        "rows": chosen.rows,
        "seed": chosen.seed,
        "repeat": chosen.repeat,
        "MB": delivery.stat().st_size // 10**6,
    }
    setting |= {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }
    print(", ".join(f"{name} {value}" for name, value in setting.items()), flush=True)
    usages = _jobs(chosen, room, delivery, truth)
    print("\n" + report.jobs(usages, chosen.rows, "bare floor"), flush=True)
    figures: dict[str, object] = {"setting": setting, "truth": truth, "jobs": _plain(usages)}
    if not chosen.no_stages:
        for side, names in (("child", CHILD), ("parent", PARENT)):
            stages = {name: _repeated(chosen, jobs.stage(delivery, name, room), room, 0) for name in names}
            print(f"\n{side}\n\n" + report.stages(stages, chosen.rows), flush=True)
            figures[side] = _plain(stages)
    return figures


def _jobs(chosen: argparse.Namespace, room: Path, delivery: Path, truth: dict[str, int]) -> dict[str, Usage]:
    """The whole jobs; dlt and the floor do not know repeats, the floor knows no defects either."""
    usages = {"etl run": _repeated(chosen, jobs.whole(delivery, truth), room, truth["loaded"])}
    if "floor" in chosen.peers:
        usages["bare floor"] = _repeated(chosen, jobs.floor(delivery), room, chosen.rows)
    if "dlt" in chosen.peers:
        python, reason = environment.python(room, chosen.dlt_python)
        kept = truth["loaded"] + truth["skipped"] - 1 + truth["duplicate.in_delivery"]
        if python is None:
            print(f"\nNo figures of dlt: {reason}", flush=True)
        else:
            usages["dlt"] = _repeated(chosen, jobs.dlt(delivery, python), room, kept)
    return usages


def _repeated(chosen: argparse.Namespace, job: Job, room: Path, wanted: int) -> Usage:
    return repeated(chosen.repeat, lambda: job.once(room, wanted))


def _plain(usages: dict[str, Usage]) -> dict[str, dict[str, float]]:
    return {name: asdict(usage) for name, usage in usages.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
