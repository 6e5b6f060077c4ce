"""The whole way with the real program: run, export, mend, run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from openpyxl import load_workbook

from etl_core import marker
from tests.cli.program import Place, configure, etl, here, samples, settled

REGISTER = samples("cq_beibei")[-1]


def place(folder: Path, *files: Path) -> Path:
    config = configure(folder)
    for file in files:
        settled(file, folder / "inbox")
    etl("run", "--config", config)
    return config


def test_what_was_exported_and_mended_is_loaded_by_the_next_run(tmp_path: Path):
    config = place(tmp_path, REGISTER)
    out = tmp_path / "out.xlsx"
    done = etl("quarantine", "export", "-c", config, "-s", "cq_beibei", "-o", out)
    assert done.returncode == 0, done.stderr
    assert str(out) in done.stderr
    book = load_workbook(out)
    page = book.worksheets[1]
    for row in range(5, page.max_row + 1):
        for column in range(1, page.max_column):
            note = page.cell(row, column).comment
            if note and "考核结果" in note.text:
                page.cell(row, column).value = "合格"
    book.save(tmp_path / "任意名字.xlsx")
    settled(tmp_path / "任意名字.xlsx", tmp_path / "inbox")
    said = etl("run", "--config", config)
    (event,) = (
        one
        for one in map(json.loads, said.stdout.splitlines())
        if one.get("file") == "任意名字.xlsx" and "result" in one
    )
    assert (event["source"], event["result"], event["loaded"], event["quarantined"]) == (
        "cq_beibei",
        "loaded",
        1,
        3,
    )
    waits = here("quarantine", "list", "-c", config, "--format", "json").stdout.splitlines()
    assert len(waits) == 3
    lines = [
        json.loads(one)
        for one in here("deliveries", "list", "-c", config, "--format", "json").stdout.splitlines()
    ]
    assert [(one["file"], one["mends"]) for one in lines] == [(REGISTER.name, None), ("任意名字.xlsx", 1)]


def test_a_dry_run_tells_what_a_mending_would_do_and_writes_nothing(tmp_path: Path):
    config = place(tmp_path, REGISTER)
    etl("quarantine", "export", "-c", config, "-s", "cq_beibei", "-o", tmp_path / "inbox" / "m.xlsx")
    said = etl("run", "--config", config, "--dry-run", "--format", "table")
    assert "m.xlsx" in said.stdout
    assert "已入库" in said.stdout
    assert len(here("deliveries", "list", "-c", config, "--format", "json").stdout.splitlines()) == 1


def test_each_delivery_has_a_workbook_of_its_own(loaded: Place, tmp_path: Path):
    done = here("quarantine", "export", "-c", loaded.config, "-s", "suitong", "-o", tmp_path / "out.xlsx")
    assert done.exit_code == 0
    made = sorted(tmp_path.glob("out-*.xlsx"))
    assert len(made) == 2
    names = {marker.read(load_workbook(each)[marker.SHEET]["A1"].value).name for each in made}
    assert names == {"潼南区_遂潼活动登记_2023年秋.csv", "遂宁市_遂潼活动登记_2023年秋.csv"}
    here(
        "quarantine",
        "export",
        "-c",
        loaded.config,
        "-s",
        "suitong",
        "-d",
        min(names),
        "-o",
        tmp_path / "one.xlsx",
    )
    assert (tmp_path / "one.xlsx").exists()


def test_where_nothing_waits_no_workbook_is_made(tmp_path: Path):
    config = place(tmp_path, samples("cq_beibei")[1])
    done = here("quarantine", "export", "-c", config, "-s", "cq_beibei", "-o", tmp_path / "out.xlsx")
    assert "没有待改正的行" in done.output
    assert not (tmp_path / "out.xlsx").exists()


def test_a_mending_is_recognised_whatever_it_is_called(loaded: Place, tmp_path: Path):
    out = tmp_path / "x.xlsx"
    here("quarantine", "export", "-c", loaded.config, "-s", "cq_beibei", "-o", out)
    said = etl("identify", out, "--format", "json")
    assert said.returncode == 0
    assert json.loads(said.stdout)["source"] == "cq_beibei"


def test_a_mending_cannot_be_checked_alone(loaded: Place, tmp_path: Path):
    out = tmp_path / "x.xlsx"
    here("quarantine", "export", "-c", loaded.config, "-s", "cq_beibei", "-o", out)
    said = etl("check", out)
    assert said.returncode == 3
    assert "补正表" in said.stdout


def rejected(folder: Path) -> Path:
    """A pipeline whose only delivery was rejected for its faulty rows."""
    config = configure(folder, sources="{cq_beibei: {error_limit: 0.01}}")
    settled(REGISTER, folder / "inbox")
    return config


def test_what_is_to_be_typed_after_a_rejected_delivery_gives_what_waits(tmp_path: Path):
    config = rejected(tmp_path)
    said = etl("run", "--config", config, "--format", "table").stdout
    (command,) = re.findall("接下来可以运行: etl (quarantine export .*)", said)
    assert command.endswith("--out cq_beibei.csv")
    *typed, _ = shlex.split(command)
    done = here(*typed, tmp_path / "out.csv")
    assert done.exit_code == 0
    waits = here("quarantine", "list", "-c", config, "--format", "json").stdout.splitlines()
    assert len((tmp_path / "out.csv").read_text("utf-8-sig").splitlines()) == len(waits) + 1 > 1


def test_a_rejected_delivery_has_no_workbook_and_nobody_says_that_nothing_waits(tmp_path: Path):
    config = rejected(tmp_path)
    etl("run", "--config", config)
    out = tmp_path / "out.xlsx"
    done = here("quarantine", "export", "-c", config, "-s", "cq_beibei", "-o", out)
    assert done.exit_code == 3
    assert "整份退回" in done.stderr
    assert f"--out {out.with_suffix('.csv')}" in done.stderr
    assert "没有待改正的行" not in done.output
    assert not out.exists()
