"""The process around a plugin: what it looks like, and what happens in it."""

from __future__ import annotations

import decimal
import faulthandler
import gc
import locale
import logging
import os
import random
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

_FILES = (
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "shutil.", "tempfile.", "sqlite3.connect",
)  # fmt: skip
_PROCESSES = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
    "os.startfile",
    "pty.",
)
_NETWORK = ("socket.", "http.client", "urllib.", "ftplib.", "smtplib.")
_KINDS = {"file": _FILES, "process": _PROCESSES, "network": _NETWORK}

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Watched:
    """One thing that the interpreter did: its kind («file», «process», «network») and the name of the audit event."""

    kind: str
    event: str


# An audit hook cannot be taken away again: there is one for all, and it writes where somebody watches.
_watching: list[list[Watched]] = []
_hooked: list[bool] = []


def state() -> dict[str, object]:
    """Everything that all code of a process shares, by name, in values that can be compared."""
    return {
        "cwd": os.getcwd(),  # noqa: PTH109  # as the process itself sees it
        "environment": dict(os.environ),
        "umask": _umask(),
        "locale": locale.setlocale(locale.LC_ALL),
        "time zone": (time.tzname, time.timezone, time.localtime(0).tm_hour),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "warnings": list(warnings.filters),
        "chance": random.getstate(),
        "decimals": repr(decimal.getcontext()),
        "path": list(sys.path),
        "hooks": (sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook, sys.gettrace()),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "limits": (
            sys.getrecursionlimit(),
            resource.getrlimit(resource.RLIMIT_NOFILE),
            sys.getswitchinterval(),
        ),
        "threads": {thread.name for thread in threading.enumerate()},
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "collector": (gc.isenabled(), gc.get_threshold()),
        "faults": faulthandler.is_enabled(),
        "polars": pl.Config.state(),
    }


def _umask() -> int:
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


@contextmanager
def watching() -> Iterator[list[Watched]]:
    """What happens inside of the block, in order."""
    if not _hooked:
        sys.addaudithook(_hear)
        _hooked.append(True)
    events: list[Watched] = []
    _watching.append(events)
    try:
        yield events
    finally:
        _watching.remove(events)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and (kind := _kind(event, arguments)):
        for events in _watching:
            events.append(Watched(kind, event))


def _kind(event: str, arguments: tuple[Any, ...]) -> str | None:
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        writes = any(mark in mode for mark in "wax+") if isinstance(mode, str) else False
        return "file" if writes or (isinstance(flags, int) and flags & _WRITING) else None
    return next((kind for kind, begun in _KINDS.items() if event.startswith(begun)), None)
