"""The log: one event, one line of JSON; file names, sources, codes, counts and durations, never a person's data.

A log that cannot be written never stops a run (it is said once on standard error).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TextIO

from etl_core.cli import screen
from etl_core.config import Log
from etl_core.masking import scrubbed


class Lines:
    """Writes finished lines; a full disk loses the line and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write one line."""
        with suppress(OSError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = msg


class Silence:
    """A logger of whom nobody hears."""

    def msg(self, event: str, **told: Any) -> None:
        """Nothing."""

    debug = info = warning = error = critical = msg


@contextmanager
def opened(settings: Log) -> Iterator[Any]:
    """A structlog logger by the configuration; without a log file nothing is logged: a pipe gets the events themselves."""
    if settings.file is None:
        yield Silence()
        return
    import structlog  # 0.2 s, for those who keep a log

    with _stream(settings.file) as stream:
        yield structlog.wrap_logger(
            Lines(stream),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _rendered,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        )


def _rendered(_: Any, __: str, told: Any) -> str:
    first = {name: told.pop(name) for name in ("timestamp", "level", "event")}
    return scrubbed(screen.dumps({**first, **told}))


def _stream(file: Path) -> AbstractContextManager[TextIO]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        return _closing(os.fdopen(os.open(file, flags, 0o600), "a", encoding="utf-8"))
    except OSError as fault:
        screen.note(
            f"日志无法写入，改写到此处｜the log cannot be written, it goes here: {file}: {fault.strerror}"
        )
        return nullcontext(sys.stderr)


@contextmanager
def _closing(stream: TextIO) -> Iterator[TextIO]:
    """A stream whose last words may be lost: what a full disk did not take is tried again when it is closed."""
    try:
        yield stream
    finally:
        with suppress(OSError):
            stream.close()
