"""What a compressed file or an archive holds, as files that a reader opens where they lie: nothing is unpacked to a disk,
nor into memory as a whole.

Everything is unpacked once before anything is read (`gzipped`, archive.py), so that a cut or hostile file fails as a whole
(ruling 17) and nothing that follows has to be on its guard.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, cast

from etl_core.errors import DeliveryError
from etl_core.readers import archive

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")

_PIECE = 1 << 20
_COMPRESSED = re.compile(r"\.(gz|gzip)$", re.IGNORECASE)
_PACKED = re.compile(r"\.(gz|gzip|zip)$", re.IGNORECASE)


class File(Protocol):
    """Bytes that can be opened as often as they are wanted, and sought in: a path, or something inside one."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open the bytes for reading."""
        ...


@dataclass(frozen=True, slots=True)
class Gzipped:
    """The one file that a gzip holds."""

    path: Path

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open it; to seek back costs as much as to read it up to there."""
        return cast(BinaryIO, gzip.open(self.path, mode))


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a zip archive: where it stands in its directory, and its path as people see it."""

    path: Path
    at: int
    file: str

    @property
    def name(self) -> str:
        """Its name without folders."""
        return self.file.rpartition("/")[2]

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open it; to seek back costs as much as to read it up to there."""
        with zipfile.ZipFile(self.path) as whole:
            return cast(BinaryIO, whole.open(whole.infolist()[self.at]))


def seekable(file: File) -> BinaryIO:
    """The bytes opened for a reader that seeks to and fro: those of a packed file in memory."""
    opened = file.open("rb")
    if isinstance(file, Path):
        return opened
    with opened:
        return io.BytesIO(opened.read())


def size(file: File) -> int:
    """How many bytes there are."""
    with file.open("rb") as opened:
        return opened.seek(0, io.SEEK_END)


def head(file: File, most: int) -> bytes:
    """The first bytes, at most so many.

    Raises DeliveryError("unreadable") where they cannot be unpacked.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(most)
    except archive.BROKEN:
        raise DeliveryError("unreadable") from None


def gzipped(path: Path) -> Gzipped:
    """What a gzip holds, unpacked once to its real end, of which nothing is kept.

    Raises DeliveryError: "unreadable" (cut, broken, followed by something else), "unsafe" (archive.BYTES, or archive.RATIO).
    """
    content = Gzipped(path)
    allowed = min(archive.BYTES, max(archive.FREE, archive.RATIO * path.stat().st_size))
    found = 0
    try:
        with content.open("rb") as opened:
            while piece := opened.read(_PIECE):
                found += len(piece)
                if found > allowed:
                    raise DeliveryError("unsafe")
    except archive.BROKEN:
        raise DeliveryError("unreadable") from None
    return content


def bare(name: str) -> str:
    """What a file was called before it was compressed: «台账.xls.gz» → «台账.xls»."""
    return _COMPRESSED.sub("", name) or name


def wrapped(name: str) -> str:
    """The name of an archive or compressed file without the ending that says so: «2023年春.zip» → «2023年春»."""
    return _PACKED.sub("", name) or name
