"""What is told of a pull: while it goes on, and when it has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from etl_core.errors import PullError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull is: pages (or files), records (0 where nobody counts them), bytes; `total` records where it is known."""

    pages: int = 0
    rows: int = 0
    bytes: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """How a pull ended.

    result: landed (there are new deliveries) · unchanged (what came is what is there already) · failed.
    landed: names of the new deliveries in the pull's folder; a remote folder may bring some and fail with another.
    error, detail: a code of the catalogue's section [pull] and its coordinates.
    """

    pull: str
    result: Literal["landed", "unchanged", "failed"]
    landed: tuple[str, ...] = ()
    progress: Progress = Progress()
    error: str | None = None
    detail: dict[str, str | int] = field(default_factory=dict)
    seconds: float = 0.0


def lacking(missing: ImportError, extra: str) -> PullError:
    """What is told where a library of an extra is not installed."""
    return PullError(
        "pull.extra", missing=missing.name or extra, command=f"pip install 'chuanyu-etl[{extra}]'"
    )


Advanced = Callable[[Progress], None]


class Meter(Protocol):
    """Who is told how pulls go on: a progress bar, a log, or nobody."""

    def begun(self, pull: str) -> None:
        """A pull begins, or goes on where an earlier one was stopped."""

    def advanced(self, pull: str, progress: Progress) -> None:
        """Another page is safe on disk."""

    def ended(self, pulled: Pulled) -> None:
        """The pull has ended."""
