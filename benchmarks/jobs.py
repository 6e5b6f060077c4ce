"""The jobs that are measured: each a command over one delivery, and a proof that it did what it was asked."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Usage, measured
from benchmarks.words import NAME

CLONE = Path(__file__).resolve().parents[1]

# What the command line starts; written out so that it is found wherever the project is installed.
ETL = "import sys; from etl_core.cli import main; sys.exit(main())"

CONFIG = """\
warehouse:
  url: sqlite:///warehouse.sqlite
key_file: person.key
inbox: [{inbox}]
plugins: {{allow: [swu_guopei]}}
settle_seconds: 0
limits: {{seconds: 7200}}
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A command, made for a fresh folder, and the question how many records it left there (None: it leaves none)."""

    name: str
    command: Callable[[Path], Sequence[str]]
    loaded: Callable[[Path], int] | None = None

    def once(self, room: Path, wanted: int) -> Usage:
        """Run it in an empty folder of its own. Raises RuntimeError where it did not leave `wanted` records."""
        folder = room / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        usage = measured(self.command(folder), folder, {"PYTHONPATH": str(CLONE)})
        if self.loaded is not None and (found := self.loaded(folder)) != wanted:
            raise RuntimeError(f"{self.name}: {found} records, {wanted} are right")
        shutil.rmtree(folder)
        return usage


def whole(delivery: Path, truth: Mapping[str, int]) -> Job:
    """`etl run` on an inbox that holds the delivery, into a fresh SQLite warehouse; its books must be the truth."""

    def command(folder: Path) -> Sequence[str]:
        config = folder / "pipeline.yaml"
        config.write_text(CONFIG.format(inbox=json.dumps(str(delivery.parent))), encoding="utf-8")
        return [sys.executable, "-c", ETL, "run", "--config", str(config)]

    return Job("etl run", command, lambda folder: books(folder / "warehouse.sqlite", truth))


def books(warehouse: Path, truth: Mapping[str, int]) -> int:
    """Records of the one delivery. Raises RuntimeError where rows by outcome or reasons by code are not the truth."""
    outcomes = ("read", "loaded", "quarantined", "skipped")
    with closing(sqlite3.connect(warehouse)) as connection:
        asked = ", ".join(f"rows_{name}" for name in outcomes)
        rows = connection.execute(f"select {asked}, records from delivery").fetchone()
        reasons = dict(connection.execute("select code, count(*) from reason group by code"))
    found = {**dict(zip(outcomes, rows[:-1], strict=True)), **reasons}
    if found != truth:
        raise RuntimeError(f"the books are {found}, {dict(truth)} is the truth")
    return int(rows[-1])


def floor(delivery: Path) -> Job:
    """The bare floor (floor.py), which loads every row."""

    def command(folder: Path) -> Sequence[str]:
        return [sys.executable, "-m", "benchmarks.floor", str(delivery), str(folder / "floor.sqlite")]

    return Job("bare floor", command, lambda folder: count(folder / "floor.sqlite"))


def dlt(delivery: Path, python: Path) -> Job:
    """dlt with a pydantic model a row (peer.py), which keeps repeats."""

    def command(folder: Path) -> Sequence[str]:
        return [str(python), str(CLONE / "benchmarks" / "peer.py"), str(delivery), str(folder)]

    return Job("dlt", command, lambda folder: count(folder / "peer.sqlite"))


def count(database: Path) -> int:
    """Rows of the table `record`."""
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("select count(*) from record").fetchone()[0])


def stage(delivery: Path, name: str, room: Path) -> Job:
    """One stage alone (stages.py); what `send` leaves in the room, the parent's stages find there."""

    def command(folder: Path) -> Sequence[str]:
        (room / "stages.sqlite").unlink(missing_ok=True)
        return [sys.executable, "-m", "benchmarks.stages", name, str(delivery), str(room)]

    return Job(name, command)


def made(room: Path, rows: int, seed: int) -> tuple[Path, dict[str, int]]:
    """The delivery in an inbox of its own, made by another process so that this one stays small; and its truth."""
    inbox = room / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    delivery = inbox / NAME
    command = [sys.executable, "-m", "benchmarks.sample", str(delivery), str(rows), str(seed)]
    told = subprocess.run(command, cwd=CLONE, check=True, capture_output=True, text=True).stdout
    return delivery, json.loads(told)
