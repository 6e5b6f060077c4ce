"""Raw deliveries, kept by their fingerprint for as long as their records may have to be explained or made again.

Each is one file: what the delivery was called and when it was changed, then its bytes, sealed under a subkey of the key file
(contract §5: an ID number is never at rest in clear). Marks beside it say what a person has decided about the delivery; they
follow the ledger (marks.py). The archive alone is enough to make the warehouse again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from etl_core.errors import SealError
from etl_core.keys import Keys
from etl_core.records import Arrival
from etl_core.seal import Seal

READ = 1 << 20  # bytes read at a time
SEALED, DRAFT = ".sealed", ".draft"
REVOKED, ALLOWED = ".revoked", ".allowed"  # the marks: files with nothing in them


@dataclass(frozen=True, slots=True)
class Marks:
    """The fingerprints that persons have decided about.

    revoked: taken back; no run loads them. allowed: let through though they withdraw more than the brake allows; it lets them through
    ever after.
    """

    revoked: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


class Archive:
    """The folder of sealed deliveries; one writer at a time, which holds the warehouse's lock."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder, self._seal = folder, Seal(keys.archive())

    def __contains__(self, fingerprint: str) -> bool:
        return self._path(fingerprint).exists()

    def __iter__(self) -> Iterator[str]:
        """The fingerprints of all that is kept, in order."""
        yield from sorted(path.name.removesuffix(SEALED) for path in self._folder.glob(f"??/*{SEALED}"))

    def standing(self) -> list[str]:
        """The fingerprints of all that is kept and not revoked, in the order in which it was kept, as far as files tell."""
        revoked = self.marks().revoked
        kept = ((self._path(one).stat().st_mtime_ns, one) for one in self)
        return [one for _, one in sorted(kept) if one not in revoked]

    def marks(self) -> Marks:
        """All marks, of deliveries that are kept and of others."""
        paths = list(self._folder.glob("??/*"))
        return Marks(*(_named(paths, mark) for mark in (REVOKED, ALLOWED)))

    def mark(self, fingerprint: str, mark: str) -> None:
        """Put REVOKED or ALLOWED beside a delivery; its bytes stay. Raises OSError, which names the archive's folder."""
        path = self._path(fingerprint).with_suffix(mark)
        if not path.exists():
            with self._writing(fingerprint):
                path.touch(mode=0o600)

    def unmark(self, fingerprint: str, mark: str) -> None:
        """Take a mark away, if it is there. Raises OSError, which names the archive's folder."""
        path = self._path(fingerprint).with_suffix(mark)
        if path.exists():
            with self._writing(fingerprint):
                path.unlink()

    def keep(self, arrival: Arrival) -> None:
        """Keep an arrival's bytes for good; what is kept already under this name and time is left alone.

        The same bytes may come again under another name, when nothing of them was loaded before: then this one stands.
        Raises OSError, which names the archive's folder, where it cannot be written.
        """
        if self._kept_so(arrival):
            return
        path = self._path(arrival.fingerprint)
        draft = path.with_suffix(DRAFT)
        try:
            with self._writing(arrival.fingerprint):
                self._write(draft, arrival)
                draft.replace(path)
        finally:
            with suppress(OSError):
                draft.unlink()

    @contextmanager
    def taken(self, fingerprint: str, room: Path) -> Iterator[Arrival]:
        """A kept delivery as it arrived: a private copy in `room` that is removed afterwards. Raises as `given`."""
        try:
            yield self.given(fingerprint, room)
        finally:
            (room / fingerprint).unlink(missing_ok=True)

    def given(self, fingerprint: str, room: Path) -> Arrival:
        """The same, whose copy is the caller's to remove.

        Raises SealError where what is kept is not what was kept, KeyError where nothing is.
        """
        coming = self._opened(fingerprint)
        told = json.loads(next(coming))
        path = room / fingerprint
        _copy(coming, path, fingerprint)
        return Arrival(path=path, fingerprint=fingerprint, **told)

    def forget(self, fingerprint: str) -> None:
        """Keep it no longer."""
        self._path(fingerprint).unlink(missing_ok=True)

    def _path(self, fingerprint: str) -> Path:
        return self._folder / fingerprint[:2] / f"{fingerprint}{SEALED}"

    def _kept_so(self, arrival: Arrival) -> bool:
        """Whether these bytes are kept under this name and time; what does not open is not kept."""
        try:
            return next(self._opened(arrival.fingerprint)) + b"\n" == _line(arrival)
        except (KeyError, SealError, StopIteration, OSError):
            return False

    @contextmanager
    def _writing(self, fingerprint: str) -> Iterator[None]:
        """Write beside a kept delivery; what was written is on the disk when the block ends."""
        folder = self._path(fingerprint).parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield
            _settle(folder)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._folder)) from None

    def _write(self, draft: Path, arrival: Arrival) -> None:
        """A draft of a killed run is written over; nobody else's can lie there."""
        with open(draft, "wb", opener=_private) as file:
            for chunk in self._seal.close(_told(arrival), arrival.fingerprint):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def _opened(self, fingerprint: str) -> Iterator[bytes]:
        """The line that tells of the delivery, then its bytes."""
        try:
            file = self._path(fingerprint).open("rb")
        except FileNotFoundError:
            raise KeyError(fingerprint) from None
        with file:
            coming = self._seal.open(iter(lambda: file.read(READ), b""), fingerprint)
            told = b""
            while b"\n" not in told:
                told += next(coming)
            line, _, rest = told.partition(b"\n")
            yield line
            yield rest
            yield from coming


def _named(paths: Iterable[Path], suffix: str) -> frozenset[str]:
    return frozenset(path.stem for path in paths if path.suffix == suffix)


def _told(arrival: Arrival) -> Iterator[bytes]:
    """The line that tells of a delivery, then its bytes."""
    yield _line(arrival)
    with arrival.path.open("rb") as file:
        while chunk := file.read(READ):
            yield chunk


def _line(arrival: Arrival) -> bytes:
    """What an arrival is besides its bytes; the size is that of its files, where it is a folder."""
    told = {"name": arrival.name, "size": arrival.size, "modified": arrival.modified}
    return json.dumps(told).encode() + b"\n"


def _copy(chunks: Iterator[bytes], path: Path, fingerprint: str) -> None:
    """Write the bytes and hold them against their fingerprint."""
    digest = sha256()
    with open(path, "wb", opener=_private) as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != fingerprint:
        raise SealError("存档的内容与指纹不符｜what the archive keeps does not have its fingerprint")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _settle(folder: Path) -> None:
    """A name is on the disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
