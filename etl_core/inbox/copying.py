"""From an item of an inbox to a private copy that holds exactly the bytes that were hashed."""

from __future__ import annotations

import errno
import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import FileIO
from itertools import count
from pathlib import Path

from etl_core.errors import DeliveryError
from etl_core.inbox.listing import Folder, Item, demand_regular

_CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def opened(item: Item) -> FileIO:
    """Open without following or waiting for anything, and judge what was really opened.

    Raises:
        DeliveryError: not_regular, not_settled (another file than the one listed) or unreadable.
    """
    try:
        file = FileIO(os.open(item.name, _READ, dir_fd=item.folder))
    except OSError as error:
        raise _refusal(error) from None
    try:
        demand_regular(os.fstat(file.fileno()))
        _demand_unchanged(file, item)
    except DeliveryError:
        file.close()
        raise
    return file


def chunks(file: FileIO, item: Item) -> Iterator[bytes]:
    """Read from the beginning; the file must hold exactly what it held when first listed.

    Raises:
        DeliveryError: not_settled or unreadable, at the latest after the last chunk.
    """
    left = item.state.st_size
    try:
        file.seek(0)
        while left >= 0 and (chunk := file.read(_CHUNK)):
            left -= len(chunk)
            yield chunk
    except OSError:
        raise DeliveryError("unreadable") from None
    if left != 0:
        raise DeliveryError("not_settled")
    _demand_unchanged(file, item)


def bundled(folder: Folder) -> Iterator[bytes]:
    """The files of a folder as one tar archive: the same bytes for the same pages, whatever the folder is called (ruling 20).

    Raises:
        DeliveryError: what `opened` and `chunks` raise.
    """
    for item in folder.items:
        entry = tarfile.TarInfo(item.name)
        entry.size = item.state.st_size
        yield entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        with closing(opened(item)) as file:
            yield from chunks(file, item)
        yield bytes(-entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def fingerprint_of(content: Iterable[bytes]) -> str:
    """Return the SHA-256 of the bytes, in hex."""
    digest = hashlib.sha256()
    for chunk in content:
        digest.update(chunk)
    return digest.hexdigest()


def copied(content: Iterable[bytes], work: Path, fingerprint: str) -> Path:
    """Copy into `work`, mode 0600; a copy that is cut short or not what was hashed before does not stay.

    Raises:
        DeliveryError: not_settled, or what `content` raises.
        OSError: the work folder cannot be written.
    """
    path = _fresh(work, fingerprint)
    try:
        if _written(content, path) != fingerprint:
            raise DeliveryError("not_settled")
    except BaseException:
        path.unlink()
        raise
    return path


def _refusal(error: OSError) -> DeliveryError:
    """Return what an errno of open() means: a link, a socket, a name that is gone, or no permission."""
    if error.errno == errno.ELOOP:
        return DeliveryError("not_regular", kind="link")
    if error.errno == errno.ENXIO:
        return DeliveryError("not_regular", kind="socket")
    return DeliveryError("not_settled" if error.errno == errno.ENOENT else "unreadable")


def _demand_unchanged(file: FileIO, item: Item) -> None:
    if _version(os.fstat(file.fileno())) != _version(item.state):
        raise DeliveryError("not_settled")


def _version(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def _fresh(work: Path, fingerprint: str) -> Path:
    """Create the copy's file; the same bytes may still lie there under another delivery's name."""
    names = (fingerprint if number == 1 else f"{fingerprint}-{number}" for number in count(1))
    return next(work / name for name in names if _created(work / name))


def _created(path: Path) -> bool:
    try:
        os.close(os.open(path, _CREATE, 0o600))
    except FileExistsError:
        return False
    return True


def _written(content: Iterable[bytes], path: Path) -> str:
    """Write and hash in one pass; return the fingerprint. An OSError of the write names the work folder."""
    digest = hashlib.sha256()
    try:
        with path.open("wb") as target:
            for chunk in content:
                digest.update(chunk)
                target.write(chunk)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path.parent)) from None
    return digest.hexdigest()
