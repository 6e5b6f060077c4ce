"""One invocation: its room, how often everything is repeated, and the jobs taken in turns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import databases
from benchmarks.databases import Database
from benchmarks.inputs import Delivery
from benchmarks.jobs import Job, Stock, run
from benchmarks.measure import Usage


@dataclass(frozen=True, slots=True)
class Bench:
    """room: a folder for everything; stack: closes databases at the end; pythons: stated interpreters by name."""

    room: Path
    stack: ExitStack
    repeat: int = 3
    seed: int = 7
    postgres: str = ""
    pythons: tuple[tuple[str, Path], ...] = ()

    def database(self, name: str) -> Database:
        """The database «sqlite» or «postgres», open until the end."""
        return self.stack.enter_context(databases.opened(name, self.postgres))

    def python(self, name: str) -> Path | None:
        """The stated interpreter of that name."""
        return dict(self.pythons).get(name)

    def compare(
        self, jobs: Sequence[Job], divided: bool = False, lenient: bool = False
    ) -> dict[str, list[Usage]]:
        """All jobs in turns, each turn beginning with another one, so that a busy minute does not meet one job alone.

        lenient: a job that fails is said and left out, the others go on.
        """
        runs: dict[str, list[Usage]] = {job.name: [] for job in jobs}
        for turn in range(self.repeat):
            at = turn % len(jobs)
            for job in [*jobs[at:], *jobs[:at]]:
                if job.name in runs:
                    self._turn(job, runs, divided, lenient)
        return runs

    def _turn(self, job: Job, runs: dict[str, list[Usage]], divided: bool, lenient: bool) -> None:
        try:
            runs[job.name].append(job.once(self.room, divided))
        except RuntimeError as fault:
            if not lenient:
                raise
            del runs[job.name]
            self.say(f"No figures of {job.name}: {fault}")

    def stocked(self, delivery: Delivery, database: Database) -> tuple[Stock, Usage]:
        """A warehouse that holds the delivery, kept until the end, and what its one run took."""
        folder = self.room / f"stock-{delivery.inbox.name}"
        folder.mkdir()
        url = self.stack.enter_context(database.fresh(folder))
        usage = run(delivery, database).into(folder, url)
        return Stock(url, (folder / "person.key").read_bytes(), delivery.files), usage

    def say(self, *texts: str) -> None:
        """Print what is known by now."""
        print("\n" + "\n\n".join(texts), flush=True)
