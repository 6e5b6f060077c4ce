"""One run in a fork of this process, which has everything imported and nothing opened."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from etl_core import again as redone
from etl_core import pipeline
from etl_core.cli import exits
from etl_core.config import Config
from etl_core.records import Outcome
from etl_core.warehouse import bulk
from tests.sweeps.homes import Home
from tests.sweeps.points import Points
from tests.sweeps.tape import Tape

LONGEST = 60.0  # seconds of a run that hangs

# What a run imports where it first needs it: every fork would do so again, half of its time.
for each in (
    "adbc_driver_sqlite.dbapi",
    "alembic.command",
    "openlineage.client.event_v2",
    "openlineage.client.facet_v2",
    "openlineage.client.transport.file",
    "prometheus_client",
):
    import_module(each)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its exit code, or minus the signal that killed it; its points; the states that it passed through."""

    code: int
    points: int = 0
    names: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    told: str = ""


class Nobody:
    """Who need not be told."""

    def waiting(self, holder: str) -> None: ...

    def started(self, name: str) -> None: ...

    def advanced(self, rows: int) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...


def night(config: Config) -> int:
    """One run of the pipeline: its exit code."""
    return pipeline.run(config, Nobody()).exit_code


def run(
    home: Home,
    tape: Path,
    at: int = 0,
    act: str = "",
    watched: bool = False,
    do: Callable[[Config], int] = night,
) -> Ended:
    """Run a command on the pipeline of a home in a process of its own; do `act` at its `at`-th point.

    watched: gather the states of the warehouse after every delivery.
    """
    settings = home.configured()
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        _inside(home, lambda: do(settings), tape, Points(at, act), watched, into)
    os.close(into)
    with os.fdopen(out) as pipe:
        told = pipe.read()  # until the child is gone
    code = _waited(child)
    if not told:
        return Ended(code)
    answer = json.loads(told)
    return Ended(
        answer["code"], answer["points"], tuple(answer["names"]), tuple(answer["states"]), answer["told"]
    )


def again(home: Home, tape: Path, do: Callable[[Config], int] = night) -> Ended:
    """The run after a fault; a server needs a moment until it sees that a killed run is gone."""
    end = time.monotonic() + LONGEST
    while (ended := run(home, tape, do=do)).code == exits.AGAIN and time.monotonic() < end:
        time.sleep(0.05)
    return ended


def side_by_side(homes: int, do: Callable[[], Ended]) -> list[Ended]:
    """Several runs begun at the same moment, each by a fork of its own."""
    start, go = os.pipe()
    pipes = [_begun(start, go, do) for _ in range(homes)]
    os.close(start)
    os.close(go)  # the last writer is gone: every reader goes on
    told = []
    for child, out in pipes:
        with os.fdopen(out) as pipe:
            told.append(Ended(**json.loads(pipe.read())))
        os.waitpid(child, 0)
    return told


def _begun(start: int, go: int, do: Callable[[], Ended]) -> tuple[int, int]:
    out, into = os.pipe()
    child = os.fork()
    if child:
        os.close(into)
        return child, out
    os.close(go)
    os.read(start, 1)  # until the others are there
    ended = do()
    os.write(into, json.dumps({"code": ended.code, "told": ended.told}).encode())
    os._exit(0)


def _waited(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _inside(home: Home, do: Callable[[], int], tape: Path, points: Points, watched: bool, into: int) -> None:
    """The forked process: it tells how the run ended, and is gone."""
    states: list[str] = []
    if watched:
        points.heard = lambda name: states.append(home.state()) if name in ("committed", "noted") else None
    played = Tape.of(tape)
    pipeline.children = redone.children = lambda _: played
    bulk.FEW, bulk.FIRST = 40, 60  # so that files are filled and attached as for a large delivery
    said = os.memfd_create("said")
    for stream in (1, 2):
        os.dup2(said, stream)
    points.begin()
    code = exits.guarded(do)
    points.listening = False
    sys.stdout.flush()
    sys.stderr.flush()
    os.lseek(said, 0, os.SEEK_SET)
    told = os.read(said, 1 << 16).decode(errors="replace")
    answer = {"code": code, "points": points.count, "names": points.names, "states": states, "told": told}
    with os.fdopen(into, "w") as pipe:
        json.dump(answer, pipe)
    os._exit(0)
