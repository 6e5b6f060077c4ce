"""`etl` in a process that notes every path that Python opens for writing, makes, renames or removes: FILE, then what is typed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from etl_core.cli import main

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
ONE = {"os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.utime", "os.truncate", "shutil.rmtree"}
TWO = {"os.rename", "os.link", "os.symlink"}


def changed(event: str, given: tuple[Any, ...]) -> Iterator[Any]:
    """The paths that an event of Python's audit changes; a name within an open folder is told by that folder's own event."""
    one = (
        (event == "open" and given[2] & WRITING)
        or (event == "sqlite3.connect" and "mode=ro" not in str(given[0]))
        or (event in ONE and not (isinstance(given[-1], int) and given[-1] > 2))
    )
    if one:
        yield given[0]
    elif event in TWO:
        yield from given[:2] if event == "os.rename" else given[1:2]


if __name__ == "__main__":
    noted = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, given: tuple[Any, ...]) -> None:
        """Keep the paths, whole."""
        for path in changed(event, given):
            if not isinstance(path, int):
                os.write(noted, os.fsencode(Path.cwd() / os.fsdecode(path)) + b"\n")

    sys.addaudithook(note)
    main()
