"""What a snapshot says of itself: of what state of the warehouse it is, by which software, and every file's rows and digest."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from etl_core.publish.folder import private, settle

NAME = "manifest.json"
FORMAT = 1  # of the snapshot: files, columns and their meaning


@dataclass(frozen=True, slots=True)
class File:
    """A file of a snapshot."""

    rows: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, rows: int) -> File:
        """Have the file on the disk, and what it is."""
        settle(path)
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        return cls(rows, path.stat().st_size, digest)


@dataclass(frozen=True, slots=True)
class State:
    """Of what a snapshot is made: the state of the warehouse, the software and the settings. The same state gives the same bytes."""

    format: int
    software: str
    schema: str | None  # revision of the warehouse's tables
    run: str | None  # the run that brought the latest delivery
    as_of: datetime | None  # when it did
    ledger: str  # digest of all deliveries
    least: int
    names: bool


def document(state: State, files: dict[str, File]) -> dict[str, Any]:
    """The manifest but for when it was published."""
    told = asdict(state) | {"files": {name: asdict(file) for name, file in sorted(files.items())}}
    return told | {"as_of": state.as_of and state.as_of.isoformat(timespec="microseconds")}


def write(folder: Path, told: dict[str, Any], now: datetime) -> None:
    """Put the manifest beside the files, the last of them."""
    whole = told | {"published_at": now.isoformat(timespec="seconds")}
    path = folder / NAME
    with open(path, "x", encoding="utf-8", opener=private) as file:
        file.write(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> dict[str, Any] | None:
    """The manifest of a snapshot but for when it was published; None where it or a file is missing or was changed in size."""
    try:
        told: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        told.pop("published_at")
        sizes = {name: file["bytes"] for name, file in told["files"].items()}
        whole = all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return told if whole else None
