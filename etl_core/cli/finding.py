"""What `etl doctor` finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is (ok, warn, fail), and what to do; texts are «中文｜English»."""

    check: str
    state: str
    message: str
    advice: str = ""


Check = Callable[[], Iterable[Finding]]
