"""What moves on a terminal while something goes on: a line on standard error, gone when it has ended; elsewhere nothing."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self


class Live(AbstractContextManager["Live"]):
    """A line that spins, with a description and the time so far; `columns` says what stands between them."""

    def __init__(self) -> None:
        self._progress: Any = None

    def columns(self) -> tuple[Any, ...]:
        """Columns as rich.progress takes them; asked for on a terminal only."""
        return ()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich import progress
            from rich.console import Console

            self._progress = progress.Progress(
                progress.SpinnerColumn(),
                "{task.description}",
                *self.columns(),
                progress.TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
