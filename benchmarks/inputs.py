"""The deliveries that the jobs read, each in an inbox of its own and made by another process, so that this one stays small."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from benchmarks.words import name

CLONE = Path(__file__).resolve().parents[1]
OUTCOMES = ("read", "loaded", "quarantined", "skipped")


@dataclass(frozen=True, slots=True)
class Delivery:
    """An inbox, its one file (or the first of several), what its rows must become, rows, and the encoding of text."""

    inbox: Path
    path: Path
    truth: dict[str, int]
    rows: int
    encoding: str = "gb18030"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.inbox.iterdir())

    @property
    def files(self) -> int:
        """How many files the inbox holds."""
        return sum(1 for _ in self.inbox.iterdir())

    def unchanged(self) -> Delivery:
        """The same files to a warehouse that has them: nothing of them is read."""
        return replace(self, truth=dict.fromkeys(OUTCOMES, 0))


def text(
    room: Path,
    rows: int,
    seed: int,
    *,
    bad: float = 0.02,
    encoding: str = "gb18030",
    batch: int = 1,
    offset: int = 0,
) -> Delivery:
    """One CSV file; `offset` rows of the same numbering stand in other deliveries."""
    inbox = _inbox(room)
    path = inbox / name(batch)
    truth = _sample(path, rows, seed, "--bad", bad, "--encoding", encoding, "--offset", offset)
    return Delivery(inbox, path, truth, rows, encoding)


def correction(room: Path, rows: int, seed: int, changes: int) -> Delivery:
    """The whole delivery of `text` once more as its correction, in which about so many rows say other hours."""
    inbox = _inbox(room)
    path = inbox / name(corrected=True)
    return Delivery(inbox, path, _sample(path, rows, seed, "--changes", changes), rows)


def small(room: Path, files: int, each: int, seed: int) -> Delivery:
    """So many CSV files of so many rows each."""
    inbox = _inbox(room)
    truth = _sample(inbox, files * each, seed, "--files", files)
    return Delivery(inbox, inbox / name(), truth, files * each)


def workbook(room: Path, rows: int, seed: int, suffix: str = ".xlsx", python: Path | None = None) -> Delivery:
    """A workbook of the same rows (workbook.py); .xls needs a Python that has a writer of it.

    Where the text would have a cell too many, the identity number is a number, of which the workbook keeps 15 digits.
    """
    source = text(room, rows, seed, encoding="utf-8")
    inbox = _inbox(room)
    path = inbox / name(suffix=suffix)
    _told([str(python or sys.executable), "-m", "benchmarks.workbook", str(source.path), str(path)])
    truth = {"id_number.damaged" if code == "row.malformed" else code: n for code, n in source.truth.items()}
    return Delivery(inbox, path, truth, rows)


def _inbox(room: Path) -> Path:
    inbox = room / f"inbox-{uuid4().hex[:8]}"
    inbox.mkdir(parents=True)
    return inbox


def _sample(path: Path, rows: int, seed: int, *words: object) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.sample", str(path), str(rows), str(seed), *map(str, words)]
    truth: dict[str, int] = json.loads(_told(command))
    return truth


def _told(command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=CLONE, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr[-2000:]}")
    return done.stdout
