"""What lies in an inbox folder: which names count, and what kind of thing each of them is."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from etl_core.errors import DeliveryError
from etl_core.filenames import locking, rubbish

CLOSED = "inbox.unreadable"  # of an inbox itself, such as one whose mount is gone: never of a file in it
_KINDS = {
    stat.S_IFLNK: "link",
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A regular file as first listed: the descriptor of its folder, its name, its state at that moment."""

    folder: int
    name: str
    state: os.stat_result


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder in an inbox, which is one delivery: the pages of a pull, by name (ruling 5)."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Faulty:
    """A name, as on disk, that cannot even be considered."""

    name: str
    error: DeliveryError


def listed(folder: Path, stack: ExitStack) -> list[Item | Folder | Faulty]:
    """List a folder by name; its descriptor stays open until `stack` is left.

    A folder that cannot be listed is itself the one faulty thing, so that the others go on.
    """
    try:
        descriptor = _held(folder, stack)
        names = _names(descriptor)
    except OSError:
        return [Faulty(str(folder), DeliveryError(CLOSED))]
    return [_seen(descriptor, name, stack) for name in names]


def pointed(file: Path, stack: ExitStack) -> Item | Folder | Faulty:
    """The one file or folder that a person names; a link is followed here, since a person chose it."""
    whole = file.resolve()
    if locking(whole.name):
        return Faulty(whole.name, DeliveryError("lock_file"))
    try:
        descriptor = _held(whole.parent, stack)
    except OSError:
        return Faulty(str(file), DeliveryError("unreadable"))
    return _seen(descriptor, whole.name, stack)


def _held(folder: Path | str, stack: ExitStack, inside: int | None = None) -> int:
    """Open a folder until `stack` is left."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if inside is not None else 0)
    descriptor = os.open(folder, flags, dir_fd=inside)
    stack.callback(os.close, descriptor)
    return descriptor


def _names(descriptor: int) -> list[str]:
    with os.scandir(descriptor) as entries:
        return sorted(entry.name for entry in entries if not rubbish(entry.name))


def demand_regular(state: os.stat_result) -> None:
    """Refuse everything but a regular file.

    Raises:
        DeliveryError: not_regular, with its `kind`: link, folder, pipe, socket or device.
    """
    if not stat.S_ISREG(state.st_mode):
        raise DeliveryError("not_regular", kind=_KINDS.get(stat.S_IFMT(state.st_mode), "device"))


def _seen(folder: int, name: str, stack: ExitStack) -> Item | Folder | Faulty:
    """A file, or a folder with nothing but files in it."""
    found = _first_seen(folder, name)
    if not (isinstance(found, Faulty) and found.error.detail.get("kind") == "folder"):
        return found
    try:
        inner = _held(name, stack, inside=folder)
        pages = [_first_seen(inner, page) for page in _names(inner)]
    except OSError:
        return Faulty(name, DeliveryError("unreadable"))
    for page in pages:
        if isinstance(page, Faulty):
            return Faulty(name, page.error)
    return Folder(name, tuple(page for page in pages if isinstance(page, Item)))


def _first_seen(folder: int, name: str) -> Item | Faulty:
    try:
        state = os.stat(name, dir_fd=folder, follow_symlinks=False)
        demand_regular(state)
    except OSError:
        return Faulty(name, DeliveryError("not_settled"))
    except DeliveryError as error:
        return Faulty(name, error)
    return Item(folder, name, state)
