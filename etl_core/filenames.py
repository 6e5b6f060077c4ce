"""Names of files as agencies send them: which are no deliveries at all, and how a name is kept and shown.

Agencies name files after persons. Whatever reads a name from outside (inbox, archive, workbook, pull) takes it through
`shown` or masking.plain at once, and so nothing further on ever has a number of a person in a name (contract §5).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from etl_core.masking import plain

# What offices and desktops leave behind: not deliveries at all (ruling 20).
_LOCK = "~$"
_RUBBISH_STARTS = (_LOCK, ".")
_RUBBISH = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}

# Names under which browsers and transfer programs keep what they have not finished.
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload")

# Categories of characters that move the cursor, turn the direction, are invisible or no characters at all.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def rubbish(name: str) -> bool:
    """Whether a file or folder of this name is what a program left behind."""
    return name.startswith(_RUBBISH_STARTS) or name.lower() in _RUBBISH


def locking(name: str) -> bool:
    """Whether an office program keeps a file of this name beside a document that is open."""
    return name.startswith(_LOCK)


def unfinished(name: str) -> bool:
    """Whether a name says that its file is still being transferred."""
    return name.lower().endswith(UNFINISHED)


def shown(name: str) -> str:
    """Return a name as it is kept and shown: without any number of a person; control, direction and undecodable characters
    are escaped."""
    told = plain(name)  # first: what is escaped would part a number
    return "".join(_escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in told)


def apart(names: Iterable[str]) -> Iterator[str]:
    """The names, with #2, #3 … before the ending of one that stood there already: masked names may be alike."""
    taken: set[str] = set()
    again: Counter[str] = Counter()
    for name in names:
        free, ending = name, PurePosixPath(name).suffix
        while free in taken:
            again[name] += 1
            free = f"{name.removesuffix(ending)}#{again[name] + 1}{ending}"
        taken.add(free)
        yield free


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte of a name that is not UTF-8, as Python carries it
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")
