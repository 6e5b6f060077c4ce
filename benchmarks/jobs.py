"""The jobs that are measured: each a command, what it finds before it starts, and a proof that it did what it was asked."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.databases import Ask, Database, Sqlite
from benchmarks.fates import FLOOR, asked, proven
from benchmarks.inputs import OUTCOMES, Delivery
from benchmarks.measure import Usage, measured
from benchmarks.words import HEADERS

CLONE = Path(__file__).resolve().parents[1]

# What the command line starts; written out so that it is found wherever the project is installed.
ETL = "import sys; from etl_core.cli import main; sys.exit(main())"

CONFIG = """\
warehouse:
  url: {url}
key_file: person.key
archive: kept
inbox: [{inbox}]
plugins: {{allow: [swu_guopei]}}
settle_seconds: 0
limits: {{seconds: 86400, file_mb: 1048576}}
"""
LENIENT = "sources: {swu_guopei: {error_limit: 1}}\n"  # a delivery with many faults is loaded nevertheless

Proof = Callable[[Path, Ask], None]
"""Given the job's folder and its database: RuntimeError where the job did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Stock:
    """A warehouse that `etl run` finds: the URL of the one to copy, its key, and how many deliveries it holds."""

    url: str = ""
    key: bytes = b""
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A command for a fresh folder and a fresh database."""

    name: str
    command: Callable[[Path, str], Sequence[str]]
    proof: Proof | None = None
    database: Database = field(default_factory=Sqlite)
    base: str = ""
    ready: Callable[[Path, str], None] | None = None

    def once(self, room: Path, divided: bool = False) -> Usage:
        """Run it in an empty folder of its own. Raises RuntimeError where it fails or its proof does."""
        folder = room / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            with self.database.fresh(folder, self.base) as url:
                return self.into(folder, url, divided)
        finally:
            shutil.rmtree(folder)

    def into(self, folder: Path, url: str, divided: bool = False) -> Usage:
        """Run it in this folder, into this database, and leave what it made."""
        if self.ready is not None:
            self.ready(folder, url)
        command = self.command(folder, url)
        usage = measured(command, folder, {"PYTHONPATH": str(CLONE)}, self.database.server, divided)
        if self.proof is not None:
            self.proof(folder, lambda query: self.database.ask(url, query))
        return usage


def etl(*words: str) -> list[str]:
    """The command `etl` of this clone."""
    return [sys.executable, "-c", ETL, *words]


def run(
    delivery: Delivery,
    database: Database,
    stock: Stock | None = None,
    *,
    name: str = "etl run",
    lenient: bool = False,
    stands: int | None = None,
) -> Job:
    """`etl run` on the inbox of the delivery, into a fresh warehouse or a copy of the stock; its books must be the truth.

    stands: how many records must stand then, where that is another question.
    """
    found = stock or Stock()

    def ready(folder: Path, url: str) -> None:
        configure(folder, url, delivery.inbox, lenient)
        if found.key:
            (folder / "person.key").write_bytes(found.key)
            (folder / "person.key").chmod(0o600)

    def proof(folder: Path, ask: Ask) -> None:
        balanced(ask, delivery.truth, found.deliveries)
        if stands is not None and (there := standing(ask)) != stands:
            raise RuntimeError(f"{there} records stand, {stands} are right")

    return Job(
        name,
        lambda folder, _: etl("run", "--config", str(folder / "pipeline.yaml")),
        proof,
        database,
        found.url,
        ready,
    )


def configure(folder: Path, url: str, inbox: Path, lenient: bool = False) -> None:
    """Write the pipeline's configuration."""
    text = CONFIG.format(url=json.dumps(url), inbox=json.dumps(str(inbox), ensure_ascii=False))
    (folder / "pipeline.yaml").write_text(text + LENIENT * lenient, encoding="utf-8")


def books(ask: Ask, after: int = 0) -> dict[str, int]:
    """Rows by outcome and reasons by code, of the deliveries behind the first `after`."""
    sums = ", ".join(f"coalesce(sum(rows_{name}), 0)" for name in OUTCOMES)
    rows = ask(f"select {sums} from delivery where delivery_id > {after}")[0]
    reasons = ask(
        "select code, count(*) from reason join quarantine using (quarantine_id) "
        f"where delivery_id > {after} group by code"
    )
    return {**{name: int(each) for name, each in zip(OUTCOMES, rows, strict=True)}, **dict(reasons)}


def balanced(ask: Ask, truth: Mapping[str, int], after: int = 0) -> None:
    """Raises RuntimeError where the books are not the truth."""
    if (found := books(ask, after)) != truth:
        raise RuntimeError(f"the books are {found}, {dict(truth)} is the truth")


def standing(ask: Ask) -> int:
    """Records of which no later version stands."""
    return int(ask("select count(*) from record where state = 'current'")[0][0])


def floor(delivery: Delivery, database: Database, name: str = "bare floor") -> Job:
    """The bare floor (floor.py), which loads every row."""

    def command(folder: Path, url: str) -> Sequence[str]:
        words = [str(delivery.path), url, delivery.encoding, str(folder)]
        return [sys.executable, "-m", "benchmarks.floor", *words]

    return Job(name, command, lambda _, ask: proven(asked(ask, HEADERS), delivery, FLOOR), database)


def stage(delivery: Delivery, name: str, room: Path, database: Database) -> Job:
    """One stage alone (stages.py); what `send` leaves in the room, the parent's stages find there."""

    def command(folder: Path, url: str) -> Sequence[str]:
        return [sys.executable, "-m", "benchmarks.stages", name, str(delivery.path), str(room), url]

    return Job(name, command, database=database)
