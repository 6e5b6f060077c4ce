"""What lies in an inbox folder: which names count, and what kind of thing each of them is."""

from __future__ import annotations

import os
import stat
import unicodedata
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from etl_core.errors import DeliveryError

# Names under which browsers and transfer programs keep what they have not finished.
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload")

# What offices and desktops leave behind: not deliveries at all (ruling 20).
_RUBBISH_STARTS = ("~$", ".")
_RUBBISH = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}

# Categories of characters that move the cursor, turn the direction, are invisible or no characters at all.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}

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
class Faulty:
    """A name, as on disk, that cannot even be considered."""

    name: str
    error: DeliveryError


def listed(folder: Path, stack: ExitStack) -> list[Item | Faulty]:
    """List a folder by name; its descriptor stays open until `stack` is left.

    A folder that cannot be listed is itself the one faulty thing, so that the others go on.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, descriptor)
        with os.scandir(descriptor) as entries:
            names = sorted(entry.name for entry in entries if not _rubbish(entry.name))
    except OSError:
        return [Faulty(str(folder), DeliveryError("unreadable", folder=str(folder)))]
    return [_first_seen(descriptor, name) for name in names]


def pointed(file: Path, stack: ExitStack) -> Item | Faulty:
    """The one file that a person names; a link is followed here, since a person chose it."""
    whole = file.resolve()
    try:
        descriptor = os.open(whole.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return Faulty(str(file), DeliveryError("unreadable"))
    stack.callback(os.close, descriptor)
    return _first_seen(descriptor, whole.name)


def unfinished(name: str) -> bool:
    """Whether a name says that its file is still being transferred."""
    return name.lower().endswith(UNFINISHED)


def demand_regular(state: os.stat_result) -> None:
    """Refuse everything but a regular file.

    Raises:
        DeliveryError: not_regular, with its `kind`: link, folder, pipe, socket or device.
    """
    if not stat.S_ISREG(state.st_mode):
        raise DeliveryError("not_regular", kind=_KINDS.get(stat.S_IFMT(state.st_mode), "device"))


def shown(name: str) -> str:
    """Return a file name fit for a terminal: control, direction and undecodable characters are escaped."""
    return "".join(_escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in name)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte of a name that is not UTF-8, as Python carries it
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def _rubbish(name: str) -> bool:
    return name.startswith(_RUBBISH_STARTS) or name.lower() in _RUBBISH


def _first_seen(folder: int, name: str) -> Item | Faulty:
    try:
        state = os.stat(name, dir_fd=folder, follow_symlinks=False)
        demand_regular(state)
    except OSError:
        return Faulty(name, DeliveryError("not_settled"))
    except DeliveryError as error:
        return Faulty(name, error)
    return Item(folder, name, state)
