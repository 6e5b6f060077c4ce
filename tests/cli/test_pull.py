"""`etl pull`, and the pulls of `etl run`: the program itself against a real HTTP server."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import ETL, PLUGINS, configure, etl, here
from tests.web import Answer, Request, table, web

SAMPLES = PLUGINS / "sc_credit" / "tests" / "samples"
SECRET = "canary-secret-91"
CREDIT = """
pulls:
  credit:
    name: {name}
    rest:
      url: {url}/applies
      query: {{yearName: 2022-2023年度}}
      auth: {{bearer: "${{TOKEN}}"}}
      pages: {{by: number, parameter: pageIndex, size_parameter: pageSize, size: 50}}
      items: data.items
      total: data.totalCount
      rate: 1000
      attempts: 2
"""


def sample(name: str) -> Callable[[Request], Answer]:
    """The agency's service as it answered on a day."""
    return lambda request: Answer(
        (SAMPLES / name / f"page-{int(request.query['pageIndex']):04}.json").read_bytes()
    )


def configured(
    folder: Path, url: str, name: str = "pull_20231008", inbox: str = "[]", more: str = ""
) -> Path:
    config = configure(folder, inbox=inbox, log="{file: log/etl.jsonl}")
    text = config.read_text(encoding="utf-8") + CREDIT.format(url=url, name=name) + more
    config.write_text(text, encoding="utf-8")
    return config


def events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_pulls_first_and_loads_the_pull_as_if_it_had_been_brought(tmp_path):
    with web(sample("pull_20231008")) as running:
        config = configured(tmp_path, running.url)
        done = etl("run", "--config", config, TOKEN=SECRET)
        told = events(done.stdout)
        assert (done.returncode, done.stderr) == (3, "")
        kinds = [one["event"] for one in told]
        assert kinds == [
            "pull.started",
            "pull.finished",
            "delivery.started",
            "delivery.finished",
            "run.finished",
        ]
        assert (told[1]["landed"], told[1]["pages"], told[1]["rows"]) == (["pull_20231008"], 7, 312)
        loaded = {
            name: told[3][name] for name in ("file", "source", "read", "loaded", "quarantined", "records")
        }
        assert loaded == {
            **{"file": "pull_20231008", "source": "sc_credit"},
            **{"read": 312, "loaded": 296, "quarantined": 15, "records": 375},
        }
        assert told[4]["pulls"] == {"landed": 1}

        again = events(etl("run", "--config", config, TOKEN=SECRET).stdout)
        assert (again[-1]["pulls"], again[-1]["deliveries"]) == ({"unchanged": 1}, {"unchanged": 1})

        running.answering = sample("pull_20240301")
        later = configured(tmp_path, running.url, name="pull_20240301")
        last = events(etl("run", "--config", later, TOKEN=SECRET).stdout)[-1]
        assert last["sources"]["sc_credit"]["records"] == 413

        brought = configured(tmp_path, running.url, inbox=f"[{SAMPLES}]")
        last = events(etl("run", "--config", brought, "--no-pull", TOKEN=SECRET).stdout)[-1]
        assert last["deliveries"] == {"unchanged": 4}
        assert "pulls" not in last
    at_rest = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in at_rest
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "landing").rglob("*"))


def test_a_pull_that_fails_is_told_and_the_run_goes_on(tmp_path):
    (tmp_path / "inbox").mkdir()
    shutil.copytree(SAMPLES / "pull_20231008", tmp_path / "inbox" / "pull_20231008")
    with web(lambda _: Answer(status=401)) as running:
        config = configured(tmp_path, f"{running.url}", inbox="[inbox]")
        done = etl("run", "--config", config, TOKEN=SECRET)
        shown = etl("run", "--config", config, "--format", "table", TOKEN=SECRET)
    told = events(done.stdout)
    assert done.returncode == shown.returncode == 3
    assert told[1]["error"] == "pull.refused"
    assert told[1]["detail"] == {"host": "127.0.0.1", "status": 401}
    assert told[-1]["deliveries"] == {"loaded": 1}
    assert "未能取回: credit: pull.refused" in shown.stdout
    logged = (tmp_path / "log" / "etl.jsonl").read_text(encoding="utf-8")
    assert '"level": "warning", "event": "pull.finished"' in logged
    assert SECRET not in logged + done.stdout + shown.stdout


def test_a_dry_run_pulls_nothing(tmp_path):
    with web(sample("pull_20231008")) as running:
        config = configured(tmp_path, running.url)
        done = etl("run", "--config", config, "--dry-run", TOKEN=SECRET)
    assert done.returncode == 0
    assert running.asked == []
    assert not (tmp_path / "landing").exists()


def test_pull_lands_and_loads_nothing_and_says_what_to_type(tmp_path):
    with web(sample("pull_20231008")) as running:
        config = configured(tmp_path, running.url)
        done = etl("--lang", "en", "pull", "--config", config, "--format", "table", TOKEN=SECRET)
    assert done.returncode == 0
    assert done.stdout.splitlines()[2].split()[:5] == ["credit", "fetched", "pull_20231008", "7", "312"]
    assert f"next: etl run --config {config} --no-pull" in done.stdout
    assert not (tmp_path / "data.sqlite").exists()
    assert len(list((tmp_path / "landing" / "credit" / "pull_20231008").iterdir())) == 7


def test_a_terminal_sees_pages_records_and_bytes_go_by(tmp_path):
    ours, theirs = pty.openpty()
    with web(table(400)) as running:
        config = configured(tmp_path, running.url)
        config.write_text(config.read_text("utf-8").replace("rate: 1000", "rate: 8"), encoding="utf-8")
        command = [ETL, "pull", "--config", config]
        env = {**os.environ, "TOKEN": SECRET, "TERM": "xterm", "COLUMNS": "120"}
        seen = b""
        with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=env) as process:
            os.close(theirs)
            while chunk := _read(ours):
                seen += chunk
            process.wait()
    os.close(ours)
    shown = seen.decode()
    assert "/400" in shown
    assert "KB" in shown
    assert "已取回" in shown
    assert '"event"' not in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # the other end is closed
        return b""


def test_a_long_pull_tells_how_far_it_is_in_json(tmp_path, monkeypatch):
    monkeypatch.setattr("etl_core.cli.fetched.EVERY", 0)
    monkeypatch.setenv("TOKEN", SECRET)
    with web(sample("pull_20231008")) as running:
        done = here("pull", "--config", configured(tmp_path, running.url))
    told = events(done.stdout)
    assert [one["event"] for one in told] == ["pull.started", *["pull.advanced"] * 7, "pull.finished"]
    assert told[3] == {
        **{"event": "pull.advanced", "pull": "credit", "pages": 3, "rows": 150, "total": 312},
        "bytes": told[3]["bytes"],
    }


def test_one_pull_alone_can_be_named_and_a_misspelt_one_is_corrected(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", SECRET)
    more = "  other: {enabled: false, remote: {url: 'file:///nowhere'}}\n"
    with web(sample("pull_20231008")) as running:
        config = configured(tmp_path, running.url, more=more)
        assert here("pull", "--config", config, "--name", "credit").exit_code == 0
        assert here("pull", "--config", config, "-n", "other").exit_code == 3
    wrong = here("pull", "--config", config, "--name", "credits")
    assert wrong.exit_code == 2
    assert "did you mean credit?" in wrong.output
    assert here("pull", "--config", configure(tmp_path), "--format", "table").output == "配置里没有 pulls\n"


@pytest.mark.parametrize("command", ["run", "pull"])
def test_a_stopped_pull_ends_with_143_and_goes_on_next_time(tmp_path, command):
    process: list[subprocess.Popen[bytes]] = []
    whole = table(400)

    def answer(request: Request) -> Answer:
        if request.query["pageIndex"] == "3" and process[0].poll() is None and len(stopped) < 1:
            stopped.append(process[0].terminate())
        return whole(request)

    stopped: list[None] = []
    with web(answer) as running:
        config = configured(tmp_path, running.url)
        process.append(
            subprocess.Popen(
                [ETL, command, "--config", config],
                env={**os.environ, "TOKEN": SECRET},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        assert process[0].wait(60) == 143
        asked = len(running.asked)
        assert etl("pull", "--config", config, TOKEN=SECRET).returncode == 0
        assert asked + len(running.asked[asked:]) <= 10
        assert running.asked[asked].query["pageIndex"] in ("3", "4")
    assert len(list((tmp_path / "landing" / "credit" / "pull_20231008").iterdir())) == 8


def test_the_check_of_a_configuration_names_its_pulls(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", SECRET)
    done = here("--lang", "en", "config", "check", configured(tmp_path, "https://example.org"))
    assert "pull: credit" in done.output
    assert SECRET not in done.output
