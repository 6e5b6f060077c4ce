"""How pulls are told: events for a log or a pipe, a bar on a terminal, a table for a person at the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from etl_core.cli import screen, watch
from etl_core.cli.live import Live
from etl_core.cli.say import Lang, reason, title
from etl_core.pulls import Meter, Progress, Pulled
from etl_schemas.messages import text

EVERY = 5.0  # seconds between two events of one pull that goes on


class Events:
    """Tells the beginning and the end of each pull, and now and then how far it is."""

    def __init__(self, events: watch.Events) -> None:
        self._events, self._told = events, 0.0

    def begun(self, pull: str) -> None:
        """A pull begins, or goes on where an earlier one was stopped."""
        self._told = time.monotonic()
        self._events.tell("pull.started", pull=pull)

    def advanced(self, pull: str, progress: Progress) -> None:
        """Another page is safe on disk; not every one is worth a line."""
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            self._events.tell("pull.advanced", pull=pull, **asdict(progress))

    def ended(self, pulled: Pulled) -> None:
        """The pull has ended; one that failed is a warning."""
        told: dict[str, object] = {"pull": pulled.pull, "result": pulled.result, "landed": pulled.landed}
        told |= asdict(pulled.progress)
        if pulled.error:
            told |= {"error": pulled.error, "detail": pulled.detail, "message": _why(pulled, "both")}
        level = "warning" if pulled.error else "info"
        self._events.tell("pull.finished", level, **told, seconds=round(pulled.seconds, 3))


class Meters:
    """Several meters as one."""

    def __init__(self, meters: Iterable[Meter]) -> None:
        self._meters = tuple(meters)

    def begun(self, pull: str) -> None:
        """A pull begins, or goes on where an earlier one was stopped."""
        for meter in self._meters:
            meter.begun(pull)

    def advanced(self, pull: str, progress: Progress) -> None:
        """Another page is safe on disk."""
        for meter in self._meters:
            meter.advanced(pull, progress)

    def ended(self, pulled: Pulled) -> None:
        """The pull has ended."""
        for meter in self._meters:
            meter.ended(pulled)


class Bar(Live):
    """Pages, records and bytes so far, on standard error where that is a terminal; a real bar where the total is known."""

    def columns(self) -> tuple[Any, ...]:
        """How far it is, and what came so far."""
        from rich.progress import BarColumn

        return (BarColumn(bar_width=20), "{task.fields[told]}")

    def begun(self, pull: str) -> None:
        """A pull begins, or goes on where an earlier one was stopped."""
        if self._progress is not None:
            self._task = self._progress.add_task(pull, total=None, told="")

    def advanced(self, pull: str, progress: Progress) -> None:
        """Another page is safe on disk."""
        if self._progress is not None:
            of = f"/{progress.total:,}" if progress.total else ""
            told = f"{progress.pages:,}p  {progress.rows:,}{of}  {size(progress.bytes)}"
            self._progress.update(self._task, total=progress.total, completed=progress.rows, told=told)

    def ended(self, pulled: Pulled) -> None:
        """The pull has ended."""
        if self._progress is not None:
            self._progress.remove_task(self._task)


def show(pulled: Iterable[Pulled], lang: Lang) -> None:
    """A line for each pull, and why one failed."""
    pulled = tuple(pulled)
    if not pulled:
        return
    heads = [title(name, lang) for name in ("pull", "result", "landed_as", "pages", "items", "size")]
    screen.table(heads, (_line(each, lang) for each in pulled))
    for each in pulled:
        if each.error:
            told = f"{text('pulled.failed', lang)}: {each.pull}: {each.error}: {_why(each, lang)}"
            screen.line(screen.shown(told))
    screen.line()


def size(count: int) -> str:
    """Bytes as people read them."""
    number, unit = float(count), "B"
    for larger in ("KB", "MB", "GB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def _line(pulled: Pulled, lang: Lang) -> list[object]:
    progress = pulled.progress
    result = text(f"pulled.{pulled.result}", lang)
    return [
        pulled.pull,
        result,
        list(pulled.landed),
        progress.pages,
        progress.rows or None,
        size(progress.bytes),
    ]


def _why(pulled: Pulled, lang: Lang) -> str:
    return reason(str(pulled.error), lang, pulled.detail)
