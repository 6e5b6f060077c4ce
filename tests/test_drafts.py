"""A plugin drafted from one sample of each format of this clone: it passes its own suite, claims its file, and reads well."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from etl_core.inbox import single, workroom
from etl_core.protocol import Claimed, Hello, Job
from etl_core.supervisor import Supervisor
from tests.cli.program import samples
from tests.drafts import CLONE, draft, installed, suite

FIXED = {
    "cd_legacy": (),
    "cq_beibei": ("--project", "研修", "--level", "40"),
    "cq_pengshui": ("--project", "美术培训", "--level", "40", "--mode", "face_to_face"),
    "cq_shipei": (),
    "cq_shizhu": ("--project", "晒课", "--level", "40", "--mode", "lesson_showcase"),
    "cq_tongliang": (),
    "guopei_vendor": ("--level", "10", "--mode", "online"),
    "moe_template": (),
    "sc_credit": ("--mode", "face_to_face"),
    "suitong": (),
    "swu_guopei": ("--level", "10"),
}

# Two containers that a few seconds are enough for, beside the guide's text file; the others behind the marker.
FAST = {"cq_tongliang", "cd_legacy"}
SOURCES = [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in FIXED]


@cache
def room() -> TemporaryDirectory[str]:
    """Where drafts lie that several tests look at."""
    return TemporaryDirectory(prefix="etl-drafts-")


@cache
def drafted(source: str, place: str = "", sample: Path | None = None) -> Path:
    out = Path(room().name) / (place or source)
    return draft(f"draft_{source}", sample or samples(source)[0], out, *FIXED[source])


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("source", SOURCES)
def test_a_draft_passes_its_own_suite_and_claims_the_file_that_it_was_drafted_from(
    source, tmp_path, monkeypatch
):
    plugin = drafted(source)
    done = suite(plugin, tmp_path / "suite")
    assert done.returncode == 0, done.stdout[-3000:]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, installed(plugin, tmp_path / "site"))))
    with Supervisor(Hello(512, (plugin.name,)), 60) as supervisor, workroom() as room:
        arrival = single(samples(source)[0], room)
        job = Job(str(arrival.path), arrival.name, arrival.modified)
        claims = [answer for answer in supervisor.survey(job) if isinstance(answer, Claimed)]
    assert [claim.source for claim in claims] == [plugin.name]


@pytest.mark.slow
def test_a_page_of_html_under_the_name_of_a_workbook_is_drafted_and_passes_its_suite(tmp_path):
    (page,) = [sample for sample in samples("guopei_vendor") if sample.suffix == ".xls"]
    plugin = drafted("guopei_vendor", "page", page)
    done = suite(plugin, tmp_path / "suite")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("source", SOURCES)
def test_a_draft_is_short_formatted_and_clean(source):
    plugin = drafted(source)
    code = sorted(plugin.glob("src/*/*.py"))
    declared = [line for path in code[1:3] for line in lines(path) if line.startswith("    ")]
    assert len(declared) < 110
    tool = Path(sys.executable).with_name("ruff")
    for check in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [tool, *check, "--config", CLONE / "pyproject.toml", *code],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("source", FIXED)
def test_a_draft_is_strictly_typed(source):
    plugin = drafted(source)
    environment = os.environ | {
        "MYPYPATH": os.pathsep.join(map(str, (CLONE, CLONE / "schemas", plugin / "src")))
    }
    tool = Path(sys.executable).with_name("mypy")
    done = subprocess.run(
        [tool, "--config-file", CLONE / "pyproject.toml", plugin / "src"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_what_is_not_certain_stands_in_the_card_and_open_words_in_the_codes():
    plugin = drafted("cq_tongliang")
    card = (plugin / "README.md").read_text(encoding="utf-8")
    assert "草稿｜Draft" in card
    assert "片区级" in card
    codes = lines(next(plugin.glob("src/*/codes.csv")))
    assert any(line.startswith("level,片区级,,") for line in codes)
    assert "level,市级,20,培训级别" in codes


def test_drafting_twice_gives_the_same_files():
    one, two = drafted("cq_tongliang"), drafted("cq_tongliang", "again")
    files = [
        {path.relative_to(each): path.read_bytes() for path in each.rglob("*") if path.is_file()}
        for each in (one, two)
    ]
    assert files[0] == files[1]


GUIDE = CLONE / "tests" / "guide" / "示例县2024年春季教师培训登记表.csv"


def redrafted(text: bytes, name: str, folder: Path) -> Path:
    """A plugin drafted from the guide's sample in other words, under another name."""
    sample = folder / name
    sample.write_bytes(text)
    return draft("draft_guide", sample, folder / "out")


@pytest.mark.slow
def test_a_draft_whose_sample_is_rejected_for_its_open_words_passes_its_suite(tmp_path):
    written = GUIDE.read_bytes().decode("gb18030").replace("区县级", "片区级")
    plugin = redrafted(written.encode("gb18030"), GUIDE.name, tmp_path)
    assert "too_many_errors" in (plugin / "tests/golden/expected_delivery.csv").read_text("utf-8")
    done = suite(plugin, tmp_path / "suite")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
def test_records_a_line_are_drafted_with_their_broken_lines_and_pass_the_suite(tmp_path):
    head, *rows = list(csv.reader(io.StringIO(GUIDE.read_bytes().decode("gb18030"))))[2:27]
    lines = [json.dumps(dict(zip(head, row, strict=True)), ensure_ascii=False) for row in rows]
    written = "\n".join([*lines[:9], lines[9][:40], *lines[10:], ""])
    plugin = redrafted(written.encode("gb18030"), f"{GUIDE.stem}.jsonl", tmp_path)
    outcomes = (plugin / "tests/golden/expected.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[2] for line in outcomes if "row.malformed" in line] == ["10"]
    assert len(outcomes) == len(rows) + 1
    done = suite(plugin, tmp_path / "suite")
    assert done.returncode == 0, done.stdout[-3000:]
