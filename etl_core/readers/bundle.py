"""A folder of an inbox, packed into one archive by the parent (inbox/copying.py) → the Grids of its files."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import partial

from etl_core.errors import DeliveryError
from etl_core.filenames import apart, shown
from etl_core.readers import json, packed
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.records import Grid

_MAGIC = slice(257, 262)
HEAD = _MAGIC.stop


def recognised(head: bytes) -> bool:
    """Whether a file is such an archive."""
    return head[_MAGIC] == b"ustar"


def grids(path: File, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the rows of every file, in the order of their names; `file` is the path inside the folder.

    Raises DeliveryError: "unreadable" (a file that is no page of JSON, an archive that is cut or holds less than it says), and
    what json.pages raises.
    """
    try:
        with (
            path.open("rb") as file,
            tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape") as archive,
        ):
            members = [member for member in archive if member.isreg()]
            files = apart(shown(member.name) for member in members)
            pull = [
                json.Page(file, partial(_bytes, archive, member))
                for file, member in zip(files, members, strict=True)
            ]
            if sum(member.size for member in members) > packed.size(path) or not all(
                json.recognised(_bytes(archive, member, HEAD)) for member in members
            ):
                raise DeliveryError("unreadable")
            yield from json.pages(pull, options, batch)
    except (tarfile.TarError, OSError, ValueError):
        raise DeliveryError("unreadable") from None


def _bytes(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int = -1) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read(most)
