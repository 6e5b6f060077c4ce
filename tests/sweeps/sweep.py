"""The sweeps themselves: what is done at every point, and what must hold afterwards."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from etl_core.cli.exits import AGAIN, PARTLY, STOPPED, USAGE
from etl_core.keys import Keys
from etl_core.testing.folders import copied
from tests.services import Server, server
from tests.sweeps import forked
from tests.sweeps.homes import Home
from tests.sweeps.night import MIXED

CLONE = Path(__file__).resolve().parents[2]
TERMINATED = 143
NIGHT = STOPPED  # one of its deliveries is held back by the brake
CLEAN_ENDS = {NIGHT, USAGE, AGAIN}  # a fault that was met is told by one of these; 70 is a defect of ours


@dataclass(frozen=True, slots=True)
class Clean:
    """What a run without any fault does: where it begins, which states it passes, where it ends."""

    before: Home
    end: forked.Ended
    state: str
    kept: tuple[str, ...]
    published: dict[str, str]

    @property
    def passed(self) -> set[str]:
        """The states between two deliveries."""
        return {self.before.state(), *self.end.states, self.state}


@dataclass(frozen=True, slots=True)
class Field:
    """Deliveries, their recorded answers, and a warehouse of each kind as it is before the night."""

    folder: Path
    server: Server | None

    @property
    def tape(self) -> Path:
        return self.folder / "answers"

    def home(self, name: str) -> Home:
        return Home(self.folder / name, self.folder / "tonight", self.server)

    def nights(self, name: str, nights: list[list[Path]], more: str = "") -> Home:
        """A new warehouse after the deliveries of these nights."""
        home = Home(self.folder / name, self.folder / f"in-{name}", self.server, more)
        home.set_back(self.fresh())
        for night in nights:
            shutil.rmtree(home.inbox, ignore_errors=True)
            home.inbox.mkdir()
            for path in night:
                copied(path, home.inbox / path.name)
            forked.run(home, self.tape)
        return home

    def fresh(self) -> Home:
        """A warehouse that was made and holds nothing yet."""
        empty = Home(self.folder / "fresh", self.folder / "nothing", self.server)
        if not empty.folder.exists():
            empty.inbox.mkdir()
            empty.folder.mkdir()
            if self.server:
                self.server.run("create database fresh template template0")
            assert forked.run(empty, self.tape).code == 0
        return empty

    def clean(self) -> Clean:
        """Load the evenings before, then the night without any fault."""
        empty = Home(self.folder / "before", self.folder / "earlier", self.server)
        empty.folder.mkdir()
        if self.server:
            self.server.run("drop database if exists before with (force)")
            self.server.run("create database before template template0")
        first = forked.run(empty, self.tape)
        assert first.code == PARTLY, first
        night = self.home("clean")
        night.set_back(empty)
        ended = forked.run(night, self.tape, watched=True)
        assert ended.code == NIGHT, ended
        return Clean(empty, ended, night.state(), night.kept(), night.published())


@dataclass(slots=True)
class Result:
    """How many points were tried, and everything that was not as it must be."""

    name: str
    of: int
    tried: int = 0
    wrong: list[str] = field(default_factory=list)


@contextmanager
def fields(database: str) -> Iterator[Field]:
    """The field of a database: «sqlite» or «postgres»."""
    with tempfile.TemporaryDirectory(prefix="chuanyu-sweep-") as name:
        folder = Path(name)
        made = [sys.executable, "-m", "tests.sweeps.night", str(folder)]
        subprocess.run(made, cwd=CLONE, check=True)
        Keys.load(folder / "person.key")
        if database == "sqlite":
            yield Field(folder, None)
        else:
            # A crash loses no commit that was answered: the log is written, if not to a disk.
            with server(synchronous_commit="on") as running:
                yield Field(folder, running)


def swept(where: Field, clean: Clean, act: str, points: Sequence[int], jobs: int = 2) -> Result:
    """Do `act` at each of the points; the wrong ones say which, how it ended and what was found."""
    result = Result(act, clean.end.points)

    def share(number: int) -> list[str]:
        home = where.home(f"{act}{number}".lower())
        return [said for at in points[number::jobs] for said in _tried(where, home, clean, act, at)]

    for wrong in shared(share, jobs):
        result.wrong += wrong
    result.tried = len(points)
    return result


def _tried(where: Field, home: Home, clean: Clean, act: str, at: int) -> Iterator[str]:
    home.set_back(clean.before)
    met = forked.run(home, where.tape, at, act)
    told = f"{act} at {at} ({clean.end.names[at - 1]}): exit {met.code}"
    if home.server:
        home.server.answered()
    if met.code not in _ends(act):
        yield f"{told}, {met.told[-300:]}"
    if home.state() not in clean.passed:
        yield f"{told}, a state that no clean run passes"
    home.published()  # none, or a whole one
    home.grow_old()
    after = forked.again(home, where.tape)
    if after.code != clean.end.code:
        yield f"{told}, then exit {after.code}, {after.told[-300:]}"
    if home.state() != clean.state or home.kept() != clean.kept:
        yield f"{told}, one more run ends elsewhere than a clean one"
    if home.published() != clean.published:
        yield f"{told}, analysts read something else than after a clean run"
    if litter := home.litter():
        yield f"{told}, left behind: {litter[:3]}"


def _ends(act: str) -> set[int]:
    if act == "kill":
        return {-9}
    if act in ("drop", "lose", "crash"):
        return {AGAIN, NIGHT}
    return {TERMINATED, NIGHT} if act == "stop" else CLEAN_ENDS


def races(where: Field, clean: Clean, count: int) -> Result:
    """2 to 8 runs at once, so many times: one at a time loads, the others say that they were not let in."""
    result = Result("race", count)
    home = where.home("race")
    for number in range(count):
        home.set_back(clean.before)
        runners = 2 + number % 7
        home.configured()
        ended = forked.side_by_side(runners, lambda: forked.run(home, where.tape))
        codes = sorted(each.code for each in ended)
        result.tried += 1
        if not {NIGHT} <= set(codes) <= {NIGHT, AGAIN} or home.state() != clean.state:
            result.wrong.append(f"race {number} of {runners}: exits {codes}")
        if not all("pid=" in each.told for each in ended if each.code == AGAIN):
            result.wrong.append(f"race {number}: the holder is not named")
    return result


def orders(where: Field, count: int, jobs: int = 2) -> Result:
    """All deliveries of a turn dealt to two to six nights at random, some of them twice: every order must end alike."""
    result = Result("orders", count)
    turns = [sorted((where.folder / turn).iterdir()) for turn in MIXED]
    wholes = [where.nights("whole", [paths]).state(numbered=False) for paths in turns]

    def share(number: int) -> list[str]:
        wrong = []
        for order in range(number, count, jobs):
            turn = order // jobs % len(turns)
            nights = dealt(random.Random(order), turns[turn])
            if where.nights(f"order{number}", nights).state(numbered=False) != wholes[turn]:
                wrong.append(f"order {order}: {[[path.name for path in night] for night in nights]}")
        return wrong

    for wrong in shared(share, jobs):
        result.wrong += wrong
    result.tried = count
    return result


def dealt(lot: random.Random, paths: Sequence[Path]) -> list[list[Path]]:
    """The deliveries of each night."""
    nights: list[list[Path]] = [[] for _ in range(lot.randint(2, 6))]
    for path in paths:
        lot.choice(nights).append(path)
    for again in lot.sample(paths, 3):
        night = lot.choice(nights)
        if again not in night:
            night.append(again)
    return [night for night in nights if night]


def shared(do: Callable[[int], list[str]], jobs: int) -> list[list[str]]:
    """Each share by a fork of its own: a process that has threads is not to be forked."""
    pipes = []
    for number in range(jobs):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(out)
            with os.fdopen(into, "w") as pipe:
                pipe.write("\0".join(do(number)))
            os._exit(0)
        os.close(into)
        pipes.append((child, out))
    told = []
    for child, out in pipes:
        with os.fdopen(out) as pipe:
            told.append([said for said in pipe.read().split("\0") if said])
        _, status = os.waitpid(child, 0)
        if status:
            told.append([f"a share of the sweep ended with {status}"])
    return told
