"""A plugin that is not installed yet, in a process of its own: the folder of its code and the marks of a distribution on the path.

What that process says of an error may hold a cell: only the kind of the error is told.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import click

# Golden files of the plugins that this program drafts; a person may have added others.
GOLDEN = ("expected.csv", "expected_records.csv", "expected_delivery.csv", "expected_state.csv")

# The day on which samples arrive, where a test does not say it (testing.case).
ARRIVED = date(2026, 1, 1)


def goldens(folder: Path, name: str) -> dict[str, bytes]:
    """The golden files that a plugin's samples give now. Raises click.ClickException where the plugin cannot be run."""
    with TemporaryDirectory(prefix="etl-golden-") as room:
        out = Path(room) / "golden"
        site = marked(folder, name, Path(room))
        command = [sys.executable, "-P", "-s", "-X", "utf8", "-m", "etl_core.testing.accept"]
        given = [name, str(folder / "tests"), str(out), arrived(folder, name).isoformat()]
        done = subprocess.run(  # noqa: S603  # our own module, in our own interpreter
            [*command, *given], capture_output=True, env=environment(site), check=False
        )
        if done.returncode != 0:
            kind = re.findall(rb"^([A-Za-z_.]+)(?::|$)", done.stderr, re.MULTILINE)
            told = kind[-1].decode("ascii") if kind else "?"
            raise click.ClickException(
                f"{name} 跑不通样本（{told}）；请运行 pytest 查看｜{name} cannot read its samples ({told}): run pytest to see why"
            )
        return {each: (out / each).read_bytes() for each in GOLDEN}


def marked(folder: Path, name: str, room: Path) -> list[Path]:
    """Folders for the path: the plugin's code, and beside it what an installation would leave of it."""
    package = f"etl_source_{name}"
    info = room / "site" / f"{package}-0.1.0.dist-info"
    info.mkdir(parents=True)
    distribution = package.replace("_", "-")
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(f"[etl_core]\n{name} = {package}\n", encoding="utf-8")
    return [info.parent, folder / "src"]


def environment(path: list[Path]) -> dict[str, str]:
    """The environment with these folders before all others."""
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, path), *([before] if before else [])])}


def arrived(folder: Path, name: str) -> date:
    """The day on which the samples arrive, as the plugin's test says it."""
    test = folder / "tests" / f"test_{name}.py"
    text = test.read_text(encoding="utf-8") if test.is_file() else ""
    found = re.search(r"arrived = date\((\d+), (\d+), (\d+)\)", text)
    return date(*map(int, found.groups())) if found else ARRIVED
