"""A night as its keeper sees it: records, figures, alerts, a lock that is waited for, and nothing on the network."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from etl_core.warehouse import Warehouse, dialect
from tests.cli.program import ETL, configure, etl, here, samples, settled
from tests.cli.test_run import events
from tests.test_deliveries import dump
from tests.web import Answer, Web

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "schemas" / "run.schema.json").read_text("utf-8"))


def hashes(folder: Path) -> dict[str, str]:
    """The bytes of the warehouse and of its journal; the lock file and the shared memory say who looks at it."""
    paths = (folder / name for name in ("data.sqlite", "data.sqlite-wal", "data.sqlite-journal"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.exists()}


def records(folder: Path) -> list[dict]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


@pytest.fixture
def begun(tmp_path) -> Path:
    """A pipeline with one of three deliveries loaded and the others waiting."""
    config = configure(tmp_path, runs="{folder: runs}")
    first, *others = samples("suitong")
    settled(first, tmp_path / "inbox")
    assert here("run", "--config", config).exit_code == 3
    for sample in others:
        settled(sample, tmp_path / "inbox")
    return config


def test_a_dry_run_prints_the_plan_by_source_and_changes_no_byte(begun, tmp_path):
    with closing(
        sqlite3.connect(tmp_path / "data.sqlite")
    ) as reader:  # the journal stays while somebody looks
        reader.execute("select count(*) from record").fetchone()
        before = hashes(tmp_path)
        done = here("--lang", "en", "run", "--config", begun, "--dry-run", "--format", "table")
        assert hashes(tmp_path) == before
        assert before.keys() == {"data.sqlite", "data.sqlite-wal"}
    assert done.exit_code == 3
    plan = next(
        line
        for line in done.stdout.splitlines()
        if line.split()[:1] == ["suitong"] and len(line.split()) == 5
    )
    assert hashes(tmp_path)["data.sqlite"] == before["data.sqlite"]
    assert len(records(tmp_path / "runs")) == 1
    real = here("run", "--config", begun)
    sums = events(real.stdout)[-1]["sources"]["suitong"]
    assert list(map(int, plan.split()[1:])) == [
        sums[name] for name in ("inserted", "updated", "withdrawn", "quarantined")
    ]
    assert hashes(tmp_path)["data.sqlite"] != before["data.sqlite"]


def test_a_dry_run_changes_no_row_of_a_server(postgres_url, tmp_path):
    config = configure(tmp_path, warehouse=f'{{url: "{postgres_url}"}}')
    first, *others = samples("suitong")
    settled(first, tmp_path / "inbox")
    assert here("run", "--config", config).exit_code == 3
    before = dump(postgres_url, set())
    for sample in others:
        settled(sample, tmp_path / "inbox")
    told = events(here("run", "--config", config, "--dry-run").stdout)[-1]
    assert (told["dry_run"], told["deliveries"]) == (True, {"loaded": 2, "unchanged": 1})
    assert dump(postgres_url, set()) == before
    assert sum(map(len, before.values())) > 100


def test_every_run_has_its_record_by_the_published_schema(begun, tmp_path):
    here("run", "--config", begun)
    here("run", "--config", begun)
    kept = records(tmp_path / "runs")
    for record in kept:
        jsonschema.validate(record, SCHEMA)
    assert [each["results"] for each in kept] == [
        {"loaded": 1},
        {"loaded": 2, "unchanged": 1},
        {"unchanged": 3},
    ]
    assert kept[2]["exit_code"] == 0
    assert len({each["config"] for each in kept}) == 1
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "runs").iterdir())


def test_a_night_without_news_is_kept_in_the_folder_and_not_in_the_warehouse(begun, tmp_path):
    here("run", "--config", begun)
    before = hashes(tmp_path)
    here("run", "--config", begun)
    assert hashes(tmp_path) == before
    assert len(records(tmp_path / "runs")) == 3
    configure(tmp_path)
    assert len(here("runs", "list", "--config", begun, "--format", "json").stdout.splitlines()) == 2


def test_a_run_that_breaks_off_is_kept_with_its_kind_and_exit_code(begun, tmp_path):
    (tmp_path / "keys" / "person.key").chmod(0o644)
    assert here("run", "--config", begun).exit_code == 2
    last = records(tmp_path / "runs")[-1]
    jsonschema.validate(last, SCHEMA)
    assert (last["broken"], last["exit_code"], last["deliveries"]) == ("KeyFileError", 2, [])


def test_runs_are_listed_shown_and_compared(begun):
    here("run", "--config", begun)
    listed = here("runs", "list", "--config", begun, "--format", "json")
    one, other = map(json.loads, listed.stdout.splitlines())
    assert (one["loaded"], other["exit_code"]) == (124, 3)
    shown = here("runs", "show", "last", "--config", begun, "--format", "json")
    assert json.loads(shown.stdout)["run_id"] == other["run_id"]
    table = here("--lang", "en", "runs", "show", one["run_id"][:8], "--config", begun)
    assert f"run: {one['run_id']}" in table.stdout
    assert "software: python 3." in table.stdout
    compared = here("runs", "compare", one["run_id"], other["run_id"], "--config", begun, "--format", "json")
    unlike = {
        line["what"]: (line["first"], line["second"])
        for line in map(json.loads, compared.stdout.splitlines())
    }
    assert unlike["sources.suitong.loaded"] == (124, 139)
    assert not [path for path in unlike if path.startswith(("config", "software", "plugins"))]
    same = here("--lang", "en", "runs", "compare", "last", "last", "--config", begun)
    assert (same.exit_code, same.stderr) == (0, "the two runs are alike\n")


def test_a_run_that_does_not_exist_is_a_usage_error(begun):
    for wanted in ("nonsense", "zz"):
        done = here("runs", "show", wanted, "--config", begun)
        assert done.exit_code == 2
        assert "没有这次运行｜there is no such run" in done.stderr


def test_before_the_first_run_there_is_none(tmp_path):
    config = configure(tmp_path)
    here("warehouse", "init", "--config", config)
    done = here("--lang", "en", "runs", "list", "--config", config)
    assert (done.exit_code, done.stderr) == (0, "no run yet\n")


HOLDER = "import fcntl,sys; f=open(sys.argv[1],'r+'); fcntl.flock(f,2); print('held',flush=True); input()"


@pytest.fixture
def holder(begun, tmp_path) -> Iterator[subprocess.Popen[str]]:
    """Somebody who holds the warehouse until told to let go."""
    command = ["python3", "-c", HOLDER, tmp_path / "data.sqlite.lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_run_that_waits_says_for_whom_and_goes_on_when_that_one_is_killed(begun, holder):
    command = [ETL, "run", "--config", begun, "--wait", "300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        said = run.stderr.readline()
        holder.kill()
        told = events(run.communicate()[0])
    assert "等待它结束｜another run holds the warehouse, waiting for it: pid=" in said
    assert (told[0]["event"], told[-1]["exit_code"], run.returncode) == ("run.waiting", 3, 3)


def test_a_run_that_waits_in_vain_ends_with_75_and_is_kept(begun, holder, tmp_path):
    assert etl("run", "--config", begun, "--wait", "1").returncode == 75
    holder.kill()
    holder.wait()
    assert records(tmp_path / "runs")[-1]["broken"] == "LockedError"
    assert here("run", "--config", begun, "--wait").exit_code == 3


def heard(hook: Web) -> list[dict]:
    return [json.loads(request.body) for request in hook.asked]


def told(hook: Web) -> list[tuple[str, str, str]]:
    return [(one["state"], one["code"], one["source"]) for one in heard(hook)]


def test_what_is_wrong_is_told_once_and_so_is_its_end_also_when_no_file_came(tmp_path, hook):
    alerts = f"{{webhook: {{url: '{hook.url}/'}}}}"
    late = "{moe_template: {due: {dates: [2025-01-15]}}}"
    config = configure(tmp_path, alerts=alerts, sources=late)
    stranger = tmp_path / "inbox" / "张三名单.csv"
    stranger.write_text("a,b\n1,2\n", encoding="utf-8")
    for _ in range(2):
        assert here("run", "--config", config).exit_code == 3
    assert told(hook) == [("raised", "late", "moe_template"), ("raised", "refused", "")]
    assert "张三" not in json.dumps(heard(hook), ensure_ascii=False)
    stranger.unlink()
    settled(samples("moe_template")[0], tmp_path / "inbox")
    here("run", "--config", config)
    assert told(hook)[2:] == [("cleared", "late", "moe_template"), ("cleared", "refused", "")]


def test_an_inbox_whose_mount_is_gone_wakes_somebody_after_the_others_were_worked_through(tmp_path, hook):
    alerts = f"{{webhook: {{url: '{hook.url}/'}}}}"
    config = configure(tmp_path, alerts=alerts, inbox="[mount, inbox]")
    mount = tmp_path / "mount"
    mount.mkdir()
    (mount / "nobody.csv").write_text("a,b\n1,2\n")
    assert here("run", "--config", config).exit_code == 3
    mount.rename(tmp_path / "away")
    settled(samples("suitong")[0], tmp_path / "inbox")
    done = here("run", "--config", config, "--format", "table")
    assert done.exit_code == 2
    assert f"{mount}: inbox.unreadable: 收件文件夹不存在或读不了，请检查挂载和权限" in done.stdout
    assert f"etl doctor --config {config}" in done.stdout
    assert "etl deliveries list" not in done.stdout
    assert told(hook) == [("raised", "refused", ""), ("raised", "inbox", "")], "what lies there is not over"
    (tmp_path / "away").rename(mount)
    (mount / "nobody.csv").unlink()
    assert events(here("run", "--config", config).stdout)[-1]["deliveries"] == {"unchanged": 1}
    assert told(hook)[2:] == [("cleared", "inbox", ""), ("cleared", "refused", "")]


def test_an_alert_that_cannot_be_sent_fails_no_run_is_told_and_tried_again(tmp_path, hook):
    alerts = f"{{webhook: {{url: '{hook.url}/canary-token'}}}}"
    config = configure(tmp_path, alerts=alerts, sources="{suitong: {due: {dates: [2025-01-15]}}}")
    hook.answering = lambda _: Answer(status=500)
    done = here("run", "--config", config, "--format", "table")
    assert done.exit_code == 0
    assert "未能送达或写出（下次再试）: alert: webhook (HTTPError)" in done.stdout
    hook.answering = lambda _: Answer(status=204)
    again = here("run", "--config", config)
    assert [one["event"] for one in events(again.stdout)] == ["run.finished"]
    here("run", "--config", config)
    assert told(hook) == [("raised", "late", "suitong")] * 2
    assert "canary-token" not in done.output + again.output


def test_alerts_that_the_warehouse_cannot_keep_fail_no_run(tmp_path, monkeypatch, hook):
    def full(*_: object) -> None:
        raise OSError(28, "full")

    alerts = f"{{webhook: {{url: '{hook.url}/'}}}}"
    config = configure(tmp_path, alerts=alerts, sources="{suitong: {due: {dates: [2025-01-15]}}}")
    monkeypatch.setattr(Warehouse, "keep_alerts", full)
    done = here("run", "--config", config)
    assert done.exit_code == 0
    untold = [one for one in events(done.stdout) if one["event"] == "run.untold"]
    assert untold == [{"event": "run.untold", "what": "alert", "where": "warehouse", "kind": "OSError"}]


def test_a_broken_run_is_told_once_and_so_is_the_first_good_one(tmp_path, hook):
    alerts = f"{{webhook: {{url: '{hook.url}/'}}}}"
    config = configure(tmp_path, alerts=alerts, runs="{folder: runs}")
    here("run", "--config", config)
    key = tmp_path / "keys" / "person.key"
    key.chmod(0o644)
    for _ in range(2):
        assert here("run", "--config", config).exit_code == 2
    key.chmod(0o600)
    for _ in range(2):
        assert here("run", "--config", config).exit_code == 0
    assert told(hook) == [("raised", "run", ""), ("cleared", "run", "")]


def test_a_run_whose_server_is_away_is_told_and_one_that_waits_its_turn_is_not(tmp_path, hook, monkeypatch):
    monkeypatch.setattr(dialect, "PAUSES", ())
    away = {"warehouse": "{url: 'postgresql+psycopg://etl@127.0.0.1:9/none'}", "archive": "kept"}
    config = configure(tmp_path, alerts=f"{{webhook: {{url: '{hook.url}/'}}}}", runs="{folder: runs}", **away)
    for _ in range(2):
        assert here("run", "--config", config).exit_code == 75
    assert told(hook) == [("raised", "run", "")]
    config = configure(tmp_path, alerts=f"{{webhook: {{url: '{hook.url}/'}}}}", runs="{folder: others}")
    here("run", "--config", config)
    with Warehouse.open(str(tmp_path / "data.sqlite"), None) as warehouse, warehouse.lock():
        assert here("run", "--config", config).exit_code == 75
    assert len(hook.asked) == 1


def test_a_run_that_was_typed_wrong_alarms_nobody_and_leaves_no_record(tmp_path, hook):
    alerts = f"{{webhook: {{url: '{hook.url}/'}}}}"
    config = configure(tmp_path, alerts=alerts, runs="{folder: runs}")
    assert here("run", "--config", config, "--source", "nonsense").exit_code == 2
    assert (told(hook), (tmp_path / "runs").exists()) == ([], False)


def test_every_command_that_changes_the_warehouse_is_kept_as_the_schema_says(begun, tmp_path):
    for typed in (
        ("deliveries", "revoke", "1", "--yes"),
        ("deliveries", "restore", "1"),
        ("quarantine", "replay"),
        ("rebuild", "--into", tmp_path / "again.sqlite"),
    ):
        assert here(*typed, "--config", begun).exit_code in (0, 3), typed
    kept = records(tmp_path / "runs")
    for record in kept:
        jsonschema.validate(record, SCHEMA)
    assert [each["command"] for each in kept] == ["run", "revoke", "restore", "replay", "rebuild"]
    revoked, restored = kept[1]["deliveries"], kept[2]["deliveries"]
    assert [each["result"] for each in (*revoked, *restored)] == ["revoked", "loaded"]
    assert revoked[0]["withdrawn"] == restored[0]["inserted"] > 0
    listed = here("runs", "list", "--config", begun).output
    assert all(word in listed for word in ("运行", "撤销", "恢复", "重读", "重建"))
    for record in kept[:4]:
        assert (
            json.loads(here("runs", "show", record["run_id"], "--config", begun, "--format", "json").output)
            == record
        )


def test_what_cannot_be_kept_fails_no_run_and_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    settings = {
        "runs": "{folder: file/runs}",
        "metrics": "{textfile: file/m.prom}",
        "lineage": "{file: file/e}",
    }
    config = configure(tmp_path, **settings)
    done = here("run", "--config", config)
    assert done.exit_code == 0
    troubles = [one for one in events(done.stdout) if one["event"] == "run.untold"]
    assert [one["what"] for one in troubles] == ["runs", "metrics", "lineage"]
    assert events(done.stdout)[-1]["event"] == "run.finished"


EARS = """
import sys

def hear(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        with open({heard!r}, "a") as file:
            print(event, file=file)

sys.addaudithook(hear)
"""


def test_nothing_goes_on_the_network_that_nobody_asked_for(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    heard = tmp_path / "heard"
    (site / "sitecustomize.py").write_text(EARS.format(heard=str(heard)))
    config = configure(
        tmp_path, runs="{folder: runs}", metrics="{textfile: m.prom}", lineage="{file: l.jsonl}"
    )
    settled(samples("suitong")[0], tmp_path / "inbox")
    assert etl("run", "--config", config, PYTHONPATH=str(site)).returncode == 3
    assert etl("status", "--config", config, PYTHONPATH=str(site)).returncode == 0
    assert not heard.exists()
    configure(
        tmp_path,
        alerts="{webhook: {url: 'http://127.0.0.1:9/'}}",
        sources="{suitong: {due: {dates: [2099-01-01]}}}",
    )
    (tmp_path / "inbox" / "x.csv").write_text("a,b\n1,2\n")
    assert etl("run", "--config", config, PYTHONPATH=str(site)).returncode == 3
    assert "socket.connect" in heard.read_text(), "the ears hear"
