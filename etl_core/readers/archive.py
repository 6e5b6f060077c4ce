"""What a zip container may be before anything parses it: whole, of bounded size, without entities."""

from __future__ import annotations

import copy
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from itertools import count
from typing import IO

from etl_core.errors import DeliveryError

MEMBERS = 10_000
BYTES = 1 << 30

# Office XML packs 10 to 20 times; a bomb 1,000 times. Small members may pack any way they like.
RATIO = 200
FREE = 50 << 20

# What zipfile and the decompressors raise at bytes that are no archive of theirs.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    NotImplementedError,
    RuntimeError,
)

_PIECE = 1 << 20


def check(
    file: IO[bytes], watch: Callable[[str], Callable[[bytes], None] | None], documents: bool = False
) -> list[str]:
    """Unpack every member once, keeping nothing, and tell the names of the members.

    watch: given the name of a member, what shall see its unpacked pieces (and may raise), or None.
    documents: the members are documents of their own, whose readers judge what these declare.
    The declared sizes are not believed; checksums are verified. Raises DeliveryError: "unreadable" (cut or
    broken), "encrypted", "unsafe" (over MEMBERS, BYTES or RATIO; an XML member that declares a document type).
    """
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN:
        raise DeliveryError("unreadable") from None
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise DeliveryError("unsafe", members=len(members))
    if any(member.flag_bits & 1 for member in members):
        raise DeliveryError("encrypted")
    total = 0
    for member in members:
        see = watch(member.filename)
        total += _unpacked(archive, member, BYTES - total, see if documents else _undeclared(see))
    return archive.namelist()


def _unpacked(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowed: int, see: Callable[[bytes], None] | None
) -> int:
    """Size of a member, found by unpacking it to its real end."""
    size = 0
    try:
        with archive.open(_endless(member)) as content:
            while piece := content.read(_PIECE):
                size += len(piece)
                if size > min(allowed, max(FREE, RATIO * member.compress_size)):
                    raise DeliveryError("unsafe")
                if see is not None:
                    see(piece)
    except BROKEN:
        raise DeliveryError("unreadable") from None
    return size


def _endless(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The member without its declared size, at which zipfile would stop before other readers do."""
    endless = copy.copy(member)
    endless.file_size = 1 << 62
    return endless


def _undeclared(see: Callable[[bytes], None] | None) -> Callable[[bytes], None]:
    """Sees the pieces of a member after it has looked at the first one."""
    pieces = count()

    def seeing(piece: bytes) -> None:
        if next(pieces) == 0:
            _no_entities(piece)
        if see is not None:
            see(piece)

    return seeing


def _no_entities(head: bytes) -> None:
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and (b"<!DOCTYPE" in head or b"<!ENTITY" in head):
        raise DeliveryError("unsafe")
