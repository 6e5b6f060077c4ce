"""How the tests type commands, and where they do it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from os import environ, utime
from pathlib import Path

from click.testing import CliRunner, Result

from etl_core.cli import main

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
ETL = Path(sys.executable).with_name("etl")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a configuration, an inbox and what a run left there."""

    folder: Path
    config: Path
    inbox: Path
    warehouse: Path
    log: Path
    first: subprocess.CompletedProcess[str]


def etl(*typed: object, **more: str) -> subprocess.CompletedProcess[str]:
    """The real program in a process of its own, speaking to pipes."""
    env = {name: value for name, value in environ.items() if not name.startswith("ETL_")} | more
    return subprocess.run(
        [ETL, *map(str, typed)], capture_output=True, text=True, encoding="utf-8", env=env, check=False
    )


def here(*typed: object) -> Result:
    """The same program in this process, which has its imports already."""
    return CliRunner().invoke(main, list(map(str, typed)))


def configure(folder: Path, **more: str) -> Path:
    """A configuration in `folder`, with an inbox beside it."""
    (folder / "inbox").mkdir(exist_ok=True)
    settings = {
        "warehouse": "{url: sqlite:///data.sqlite}",
        "key_file": "keys/person.key",
        "inbox": "[inbox]",
        "settle_seconds": "0",
        **more,
    }
    if "postgresql" in settings["warehouse"]:
        settings.setdefault("archive", "kept")
    config = folder / "pipeline.yaml"
    config.write_text("".join(f"{name}: {value}\n" for name, value in settings.items()), encoding="utf-8")
    return config


def samples(*sources: str) -> list[Path]:
    """The sample files of some plugins."""
    return sorted(path for source in sources for path in (PLUGINS / source / "tests" / "samples").iterdir())


def settled(file: Path, folder: Path) -> Path:
    """A copy that was written long ago."""
    copy = Path(shutil.copy(file, folder))
    before = time.time() - 3600
    utime(copy, (before, before))
    return copy
