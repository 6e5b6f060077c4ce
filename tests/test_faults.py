"""The table of faults names tests that exist; the faults of the system's own calls are tried here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import ETL, configure, etl, samples, settled

CLONE = Path(__file__).resolve().parents[1]
TABLE = (CLONE / "docs" / "faults.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| (F\d\d) \| .* \| (.*) \|$", TABLE, re.MULTILINE)


def test_every_fault_has_a_line_with_a_proof_or_a_reason() -> None:
    assert [number for number, _ in LINES] == [f"F{number:02}" for number in range(1, 49)]
    assert all("`" in proof or "｜not" in proof for _, proof in LINES)


def test_every_test_that_the_table_names_is_there() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("tests", "etl_core/testing", "plugins")
        for path in (CLONE / folder).rglob("*.py")
    )
    known = set(re.findall(r"def (test_\w+)\(", code))
    assert set(re.findall(r"`(test_\w+)`", TABLE)) - known == set()


def test_a_run_in_the_bare_environment_of_cron_loads_the_same(tmp_path: Path) -> None:
    told = []
    for name, environment in (("bare", {"PATH": "/usr/bin:/bin", "LANG": "C"}), ("full", dict(os.environ))):
        folder = tmp_path / name
        folder.mkdir()
        config = configure(folder)
        for sample in samples("cq_beibei"):
            settled(sample, folder / "inbox")
        done = subprocess.run(
            [ETL, "run", "--config", config], env=environment, capture_output=True, cwd="/", check=False
        )
        assert done.returncode == 3, done.stderr
        told.append(etl("deliveries", "list", "--config", config, "--format", "json").stdout)
    bare, full = (re.sub(r'"loaded_at": ?"[^"]*"', "", each) for each in told)
    assert bare == full


# A call of the system, and at which of them the kernel ends the program: what no hook of Python sees.
CALLS = [(call, at) for call, every in (("pwrite64", (1, 40, 90)), ("fdatasync", (1, 3, 6))) for at in every]


@pytest.mark.slow
@pytest.mark.parametrize(("call", "at"), CALLS)
def test_a_program_killed_inside_a_call_of_the_system_needs_one_more_run_and_nothing_else(
    tmp_path: Path, call: str, at: int
) -> None:
    strace = shutil.which("strace")
    assert strace, "apt-get install strace"
    config = configure(tmp_path)
    for sample in samples("cq_beibei"):
        settled(sample, tmp_path / "inbox")
    traced = [strace, "-f", "-qq", "-o", tmp_path / "trace", "-e", f"trace={call}"]
    kill = ["-e", f"inject={call}:signal=SIGKILL:when={at}"]
    died = subprocess.run([*traced, *kill, ETL, "run", "--config", config], capture_output=True, check=False)
    assert died.returncode == -9, died.stderr
    again = etl("run", "--config", config)
    assert again.returncode == 3, again.stderr
    assert etl("warehouse", "check", "--config", config).returncode == 0
    clean = tmp_path / "clean"
    clean.mkdir()
    other = configure(clean)
    for sample in samples("cq_beibei"):
        settled(sample, clean / "inbox")
    etl("run", "--config", other)
    figures = []
    for each in (config, other):
        etl("status", "--config", each, "--measures", each.parent / "m.csv")
        figures.append((each.parent / "m.csv").read_text(encoding="utf-8"))
    assert figures[0] == figures[1]
