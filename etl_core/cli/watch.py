"""Who is told how a run goes on: the log, a pipe that reads JSON, a progress bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from etl_core.cli import screen
from etl_core.cli.live import Live
from etl_core.cli.say import Lang, reason
from etl_core.loading import Watch
from etl_core.pipeline import SPOTLESS
from etl_core.records import Outcome

COUNTS = ("read", "loaded", "quarantined", "skipped", "records", "skips", "reasons", "warnings")


def facts(outcome: Outcome, lang: Lang = "both") -> dict[str, object]:
    """An outcome as an event: coordinates, codes and counts."""
    told: dict[str, object] = {"file": outcome.file, "source": outcome.source, "result": outcome.result}
    if outcome.error:
        message = reason(outcome.error, lang, outcome.detail)
        told |= {"error": outcome.error, "detail": outcome.detail, "message": message}
    if outcome.place:
        told["label"] = outcome.place.label
    if outcome.result not in ("unchanged", "revoked"):
        told |= {name: getattr(outcome.counts, name) for name in COUNTS}
        told |= {name: getattr(outcome, name) for name in ("inserted", "updated", "withdrawn")}
        told["unknown"] = [text for account in outcome.accounts for text in account.unknown]
        told["asides"] = [asdict(each) for each in outcome.asides]
    return told | {"seconds": round(outcome.seconds, 3)}


class Events:
    """Tells every event to the log and, where `piped`, to standard output as well."""

    def __init__(self, log: Any, piped: bool) -> None:
        self._log, self._piped = log, piped

    def tell(self, event: str, level: str = "info", **told: Any) -> None:
        """One event with what is known of it."""
        getattr(self._log, level)(event, **told)
        if self._piped:
            screen.line(screen.dumps({"event": event, **told}))

    def failed(self, kind: str) -> None:
        """The run ended before its time; standard output stays as it is."""
        self._log.error("run.failed", kind=kind)

    def started(self, name: str) -> None:
        """A delivery is being read."""
        self.tell("delivery.started", file=name)

    def advanced(self, rows: int) -> None:
        """Nothing is told of single batches."""

    def waiting(self, holder: str) -> None:
        """Another run holds the warehouse: who, is told once."""
        self.tell("run.waiting", "warning", holder=holder)

    def finished(self, outcome: Outcome) -> None:
        """The delivery has its outcome; one that could not be loaded is a warning."""
        level = "info" if outcome.result in SPOTLESS else "warning"
        self.tell("delivery.finished", level, **facts(outcome))


class Several:
    """Several watches as one."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        self._watches = tuple(watches)

    def started(self, name: str) -> None:
        """A delivery is being read."""
        for watch in self._watches:
            watch.started(name)

    def advanced(self, rows: int) -> None:
        """So many more of its rows were read."""
        for watch in self._watches:
            watch.advanced(rows)

    def finished(self, outcome: Outcome) -> None:
        """The delivery has its outcome."""
        for watch in self._watches:
            watch.finished(outcome)

    def waiting(self, holder: str) -> None:
        """Another run holds the warehouse."""
        for watch in self._watches:
            watch.waiting(holder)


class Bar(Live):
    """The file being read and its rows so far, on standard error where that is a terminal; else nothing at all."""

    def columns(self) -> tuple[str, ...]:
        """The rows so far."""
        return ("{task.completed:,}",)

    def started(self, name: str) -> None:
        """A delivery is being read."""
        if self._progress is not None:
            from rich.markup import escape

            self._task = self._progress.add_task(escape(screen.shown(name)), total=None)

    def advanced(self, rows: int) -> None:
        """So many more of its rows were read."""
        if self._progress is not None:
            self._progress.advance(self._task, rows)

    def finished(self, outcome: Outcome) -> None:
        """The delivery has its outcome."""
        if self._progress is not None and self._progress.task_ids:
            self._progress.remove_task(self._progress.task_ids[-1])

    def waiting(self, holder: str) -> None:
        """Say on standard error for whom one waits, so that nobody thinks that it hangs."""
        screen.note(
            f"另一次运行正在使用仓库，等待它结束｜another run holds the warehouse, waiting for it: {holder}"
        )
