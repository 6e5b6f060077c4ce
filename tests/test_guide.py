"""The first hour of plugins/README.md, typed as it stands there: every command says what the guide says that it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.drafts import CLONE, installed

README = CLONE / "plugins" / "README.md"
SAMPLE = CLONE / "tests" / "guide" / "示例县2024年春季教师培训登记表.csv"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# What differs from one run to the next, or from one number of conformance tests to the next.
VARIES = [
    (re.compile(r"\d+ passed in [\d.]+s(?: \([\d:]+\))?"), "N passed in Ns"),
    (re.compile(r"^[.]+ +\[ *\d+%\]\n", re.MULTILINE), ""),
    (re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}"), "WHEN"),
    (re.compile(r"^运行: [0-9a-f]{32}$", re.MULTILINE), "运行: RUN"),
    (re.compile(r" +$", re.MULTILINE), ""),
]


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the guide, with what it says."""

    typed: str
    said: str


def steps(text: str) -> Iterator[Step]:
    """Every command of the console blocks: «$ command», its further lines behind «> », then what it says."""
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            more = next((at for at, line in enumerate(lines[1:], 1) if not line.startswith("> ")), len(lines))
            typed = "\n".join([lines[0], *(line[2:] for line in lines[1:more])])
            yield Step(typed, "\n".join(lines[more:]))


def plain(text: str) -> str:
    for pattern, put in VARIES:
        text = pattern.sub(put, text)
    return text.strip()


def typed(step: Step, folder: Path) -> str:
    """What a command says in `folder`; the installation there leaves its marks in site/ instead of this environment."""
    path = [folder / "site", folder / "cq_example" / "src"]
    if step.typed.startswith("pip install"):
        installed(folder / "cq_example", folder / "site")
        return ""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ETL_", "PYTEST_"))
    }
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    done = subprocess.run(
        ["bash", "-c", step.typed], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_first_hour_goes_as_the_guide_tells_it(tmp_path):
    shutil.copy(SAMPLE, tmp_path)
    told = list(steps(README.read_text(encoding="utf-8")))
    assert len(told) > 8
    for step in told:
        assert plain(typed(step, tmp_path)) == plain(step.said), step.typed
