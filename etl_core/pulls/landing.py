"""The folder in which the deliveries of one pull land, and the hidden part in which one grows until it is whole.

    landing/<pull>/pull_20231008/page-0001.json …   a delivery, as in any inbox
    landing/<pull>/.part/                           what is being fetched: pages, and state.json beside them
    landing/<pull>/.landed.json                     which delivery landed last, by the hash of its bytes

Names that begin with a dot are no deliveries (ruling 20). Every step is a rename on one file system after an fsync, so
that a kill at any moment leaves a part that can be gone on with, or a delivery that is whole.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from etl_core.errors import PullError
from etl_core.pulls.outcome import Progress

FULL = (errno.ENOSPC, errno.EDQUOT)
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class State:
    """What a part knows of itself: whose it is, what it will be called, how far it is, where it goes on.

    request     slow salted hash of what was asked for (`Landing.part`): secrets of a query are not written down
    next        where the next page is: a number, an offset, a cursor, a link
    fingerprint of the whole delivery once it is complete, else ""
    single      the delivery is the one file among the pages, not their folder
    """

    request: str
    salt: str
    name: str
    pages: int = 0
    rows: int = 0
    bytes: int = 0
    total: int | None = None
    next: str = ""
    fingerprint: str = ""
    single: bool = False

    @property
    def progress(self) -> Progress:
        """How far the part is."""
        return Progress(self.pages, self.rows, self.bytes, self.total)


class Part:
    """A delivery that grows page by page; every page that `state` counts is on disk."""

    def __init__(self, folder: Path, state: State, resumed: bool = False) -> None:
        self._folder, self.state, self.resumed = folder, state, resumed
        self.pages = folder / "pages"

    def add(self, name: str, body: bytes, **state: Any) -> None:
        """Keep a page, and then the state that counts it."""
        write(self.pages / name, body)
        self.resumed = False
        self.save(**state)

    def save(self, **state: Any) -> None:
        """Keep a changed state."""
        self.state = replace(self.state, **state)
        write(self._folder / "state.json", json.dumps(asdict(self.state)).encode())

    def drop(self) -> None:
        """Throw the part away."""
        shutil.rmtree(self._folder, ignore_errors=True)


class Landing:
    """The folder of one pull, held by this process alone (see `held`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._part = folder / ".part"

    def part(self, request: object, name: str) -> Part:
        """Go on with the part of the same request, or begin one for a delivery called `name`."""
        state = self._completed()
        if state and secrets.compare_digest(state.request, _slow(request, state.salt)):
            _tidy(self._part / "pages", state.pages)
            return Part(self._part, state, resumed=state.pages > 0)
        return self.fresh(request, name)

    def fresh(self, request: object, name: str, single: bool = False) -> Part:
        """Begin a part; what lay there is thrown away.

        Args:
            single: the delivery will be the part's one file, not the folder of its pages.
        """
        self._completed()
        shutil.rmtree(self._part, ignore_errors=True)
        salt = secrets.token_hex(16)
        for folder in (self._part, self._part / "pages"):
            folder.mkdir(mode=0o700)
        part = Part(self._part, State(_slow(request, salt), salt, name, single=single))
        part.save()
        return part

    def land(self, part: Part) -> str | None:
        """Make a complete part a delivery; its name, or None where the delivery that landed last has the same bytes."""
        fingerprint = _fingerprint(part.pages)
        if self.remembered().get("fingerprint") == fingerprint:
            part.drop()
            return None
        part.save(name=self._free(part.state.name), fingerprint=fingerprint)
        self._finish(part)
        return part.state.name

    def _finish(self, part: Part) -> None:
        """The rename, and what follows it; a kill on either side of it changes nothing."""
        delivery = next(part.pages.glob("*"), None) if part.state.single else part.pages
        if delivery and delivery.exists():
            delivery.replace(self.folder / part.state.name)
            synced(self.folder)
        self.remember({"fingerprint": part.state.fingerprint, "name": part.state.name})
        part.drop()

    def _completed(self) -> State | None:
        """The state of the part; one that was complete when its process was killed lands now, and there is none any more."""
        state = self._state()
        if state and state.fingerprint:
            self._finish(Part(self._part, state))
            return None
        return state

    def remembered(self) -> dict[str, Any]:
        """What `remember` kept, nothing where it cannot be read."""
        try:
            told = json.loads((self.folder / ".landed.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def remember(self, told: Mapping[str, Any]) -> None:
        """Keep what the next pull wants to know of this one."""
        write(self.folder / ".landed.json", json.dumps(told, ensure_ascii=False).encode())

    def _state(self) -> State | None:
        try:
            return State(**json.loads((self._part / "state.json").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def _free(self, name: str) -> str:
        """The name, or with -2, -3 … before its ending where a delivery is called so already."""
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        names = (name if number == 1 else f"{stem}-{number}{dot}{ending}" for number in count(1))
        return next(each for each in names if not os.path.lexists(self.folder / each))


@contextmanager
def held(folder: Path) -> Iterator[Landing]:
    """Make and hold the folder of a pull, mode 0700.

    Raises PullError: "pull.busy" (another process pulls into it), "pull.landing" (it cannot be made or written).
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise PullError("pull.landing", folder=str(folder)) from None
    try:
        _lock(descriptor)
        yield Landing(folder)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise PullError("pull.busy") from None


def write(path: Path, body: bytes) -> None:
    """Put a file in place as a whole, mode 0600, and on the disk before it has its name. An OSError names the folder."""
    beside = path.with_name(f".{path.name}.tmp")
    stream(beside, [body])
    beside.replace(path)
    synced(path.parent)


def stream(path: Path, chunks: Iterable[bytes], flags: int = os.O_TRUNC) -> None:
    """Write a file, mode 0600, anew or (O_APPEND) at its end, and see it on the disk. An OSError names the folder."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | flags, 0o600), "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path.parent)) from None


def synced(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def page(number: int) -> str:
    """Name of a page; names sort as the numbers do, which is why a pull has at most 9,999 pages."""
    return f"page-{number:04}.json"


def _tidy(pages: Path, counted: int) -> None:
    """Remove what a kill left beside the pages that the state counts."""
    kept = {page(number) for number in range(1, counted + 1)}
    for path in pages.iterdir():
        if path.name not in kept:
            path.unlink()


def _slow(request: object, salt: str) -> str:
    """A hash by which a request is known again and a secret in it is not guessed."""
    text = json.dumps(request, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex()


def _fingerprint(pages: Path) -> str:
    """SHA-256 of the pages, their sizes and bytes in order; names may hold the day, and say nothing of what came."""
    digest = hashlib.sha256()
    for path in sorted(pages.iterdir()):
        digest.update(f"{path.stat().st_size} ".encode())
        for chunk in _chunks(path):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
