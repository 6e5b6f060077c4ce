"""Two nights of cron, as they happen: one delivery late, one corrected, one broken, one run killed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl_core import config as configuration
from etl_core.testing.orderly import standing as standing_of
from etl_core.warehouse import Warehouse
from tests.cli.program import PLUGINS, configure, etl, settled

SPRING, CORRECTED = (
    PLUGINS
    / "cq_beibei"
    / "tests"
    / "samples"
    / f"北碚区校长课程领导力研修学时登记表（2023年春季）{word}.xlsx"
    for word in ("", "（更正）")
)
JOINT = PLUGINS / "suitong" / "tests" / "samples" / "潼南区_遂潼活动登记_2023年秋.csv"
HALF = PLUGINS / "cq_tongliang" / "tests" / "samples" / "铜梁区2023年上半年教师培训台账.xls"

# The program, killed without a word when its n-th delivery is about to be committed.
KILLED = """
import os, signal, sys
left = [int(sys.argv.pop(1))]
def hook(name, told):
    if name == "etl_core.step" and told == ("committing",):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from etl_core.cli import main
main()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A pipeline with a calendar: 遂潼 was due ten days ago."""
    return pipeline(tmp_path / "office", request.getfixturevalue(f"{request.param}_url"))


def pipeline(folder: Path, url: str) -> Path:
    folder.mkdir()
    due = date.today() - timedelta(days=10)
    return configure(
        folder,
        warehouse=f'{{url: "{url}"}}',
        archive="kept",
        runs="{folder: runs}",
        sources=f"{{suitong: {{due: {{dates: [{due.isoformat()}], grace_days: 3}}}}}}",
    )


def night(config: Path) -> tuple[int, dict[str, str]]:
    """What cron does; the exit code, and what became of every delivery."""
    done = etl("run", "--config", config)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {
        one["file"]: one["result"] for one in events if "result" in one and "file" in one
    }


def killed(config: Path, at: int) -> None:
    """A run that goes down with the machine when its `at`-th delivery is about to be committed."""
    command = [sys.executable, "-c", KILLED, str(at), "run", "--config", str(config)]
    died = subprocess.run(command, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr


def told(config: Path, *typed: str) -> list[dict[str, Any]]:
    done = etl(*typed, "--config", config, "--format", "json")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_two_nights_of_cron(office: Path, tmp_path: Path) -> None:
    inbox = office.parent / "inbox"

    # The first evening 北碚 and 铜梁 deliver; the transfer of 铜梁's workbook broke off, and 遂潼's has not come.
    settled(SPRING, inbox)
    broken = settled(HALF, inbox)
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])

    # The first run of the night goes down with the machine. The next one needs nobody's help.
    killed(office, at=1)
    code, results = night(office)
    assert (code, results) == (3, {SPRING.name: "loaded", HALF.name: "failed"})

    # In the morning it is plain who is late and what is broken.
    standing = {one["source"]: one for one in told(office, "status")}
    assert standing["cq_beibei"]["loaded"] == 112
    assert standing["suitong"]["expected"] == "late"
    refused = [one for one in told(office, "deliveries", "list") if one["result"] == "failed"]
    assert [(one["file"], one["error"]) for one in refused] == [(HALF.name, "unreadable")]

    # The second evening 北碚 corrects itself, 铜梁 sends its workbook again, 遂潼 has found the time.
    settled(CORRECTED, inbox)
    settled(HALF, inbox)
    settled(JOINT, inbox)

    # This run, too, is killed, after it has loaded one of them; the one after it finishes the night.
    killed(office, at=2)
    code, results = night(office)
    assert code == 3
    assert set(results) == {SPRING.name, CORRECTED.name, HALF.name, JOINT.name}
    assert set(results.values()) == {"loaded", "unchanged"}

    # A third run has nothing to do, and says so by its exit code.
    code, results = night(office)
    assert (code, set(results.values())) == (0, {"unchanged"})
    standing = {one["source"]: one for one in told(office, "status")}
    assert {name: one["open"] for name, one in standing.items()} == {
        "cq_beibei": 0,
        "cq_tongliang": 13,
        "suitong": 7,
    }
    assert etl("warehouse", "check", "--config", office).returncode == 0

    # The warehouse is that of one clean run over the same deliveries, whatever database it is in.
    other = pipeline(tmp_path / "other", "sqlite:///w.sqlite")
    (other.parent / "keys").mkdir(mode=0o700)
    shutil.copy(office.parent / "keys" / "person.key", other.parent / "keys" / "person.key")
    for file in (SPRING, CORRECTED, HALF, JOINT):
        settled(file, other.parent / "inbox")
    assert night(other)[0] == 3
    assert content(office) == content(other)


def content(config: Path) -> dict[str, Any]:
    """Every record with its state, what waits, and the figures, but for numbers that tell who came first."""
    chosen = configuration.load(config)
    with Warehouse.open(chosen.warehouse.url.get_secret_value(), None, create=False) as warehouse:
        sources = ("cq_beibei", "cq_tongliang", "suitong")
        waits = warehouse.reasons().select("source", "file", "sheet", "row", "code", "column")
        return {
            "records": [standing_of(warehouse, source).rows() for source in sources],
            "waiting": sorted(waits.rows(), key=str),
            "figures": [warehouse.measures(source) for source in (None, *sources)],
        }
