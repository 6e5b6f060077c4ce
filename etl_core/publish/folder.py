"""The folder of published snapshots: numbered ones, and the link `current` to the one that is to be read.

Whoever follows the link reads a whole snapshot, the old or the new one: the link is replaced by one rename, and snapshots never
change. There is one writer, which holds the warehouse's lock; what a killed one left is removed by the next.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl_core.steps import step

CURRENT, DRAFT = "current", ".draft"
NUMBERED = re.compile(r"[0-9]{6,}")


class Folder:
    """The snapshots in a folder; `keep` of them stay, the current one included."""

    def __init__(self, path: Path, keep: int) -> None:
        self._path, self._keep = path, keep

    def current(self) -> Path | None:
        """The snapshot that is read; None where there is none."""
        link = self._path / CURRENT
        try:
            name = str(link.readlink())
        except OSError:
            return None
        return self._path / name if NUMBERED.fullmatch(name) and link.is_dir() else None

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty private folder (mode 0700) for the next snapshot; it is gone afterwards unless it was swapped in."""
        self.tidy()
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path / DRAFT
        draft.mkdir(mode=0o700)
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def swap(self, draft: Path) -> Path:
        """Make a finished draft the snapshot that is read; its place."""
        before = self.current()
        place = self._path / f"{int(before.name) + 1 if before else 1:06d}"
        settle(draft)
        step("publishing")
        draft.rename(place)
        link = self._path / DRAFT
        link.symlink_to(place.name)
        link.replace(self._path / CURRENT)
        settle(self._path)
        step("published")
        self.tidy()
        return place

    def tidy(self) -> None:
        """Remove drafts, snapshots that were never swapped in, and all but the newest ones."""
        draft, current = self._path / DRAFT, self.current()
        if draft.is_symlink():
            draft.unlink()
        elif draft.exists():
            shutil.rmtree(draft)
        newest = int(current.name) if current else 0
        swapped = [path for path in self._numbered() if int(path.name) <= newest]
        kept = swapped[-self._keep :]
        for path in self._numbered():
            if path not in kept:
                shutil.rmtree(path)

    def _numbered(self) -> list[Path]:
        found = (path for path in self._path.glob("*") if NUMBERED.fullmatch(path.name))
        return sorted(found, key=lambda path: int(path.name))


def private(path: str, flags: int) -> int:
    """Opener of new files that are their owner's alone, whatever the umask says."""
    return os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def settle(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
