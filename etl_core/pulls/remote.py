"""A remote folder → copies of its new files, under their own names without numbers of persons. Never written to, never
deleted from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from etl_core.config import Bounds, Remote
from etl_core.errors import PullError
from etl_core.filenames import apart, rubbish, shown, unfinished
from etl_core.masking import plain
from etl_core.pulls.landing import Landing, stream, synced
from etl_core.pulls.outcome import Advanced, Progress
from etl_core.pulls.stores import Seen, Store


def pull(
    remote: Remote, limits: Bounds, landing: Landing, advanced: Advanced
) -> tuple[tuple[str, ...], PullError | None]:
    """Copy what is new: the names that landed, and the first thing that went wrong with a file, if any.

    A file is new when its size, time or tag is not the remembered one; it lands when its bytes are not. One that changed
    between two looks is still being written: "pull.waiting", and the next pull tries again. So it is with each file
    that "pull.hostile" or "pull.bound" is told of: the others land.

    Raises PullError: "pull.unreachable" or "pull.extra" for the folder as a whole.
    """
    copying = Copying(Store(remote), remote, limits, landing)
    for name, seen in sorted(copying.steady().items()):
        try:
            copying.take(name, seen)
        except PullError as fault:
            copying.failed(fault)
        else:
            advanced(copying.progress)
    return tuple(copying.landed), copying.fault


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a file: its version as the other side told it, and the hash of its bytes."""

    version: list[object]
    digest: str


class Copying:
    """One pull of a folder: what it knew before, what it did so far."""

    def __init__(self, store: Store, remote: Remote, limits: Bounds, landing: Landing) -> None:
        self._store, self._remote, self._limits, self._landing = store, remote, limits, landing
        self._until = time.monotonic() + limits.seconds
        told = landing.remembered()
        files = told.get("files", {}) if told.get("place") == store.place else {}
        self._known = {name: Known(*each) for name, each in files.items()}
        self.landed: list[str] = []
        self.progress = Progress()
        self.fault: PullError | None = None

    def failed(self, fault: PullError) -> None:
        """Keep the first fault; the other files go on."""
        self.fault = self.fault or fault

    def steady(self) -> dict[str, Seen]:
        """New files that nobody is writing: they look the same twice."""
        listed = self._listed()
        self._known = {name: known for name, known in self._known.items() if name in listed}
        new = {name: seen for name, seen in listed.items() if self._new(name, seen)}
        if not new:
            return {}
        time.sleep(self._remote.settle_seconds)
        later = self._listed()
        waiting = [
            name for name, seen in new.items() if name in later and not _settled(name, seen, later[name])
        ]
        if waiting:
            self.failed(PullError("pull.waiting", file=shown(min(waiting)), found=len(waiting)))
        return {name: seen for name, seen in new.items() if name in later and name not in waiting}

    def take(self, name: str, seen: Seen) -> None:
        """Copy one file and remember it; the copy has its name only when it is whole."""
        self._demand_bounds(seen)
        folder = self._landing.folder / ".part"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        digest, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in self._store.chunks(seen):
                size += len(chunk)
                self._demand_size(size)
                digest.update(chunk)
                yield chunk

        stream(folder / "file", counted())
        if not _settled(name, seen, self._store.again(seen)) or seen.size not in (None, size):
            raise PullError("pull.waiting", file=shown(name), found=1)
        self._land(name, seen, digest.hexdigest())
        self.progress = Progress(self.progress.pages + 1, 0, self.progress.bytes + size)
        shutil.rmtree(folder)

    def _land(self, name: str, seen: Seen, digest: str) -> None:
        """Give the copy its name, unless the bytes are those that landed before; it is as old as the file that it is of."""
        copy, known = self._landing.folder / ".part" / "file", self._known.get(name)
        if known is None or known.digest != digest:
            if seen.modified is not None:
                os.utime(copy, (seen.modified, seen.modified))
            copy.replace(self._landing.folder / name)
            synced(self._landing.folder)
            self.landed.append(name)
        self._known[name] = Known(seen.version, digest)
        files = {name: (known.version, known.digest) for name, known in self._known.items()}
        self._landing.remember({"place": self._store.place, "files": files})

    def _listed(self) -> dict[str, Seen]:
        """The files that are wanted, by the names that they have here; what can be no file of ours is told once and left there.

        Of masked names that are alike the number may change when the folder does: then both are fetched again, and none is lost.
        """
        seen = sorted(self._store.look(lambda name: _wanted(name, self._remote.names)).items())
        found = dict(zip(apart(plain(name) for name, _ in seen), (each for _, each in seen), strict=True))
        hostile = [name for name in found if not _safe(name)]
        if hostile:
            self.failed(PullError("pull.hostile", file=shown(hostile[0]), found=len(hostile)))
        return {name: seen for name, seen in found.items() if name not in hostile}

    def _new(self, name: str, seen: Seen) -> bool:
        known = self._known.get(name)
        return known is None or not seen.told or known.version != seen.version

    def _demand_bounds(self, seen: Seen) -> None:
        if self.progress.pages >= self._limits.pages or time.monotonic() > self._until:
            raise PullError("pull.bound", limit=f"{self._limits.pages} files, {self._limits.seconds} s")
        self._demand_size(seen.size or 0)

    def _demand_size(self, size: int) -> None:
        if self.progress.bytes + size > self._limits.mb << 20:
            raise PullError("pull.bound", limit=f"{self._limits.mb} MB")


def _settled(name: str, before: Seen, now: Seen) -> bool:
    return not unfinished(name) and before.version == now.version


def _wanted(name: str, patterns: Iterable[str]) -> bool:
    return not rubbish(name) and any(fnmatchcase(name, pattern) for pattern in patterns)


def _safe(name: str) -> bool:
    """Whether a name that the other side chose is that of one file in our folder."""
    try:
        return "/" not in name and "\0" not in name and 0 < len(os.fsencode(name)) <= 255
    except UnicodeError:
        return False
