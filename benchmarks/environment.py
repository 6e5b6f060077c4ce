"""The environment that dlt runs in: never the project's own, which does not depend on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The version that the figures of README.md were taken with.
WANTED = ("dlt[sqlalchemy]==1.31.0", "pydantic")


def python(room: Path, stated: Path | None) -> tuple[Path | None, str]:
    """A Python that has dlt, and why there is none: the stated one, or one of a new environment in `room`."""
    if stated is not None:
        return (stated, "") if _has(stated) else (None, "the stated Python has no dlt")
    made = room / "dlt" / "bin" / "python"
    if not _has(made):
        for command in (
            [sys.executable, "-m", "venv", str(room / "dlt")],
            [str(made), "-m", "pip", "install", "-q", *WANTED],
        ):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                return None, f"dlt could not be installed: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
    return (made, "") if _has(made) else (None, "dlt was installed but cannot be imported")


def _has(python: Path) -> bool:
    return (
        python.exists()
        and not subprocess.run([python, "-c", "import dlt"], check=False, capture_output=True).returncode
    )
