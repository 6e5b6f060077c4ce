"""`python -m benchmarks COMMAND`: measures whole processes and prints the figures as Markdown (README.md beside this file)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

from benchmarks.bench import Bench
from benchmarks.commands import (
    bad,
    books,
    files,
    growth,
    ledger,
    memory,
    partitions,
    peers,
    scale,
    sizes,
    stages,
    start,
    whole,
)

COMMANDS: dict[str, ModuleType] = {
    "whole": whole,
    "peers": peers,
    "stages": stages,
    "memory": memory,
    "growth": growth,
    "files": files,
    "books": books,
    "start": start,
    "bad": bad,
    "ledger": ledger,
    "partitions": partitions,
    "scale": scale,
    "sizes": sizes,
}


def options(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        command.options(own)
        _common(own)
    return parser.parse_args(words)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="median of so many turns")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same bytes")
    parser.add_argument(
        "--postgres", default="", metavar="URL", help="a server; else a private one is started"
    )
    parser.add_argument(
        "--python", action="append", type=stated, default=[], metavar="NAME=PATH",
        help="a Python that has a peer (dlt, arrow, pandas, earthmover) or xlwt; else an environment is made",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep deliveries and environments there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")


def stated(word: str) -> tuple[str, Path]:
    """NAME=PATH. Raises ValueError for anything else."""
    name, sign, path = word.partition("=")
    if not sign:
        raise ValueError(word)
    return name, Path(path)


def main(words: Sequence[str]) -> None:
    """Measure and print."""
    chosen = options(words)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary, ExitStack() as stack:
        room = (chosen.keep or Path(temporary)).resolve()
        room.mkdir(parents=True, exist_ok=True)
        setting = told(chosen)
        print(", ".join(f"{name} {value}" for name, value in setting.items()), flush=True)
        bench = Bench(room, stack, chosen.repeat, chosen.seed, chosen.postgres, tuple(chosen.python))
        figures = COMMANDS[chosen.command].measure(bench, chosen)
    if chosen.json:
        text = json.dumps({"setting": setting, **figures}, ensure_ascii=False, indent=2)
        chosen.json.write_text(text, encoding="utf-8")


def told(chosen: argparse.Namespace) -> dict[str, object]:
    """What the figures depend on."""
    return {
        "command": chosen.command,
        "seed": chosen.seed,
        "repeat": chosen.repeat,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main(sys.argv[1:])
