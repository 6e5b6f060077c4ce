"""Zip archives of deliveries: which of their members are tables, and what these are called.

A name is UTF-8 where the archive says so. Older programs write the code page of their computer and say nothing; Python then
takes every byte for one of code page 437, and that is undone here: UTF-8 where the bytes are valid, else GB18030.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from etl_core.errors import DeliveryError
from etl_core.filenames import apart, rubbish, shown
from etl_core.readers import archive
from etl_core.readers.packed import File, Member, seekable

_UTF8 = 0x800
_OUTSIDE = re.compile(r"^(/|[A-Za-z]:)|(^|/)\.\.(/|$)")


def directory(file: File) -> tuple[zipfile.ZipInfo, ...]:
    """The members as the archive's directory has them; none where it has no readable one."""
    with (
        suppress(*archive.BROKEN),
        seekable(file) as content,
        zipfile.ZipFile(content) as whole,
    ):
        return tuple(whole.infolist())
    return ()


def listed(path: Path) -> tuple[Member, ...]:
    """The files of an archive by name, without folders and what desktops leave behind (ruling 20); none is looked into."""
    wanted = _wanted(path)
    files = apart(shown(name) for name, _ in wanted)
    return tuple(Member(path, at, file) for file, (_, at) in zip(files, wanted, strict=True))


def members(path: Path) -> tuple[Member, ...]:
    """The same, each unpacked once to its real end, of which nothing is kept.

    Raises DeliveryError: what archive.check does; "unreadable" (a member of another size than it says), "unsafe" (a name that
    leads out of the archive, or that stands there twice).
    """
    sizes: list[int] = []
    with path.open("rb") as file:
        archive.check(file, lambda _: _counting(sizes), documents=True)
    if [each.file_size for each in directory(path)] != sizes:
        raise DeliveryError("unreadable")
    names = [name for name, _ in _wanted(path)]
    outside = any(_OUTSIDE.search(called(each)) for each in directory(path))
    if outside or len(set(names)) < len(names):
        raise DeliveryError("unsafe")
    return listed(path)


def folder(files: Sequence[Member]) -> tuple[str, ...]:
    """The name of the folder that all of the members lie in, if there is one."""
    above = {each.file.rpartition("/")[0] for each in files}
    only = above.pop() if len(above) == 1 else ""
    return (only.rpartition("/")[2],) if only else ()


def called(info: zipfile.ZipInfo) -> str:
    """The path of a member as its sender wrote it."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        for codec in ("utf-8", "gb18030"):
            with suppress(UnicodeError):
                name = name.encode("cp437").decode(codec)
                break
    return name.replace("\\", "/")


def _wanted(path: Path) -> list[tuple[str, int]]:
    """The files of an archive, by name, and where each stands in its directory."""
    named = ((called(each), at) for at, each in enumerate(directory(path)) if not each.is_dir())
    return sorted((name, at) for name, at in named if not any(map(rubbish, name.split("/"))))


def _counting(sizes: list[int]) -> Callable[[bytes], None]:
    """Adds the unpacked bytes of the next member up."""
    at = len(sizes)
    sizes.append(0)

    def see(piece: bytes) -> None:
        sizes[at] += len(piece)

    return see
