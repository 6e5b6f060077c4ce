"""The record of a run: one JSON document that says what was asked, with what, and what became of every delivery.

Its schema is published (schemas/run.schema.json). It names files, sources, codes, counts and versions, and never a person.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from etl_core.config import Config
from etl_core.protocol import Problem, SourceFacts
from etl_core.records import Outcome

FORMAT = 1
SOFTWARE = ("chuanyu-etl", "polars", "pandera", "sqlalchemy", "python-calamine")
RUN = "run"
COMMANDS = (RUN, "rebuild", "replay", "revoke", "restore")
STALE = 3600  # seconds
NUMBERS = ("read", "loaded", "quarantined", "skipped", "records")
CHANGES = ("inserted", "updated", "withdrawn")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """How a run went: when, how long (seconds), what was asked for, its exit code, and what ended it before its time.

    command: `run`, or what else a person typed that changes the warehouse: one of COMMANDS.
    """

    run_id: str
    started_at: datetime
    finished_at: datetime
    seconds: float
    only: str | None
    exit_code: int
    broken: str | None = None
    command: str = RUN


def document(
    course: Course,
    config: Config,
    outcomes: Sequence[Outcome],
    sources: Iterable[SourceFacts] = (),
    problems: Iterable[Problem] = (),
) -> Document:
    """The whole record."""
    return {
        "format": FORMAT,
        "run_id": course.run_id,
        "command": course.command,
        "started_at": _moment(course.started_at),
        "finished_at": _moment(course.finished_at),
        "seconds": round(course.seconds, 3),
        "only": course.only,
        "exit_code": course.exit_code,
        "broken": course.broken,
        "software": {"python": platform.python_version(), **{name: version(name) for name in SOFTWARE}},
        "plugins": {source.name: source.plugin for source in sources},
        "problems": [asdict(problem) for problem in problems],
        "config": fingerprint(config),
        "results": dict(sorted(Counter(each.result for each in outcomes).items())),
        "sources": _sums(outcomes),
        "deliveries": [_delivery(each) for each in outcomes],
    }


def fingerprint(config: Config) -> str:
    """SHA-256 of the settings in force, secrets left out: two runs with the same one were asked the same."""
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()


def write(record: Mapping[str, Any], folder: Path) -> Path:
    """Keep a record as a file of the folder, complete or not at all, for its owner only. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(folder)
    moment = str(record["started_at"]).replace("-", "").replace(":", "")
    path = folder / f"{moment}-{str(record['run_id'])[:8]}.json"
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _tidy(folder: Path) -> None:
    """Remove what killed runs were writing: a record takes no hour."""
    for draft in folder.glob(".*.json.*"):
        with suppress(OSError):
            if draft.stat().st_mtime < time.time() - STALE:
                draft.unlink()


def kept(folder: Path) -> list[Document]:
    """The records in a folder, the oldest first; a file that is none is left alone."""
    found = (_read(path) for path in sorted(folder.glob("*.json")))
    return [record for record in found if record is not None]


def last(folder: Path, wanted: Callable[[Document], bool] = bool) -> Document | None:
    """The newest record in a folder that is wanted."""
    found = (_read(path) for path in sorted(folder.glob("*.json"), reverse=True))
    return next((record for record in found if record is not None and wanted(record)), None)


def _read(path: Path) -> Document | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("format") == FORMAT else None


def _moment(moment: datetime) -> str:
    """To the millisecond, so that the records of a folder are in the order of their names."""
    return moment.isoformat("T", "milliseconds").replace("+00:00", "Z")


def _sums(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """Rows and changes by source; a delivery that nobody recognised is in the list of deliveries only."""
    sums: dict[str, Counter[str]] = {}
    for each in outcomes:
        if each.source and each.result != "unchanged":
            sums.setdefault(each.source, Counter()).update(_numbers(each))
    return {source: dict(sums[source]) for source in sorted(sums)}


def _numbers(outcome: Outcome) -> dict[str, int]:
    counted = {name: getattr(outcome.counts, name) for name in NUMBERS}
    return counted | {name: getattr(outcome, name) for name in CHANGES}


def _delivery(outcome: Outcome) -> Document:
    place, counts = outcome.place, outcome.counts
    return {
        "file": outcome.file,
        "fingerprint": outcome.fingerprint or None,
        "source": outcome.source,
        "label": place.label if place else None,
        "slot": place.slot if place else None,
        "result": outcome.result,
        "error": outcome.error,
        "detail": outcome.detail,
        "seconds": round(outcome.seconds, 3),
        **_numbers(outcome),
        "skips": counts.skips,
        "reasons": counts.reasons,
        "warnings": counts.warnings,
    }
