"""The environments that peers and writers run in: never the project's own, which depends on none of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The versions that the figures of README.md were taken with; the first word is what must be importable.
WANTED = {
    "dlt": ("dlt[sqlalchemy]==1.31.0", "pydantic==2.14.3", "polars==2.1.0", "pyarrow==26.0.1"),
    "earthmover": ("earthmover==0.4.10",),
    "pandas": ("pandas==3.1.1", "pandera[pandas]==0.35.0", "sqlalchemy==2.1.9"),
    "xlwt": ("xlwt==1.3.0",),
}


def python(name: str, room: Path, stated: Path | None = None) -> tuple[Path | None, str]:
    """A Python that can import `name`, and why there is none: the stated one, or one of a new environment in `room`."""
    if stated is not None:
        return (stated, "") if _has(stated, name) else (None, f"the stated Python has no {name}")
    made = room / f"environment-{name}" / "bin" / "python"
    if not _has(made, name):
        for command in (
            [sys.executable, "-m", "venv", str(made.parents[1])],
            [str(made), "-m", "pip", "install", "-q", *WANTED[name]],
        ):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                return (
                    None,
                    f"{name} could not be installed: {(done.stderr.strip().splitlines() or ['?'])[-1]}",
                )
    return (made, "") if _has(made, name) else (None, f"{name} was installed but cannot be imported")


def _has(python: Path, name: str) -> bool:
    command = [str(python), "-c", f"import {name}"]
    return python.exists() and not subprocess.run(command, check=False, capture_output=True).returncode
