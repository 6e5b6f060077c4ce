"""Names of files as agencies send them: which are no deliveries at all, and how a name is shown to people."""

from __future__ import annotations

import unicodedata

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
    """Return a file name fit for a terminal: control, direction and undecodable characters are escaped."""
    return "".join(_escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in name)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte of a name that is not UTF-8, as Python carries it
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")
