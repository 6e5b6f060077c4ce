"""What the tests of pulls share: a configuration with one pull, and a meter that remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from etl_core import pulls
from etl_core.config import Config
from etl_core.pulls import Progress, Pulled


@dataclass
class Told:
    """Everything that a meter is told."""

    begun_: list[str] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    ended_: list[Pulled] = field(default_factory=list)
    stop_after: int | None = None

    def begun(self, pull: str) -> None:
        self.begun_.append(pull)

    def advanced(self, pull: str, progress: Progress) -> None:
        self.progress.append(progress)
        if progress.pages == self.stop_after:
            raise KeyboardInterrupt

    def ended(self, pulled: Pulled) -> None:
        self.ended_.append(pulled)


@dataclass(frozen=True)
class Pulling:
    """One pull called `it` in a folder of its own."""

    folder: Path

    def config(self, **pull: Any) -> Config:
        told = {
            "warehouse": {"url": "sqlite:///w.sqlite"},
            "key_file": "k",
            "pulls": {"it": {"name": "pull", **pull}},
        }
        return Config.model_validate(told, context={"base": self.folder})

    def __call__(self, meter: Told | None = None, **pull: Any) -> Pulled:
        (pulled,) = pulls.pull(self.config(**pull), meter or Told())
        return pulled

    @property
    def landing(self) -> Path:
        return self.folder / "landing" / "it"

    def deliveries(self) -> list[str]:
        return sorted(path.name for path in self.landing.iterdir() if not path.name.startswith("."))

    def everything(self) -> bytes:
        """All bytes and names at rest."""
        paths = sorted(self.folder.rglob("*"))
        return b"".join(
            bytes(str(path.relative_to(self.folder)), "utf-8")
            + (path.read_bytes() if path.is_file() else b"")
            for path in paths
        )


@pytest.fixture
def pulling(tmp_path: Path) -> Pulling:
    return Pulling(tmp_path)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without their seconds."""
    monkeypatch.setattr("etl_core.pulls.asking.FIRST_PAUSE", 0.01)


@pytest.fixture
def failing() -> Callable[[list[Any], Any], Any]:
    """A service that gives some answers first, whatever it is asked, and is itself afterwards."""

    def build(first: list[Any], then: Any) -> Any:
        left = list(first)
        return lambda request: left.pop(0) if left else then(request)

    return build
