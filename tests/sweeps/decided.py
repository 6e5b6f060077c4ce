"""What a person decides, killed at every point: a delivery is let through the brake, revoked, and restored.

Then it is typed again, and another time a night follows instead: the warehouse ends where an undisturbed command ends (or, before the
night, where none was typed), the archive says the same, and a warehouse that is made from the archive alone is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from etl_core import again, pipeline
from etl_core.cli.exits import DONE, PARTLY, USAGE
from etl_core.config import Config
from etl_core.loading import EVERY
from tests.sweeps import forked
from tests.sweeps.homes import Home
from tests.sweeps.night import EARLIER, TONIGHT
from tests.sweeps.sweep import Field, Result, shared

MINE = TONIGHT[0]
"""A correction, without which earlier records stand again."""

MORE = "sources: {cq_beibei: {shrink_limit: 0}}\n"
"""It withdraws a few, which is more than may be: it is stopped until somebody lets it through."""

TYPED = {DONE, PARTLY, USAGE}
"""How a command ends that is typed again: what was done already may be told as such."""


def allow(config: Config) -> int:
    return pipeline.run(config, forked.Nobody(), allow_shrink=EVERY).exit_code


def revoke(number: int, config: Config) -> int:
    again.revoke(config, number)
    return DONE


def restore(number: int, config: Config) -> int:
    report = again.restore(config, number, forked.Nobody())
    return DONE if report is None else report.exit_code


def rebuild(into: str, config: Config) -> int:
    return again.rebuild(config, forked.Nobody(), into).exit_code


@dataclass(frozen=True, slots=True)
class Rest:
    """A home in which nothing goes on: what its warehouse says, and what lies in its archive."""

    home: Home
    state: str
    kept: tuple[str, ...]

    @classmethod
    def of(cls, home: Home) -> Rest:
        return cls(home, home.state(), home.kept())

    def like(self, home: Home) -> bool:
        return (home.state(), home.kept()) == (self.state, self.kept)


@dataclass(frozen=True, slots=True)
class Step:
    """A command, where it begins, where it ends when nothing disturbs it, and the points that it passes."""

    name: str
    do: Callable[[Config], int]
    before: Rest
    after: Rest
    points: tuple[str, ...]


@dataclass(slots=True)
class Remade:
    """The states of warehouses that were made from an archive, by what lies in it: nothing else decides them."""

    where: Field
    name: str
    made: dict[tuple[str, ...], str] = field(default_factory=dict)

    def like(self, home: Home) -> bool:
        """Whether one that is made from the archive of a home is like the home's, but for numbers and what left it."""
        kept = home.kept()
        if kept not in self.made:
            target = Home(self.where.folder / self.name, home.inbox, home.server)
            target.set_back(self.where.fresh())
            forked.run(home, self.where.tape, do=partial(rebuild, target.url))
            self.made[kept] = target.state(numbered=False, past=False)
        return self.made[kept] == home.state(numbered=False, past=False)


def steps(where: Field) -> list[Step]:
    """The three commands, each begun where the one before it ended."""
    stopped = Rest.of(
        where.nights("stopped", [_all(where, "earlier", EARLIER), _all(where, "tonight", TONIGHT)], MORE)
    )
    allowing = _undisturbed(where, "allow", allow, stopped)
    number = allowing.after.home.number(MINE)
    revoking = _undisturbed(where, "revoke", partial(revoke, number), allowing.after)
    restoring = _undisturbed(where, "restore", partial(restore, number), revoking.after)
    return [allowing, revoking, restoring]


def _all(where: Field, inbox: str, names: Sequence[str]) -> list[Path]:
    return [where.folder / inbox / name for name in names]


def _undisturbed(where: Field, name: str, do: Callable[[Config], int], before: Rest) -> Step:
    home = replace(before.home, folder=where.folder / f"after{name}")
    home.set_back(before.home)
    ended = forked.run(home, where.tape, do=do)
    assert ended.code in (DONE, PARTLY), ended
    after = Rest.of(home)
    assert before.state != after.state, name
    return Step(name, do, before, after, ended.names)


def decided(where: Field, points: Callable[[int], Sequence[int]], jobs: int = 2) -> Iterator[Result]:
    """Kill each of the three at these of its points."""
    for step in steps(where):
        yield _swept(where, step, points(len(step.points)), jobs)


def _swept(where: Field, step: Step, points: Sequence[int], jobs: int) -> Result:
    def share(number: int) -> list[str]:
        name = f"{step.name}{number}"
        home = replace(step.before.home, folder=where.folder / name)
        remade = Remade(where, f"{name}again")
        return [said for at in points[number::jobs] for said in _tried(where, home, step, at, remade)]

    wrong = [said for told in shared(share, jobs) for said in told]
    return Result(step.name, len(step.points), len(points), wrong)


def _tried(where: Field, home: Home, step: Step, at: int, remade: Remade) -> Iterator[str]:
    told = f"{step.name} killed at {at} ({step.points[at - 1]})"
    yield from _killed(where, home, step, at, told)
    typed = forked.again(home, where.tape, step.do)
    if typed.code not in TYPED:
        yield f"{told}, typed again: exit {typed.code}, {typed.told[-300:]}"
    if not step.after.like(home):
        yield f"{told}, typed again: it ends elsewhere"
    if litter := home.litter():
        yield f"{told}, typed again: left behind: {litter[:3]}"
    if not remade.like(home):
        yield f"{told}, typed again: the archive makes another warehouse"
    yield from _killed(where, home, step, at, told)
    forked.again(home, where.tape)
    if not (step.before.like(home) or step.after.like(home)):
        yield f"{told}, then a night: it ends elsewhere"
    if not remade.like(home):
        yield f"{told}, then a night: the archive makes another warehouse"


def _killed(where: Field, home: Home, step: Step, at: int, told: str) -> Iterator[str]:
    home.set_back(step.before.home)
    met = forked.run(home, where.tape, at, "kill", do=step.do)
    if met.code != -9:
        yield f"{told}: exit {met.code}"
    if home.server:
        home.server.answered()
    if home.state() not in (step.before.state, step.after.state):
        yield f"{told}: a state between"
    home.grow_old()
