from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from etl_core.cli.summary import following
from etl_core.pipeline import Report
from etl_core.records import Counts, Outcome
from tests.cli.program import ETL, Place, configure, etl, here, samples, settled

COUNTED = {"read": 639, "loaded": 579, "quarantined": 26, "skipped": 34, "records": 976}


def events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_pipe_gets_one_json_object_a_line_and_nothing_else(loaded: Place):
    told = events(loaded.first.stdout)
    assert [one["event"] for one in told] == ["delivery.started", "delivery.finished"] * 6 + ["run.finished"]
    for one in told[1:-1:2]:
        assert one["read"] == one["loaded"] + one["quarantined"] + one["skipped"] > 0
        assert sum(one["skips"].values()) == one["skipped"]


def test_a_run_with_quarantined_rows_ends_with_3_and_tells_the_sums_by_source(loaded: Place):
    last = events(loaded.first.stdout)[-1]
    assert loaded.first.returncode == last["exit_code"] == 3
    assert {name: sum(each[name] for each in last["sources"].values()) for name in COUNTED} == COUNTED
    assert last["reasons"]["hours.range"] == 4
    assert last["skips"]["title"] == 7


def test_the_log_has_the_same_events_one_a_line_and_is_private(loaded: Place):
    logged = events(loaded.log.read_text(encoding="utf-8"))
    assert [one["event"] for one in logged[:13]] == [one["event"] for one in events(loaded.first.stdout)]
    assert {"timestamp", "level"} <= logged[0].keys()
    assert loaded.first.stderr == ""
    assert all(path.stat().st_mode & 0o077 == 0 for path in (loaded.log, loaded.warehouse))


def test_a_second_run_ends_with_0_and_changes_nothing(loaded: Place):
    before = loaded.warehouse.read_bytes()
    again = here("run", "--config", loaded.config)
    assert again.exit_code == 0
    assert events(again.stdout)[-1]["deliveries"] == {"unchanged": 6}
    assert loaded.warehouse.read_bytes() == before


def test_a_person_is_shown_read_loaded_quarantined_and_skipped_with_reasons_and_what_to_type(tmp_path):
    config = configure(tmp_path, log="{file: etl.jsonl}")
    for sample in samples("suitong"):
        settled(sample, tmp_path / "inbox")
    shown = here("--lang", "en", "run", "--config", config, "--format", "table")
    assert shown.exit_code == 3
    assert "total: rows read 287 = loaded 263 + quarantined 15 + skipped 9; records 263" in shown.stdout
    lines = {line.split()[0]: line.split() for line in shown.stdout.splitlines() if line.strip()}
    assert lines["遂宁市_遂潼活动登记_2023年秋.csv"][-5:] == ["138", "127", "8", "3", "127"]
    assert lines["hours.range"][1] == "2"
    assert "skipped: blank row 3, header 3, identical repeat 1, title 1, total 1" in shown.stdout
    assert (
        f"next: etl quarantine export --config {config} --source suitong --out suitong.xlsx" in shown.stdout
    )


def test_a_sheet_that_was_not_read_is_told_in_the_summary_in_the_events_and_with_the_delivery(
    tmp_path, warehouse_url
):
    config = configure(tmp_path, warehouse=f'{{url: "{warehouse_url}"}}')
    sample = samples("cq_tongliang")[0]
    settled(sample, tmp_path / "inbox")
    aside = {"sheet": "模板", "kind": "hidden_sheet", "rows": 4, "file": sample.name}
    told = events(here("run", "--config", config, "--dry-run").stdout)
    assert [one["asides"] for one in told if one["event"] == "delivery.finished"] == [[aside]]
    assert told[-1]["asides"] == [aside]
    line = "提醒，没有读的工作表: 模板: 隐藏工作表中的行 4"
    assert f"{sample.name}: {line}" in here("run", "--config", config, "--format", "table").stdout
    shown = here("deliveries", "show", sample.name, "--config", config)
    assert line in shown.stdout
    whole = here("deliveries", "show", sample.name, "--config", config, "--format", "json").stdout
    assert json.loads(whole)["asides"] == [aside]


def test_a_terminal_gets_the_summary_without_being_asked(loaded: Place):
    ours, theirs = pty.openpty()
    done = subprocess.run([ETL, "run", "--config", loaded.config], stdout=theirs, stderr=theirs, check=False)
    os.close(theirs)
    seen = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "无变化: 6" in seen
    assert '"event"' not in seen


def test_a_dry_run_writes_nothing(tmp_path):
    config = configure(tmp_path, log="{file: etl.jsonl}")
    settled(samples("suitong")[0], tmp_path / "inbox")
    done = here("run", "--config", config, "--dry-run", "--format", "table")
    assert done.exit_code == 3
    assert "试运行：没有写入任何内容" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"inbox", "pipeline.yaml", "etl.jsonl"}


def test_another_source_is_left_alone_and_a_refused_file_is_told_in_the_language_that_is_asked_for(tmp_path):
    config = configure(tmp_path)
    for sample in samples("suitong"):
        settled(sample, tmp_path / "inbox")
    stranger = tmp_path / "inbox" / "名单.csv"
    stranger.write_text("a,b\n1,2\n", encoding="utf-8")
    beibei = here("run", "--config", config, "--source", "cq_beibei")
    assert (beibei.exit_code, events(beibei.stdout)[-1]["deliveries"]) == (0, {})
    done = here("run", "--config", config, "--format", "table", "--source", "suitong")
    assert "名单.csv" not in done.stdout
    everything = here("run", "--config", config, "--format", "table")
    assert everything.exit_code == 3
    assert "unrecognised: 没有一种已登记的格式" in everything.stdout
    english = here("--lang", "en", "run", "--config", config, "--format", "table").stdout
    assert "failed: 名单.csv: unrecognised: No registered format fits" in english
    assert "没有一种" not in english


def test_no_more_than_three_exports_are_named_as_what_to_do_next():
    ended = [Outcome(f"{name}.csv", name, "loaded", counts=Counts(1, 0, 1)) for name in "edcba"]
    ended.append(Outcome("x.csv", "a", "rejected", counts=Counts(1, 0, 1)))
    lines = list(following(Report(tuple(ended)), Path("p.yaml")))
    exports = [line.rpartition("--out ")[2] for line in lines if "export" in line]
    assert exports == ["a.csv", "a.xlsx", "b.xlsx"]
    assert lines[4] == "…"


def test_a_misspelt_source_is_a_usage_error_with_the_nearest_name(loaded: Place):
    done = here("run", "--config", loaded.config, "--source", "suitang")
    assert done.exit_code == 2
    assert "是否想写 suitong？" in done.stderr


def test_a_misspelt_source_in_the_settings_is_told_at_its_place(tmp_path):
    config = configure(tmp_path, sources="{suitang: {enabled: false}}")
    done = here("run", "--config", config)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{config}:5:11: 没有名为 suitang 的来源；是否想写 suitong？")


def test_a_held_warehouse_ends_with_75_and_names_the_holder(loaded: Place):
    lock = loaded.warehouse.with_name("data.sqlite.lock")
    holder = "import fcntl,sys; f=open(sys.argv[1],'r+'); fcntl.flock(f,2); print('held',flush=True); input()"
    process = subprocess.Popen(
        ["python3", "-c", holder, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    done = etl("run", "--config", loaded.config)
    process.communicate("\n")
    assert done.returncode == 75
    assert "｜another run holds the warehouse, try again: pid=" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("number", "code"), [(15, 143), (2, 130), (1, 129)])
def test_a_stop_signal_ends_the_run_cleanly_and_the_next_one_goes_on(tmp_path, number, code):
    config = configure(tmp_path, settle_seconds="30", work="work", log="{file: etl.jsonl}")
    fresh = settled(samples("suitong")[0], tmp_path / "inbox")
    os.utime(fresh)
    process = subprocess.Popen(
        [ETL, "run", "--config", config], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("work/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(10) == code
    out, told = process.communicate()
    assert out == b""
    assert f"stopped by {signal.Signals(number).name}, nothing is half-done" in told.decode()
    assert list(tmp_path.glob("work/*")) == []
    assert events((tmp_path / "etl.jsonl").read_text())[-1]["event"] == "run.failed"
    configure(tmp_path, work="work")
    assert here("run", "--config", config).exit_code == 3


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "log").write_text("a file where a folder should be")
    config = configure(tmp_path, log="{file: log/etl.jsonl}")
    done = here("run", "--config", config)
    assert done.exit_code == 0
    assert done.stderr.startswith("日志无法写入，改写到此处｜the log cannot be written")
    assert events(done.stdout)[-1]["event"] == "run.finished"


def test_a_file_name_cannot_forge_a_line_of_the_log(tmp_path):
    config = configure(tmp_path, log="{file: etl.jsonl}")
    name = 'x\n{"event": "forged"}\x1b[2J\u202e.csv'
    (tmp_path / "inbox" / name).write_text("a,b\n1,2\n")
    done = here("run", "--config", config)
    logged = events((tmp_path / "etl.jsonl").read_text(encoding="utf-8"))
    assert len(logged) == len(events(done.stdout)) == 3
    assert "\x1b" not in done.stdout + str(logged)
    assert "\u202e" not in done.stdout


def test_nothing_of_the_persons_is_in_the_output_or_the_log(loaded: Place, canaries: set[str]):
    said = loaded.first.stdout + loaded.first.stderr + loaded.log.read_text(encoding="utf-8")
    assert [canary for canary in canaries if canary in said] == []


def test_the_ledger_is_what_was_told(loaded: Place):
    rows = (
        sqlite3.connect(loaded.warehouse)
        .execute("select file, rows_read from delivery order by 1")
        .fetchall()
    )
    told = [one for one in events(loaded.first.stdout) if one["event"] == "delivery.finished"]
    assert rows == sorted((one["file"], one["read"]) for one in told)


def test_a_person_is_shown_the_columns_that_nobody_knows(tmp_path):
    config = configure(tmp_path)
    lines = samples("suitong")[0].read_bytes().decode("gb18030", "replace").splitlines()
    more = [lines[0] + ",备注二", *(line + ",x" for line in lines[1:20])]
    (tmp_path / "inbox" / samples("suitong")[0].name).write_text("\n".join(more), encoding="utf-8")
    shown = here("--lang", "zh", "run", "--config", config, "--format", "table").stdout
    assert f"不认识的列: {samples('suitong')[0].name}: 备注二" in shown
