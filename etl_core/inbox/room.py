"""The private folder in which a run keeps its copies, and their removal."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from etl_core.records import Arrival

_ROOM = "etl-room-"
_YOUNG = 60.0


@contextmanager
def workroom(folder: Path | None = None) -> Iterator[Path]:
    """Give a private folder (mode 0700) for the copies of one run, and remove it with all that is in it.

    The rooms that killed runs left behind are removed too: a living run holds a lock on its own.

    Args:
        folder: where the room is made; created if need be. The system's temporary folder when left out.

    Raises:
        OSError: the room cannot be made.
    """
    parent = folder or Path(tempfile.gettempdir())
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(parent)
    room = Path(tempfile.mkdtemp(prefix=_ROOM, dir=parent))
    with _locked(room):
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)


@contextmanager
def released(arrival: Arrival) -> Iterator[Path]:
    """Give the path of an arrival's private copy, and remove the copy afterwards."""
    try:
        yield arrival.path
    finally:
        arrival.path.unlink(missing_ok=True)


def _sweep(parent: Path) -> None:
    for room in parent.glob(_ROOM + "*"):
        # Not ours to open or to remove, still in use, or gone by now: let it be.
        with suppress(OSError):
            if _abandoned(room):
                with _locked(room):
                    shutil.rmtree(room)


def _abandoned(room: Path) -> bool:
    """Whether a room may be a dead run's; one just made may not have its lock yet."""
    state = room.lstat()
    return state.st_uid == os.geteuid() and time.time() - state.st_mtime > _YOUNG


@contextmanager
def _locked(room: Path) -> Iterator[None]:
    """Hold a room's lock; OSError if another process does."""
    descriptor = os.open(room, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
