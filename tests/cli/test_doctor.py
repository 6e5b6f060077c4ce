"""`etl doctor`: what is missing is named before the night, with what to do; and nothing is written."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from etl_core.cli import checks
from etl_core.keys import Keys
from etl_core.warehouse import dialect
from tests.cli.program import configure, here, samples, settled
from tests.cli.test_warehouse import older

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def chongqing(monkeypatch):
    """The clock of a machine in Chongqing, with room on its disk."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    checks.time.tzset()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, 1 << 40))
    yield
    monkeypatch.delenv("TZ")
    checks.time.tzset()


def examined(config: Path) -> tuple[int, dict[str, list[tuple[str, str, str]]]]:
    """The exit code, and by check every state with its message and advice."""
    done = here("doctor", "--config", config, "--format", "json")
    found: dict[str, list[tuple[str, str, str]]] = {}
    for line in map(json.loads, done.stdout.splitlines()):
        found.setdefault(line["check"], []).append((line["state"], line["message"], line["advice"]))
    return done.exit_code, found


@pytest.fixture
def ready(tmp_path) -> Path:
    """A pipeline that has its warehouse and its key."""
    config = configure(tmp_path)
    assert here("warehouse", "init", "--config", config).exit_code == 0
    return config


def states(found: dict[str, list[tuple[str, str, str]]], check: str) -> list[str]:
    return [state for state, _, _ in found[check]]


def test_a_pipeline_that_has_everything_ends_with_0(ready):
    code, found = examined(ready)
    assert {state for lines in found.values() for state, _, _ in lines} == {"ok"}
    assert code == 0
    assert {"config", "plugins", "key", "warehouse", "calendar", "inbox", "folders", "disk"} < found.keys()


def test_a_person_is_shown_marks_and_the_upshot(ready):
    shown = here("--lang", "en", "doctor", "--config", ready)
    assert "✓ ok" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "all in all: everything is there"


def test_before_the_first_run_it_is_said_what_will_be_made_and_nothing_is(tmp_path):
    config = configure(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, found = examined(config)
    assert (code, states(found, "key"), states(found, "warehouse")) == (3, ["warn"], ["warn"])
    assert "etl warehouse init" in found["key"][0][2]
    assert sorted(tmp_path.rglob("*")) == before


def test_faults_of_the_configuration_are_all_told_with_their_places(tmp_path):
    code, found = examined(configure(tmp_path, settle_secnds="1", log="{level: loud}"))
    assert (code, list(found)) == (2, ["config"])
    assert [advice for _, _, advice in found["config"]] == [
        "请改第 5:1 处",
        "请改第 6:14 处",
    ]


def test_a_key_that_is_open_lost_or_another_one_is_told_apart(ready, tmp_path):
    key = tmp_path / "keys" / "person.key"
    key.chmod(0o644)
    code, found = examined(ready)
    assert (code, found["key"][0][2]) == (2, f"chmod 600 {key}")
    key.unlink()
    code, found = examined(ready)
    assert (code, found["key"][0][2]) == (2, "从备份恢复密钥文件")
    (tmp_path / "other").mkdir()
    other = configure(tmp_path / "other")
    here("warehouse", "init", "--config", other)
    shutil.copy(tmp_path / "other" / "keys" / "person.key", key)
    code, found = examined(ready)
    assert (code, states(found, "warehouse")) == (2, ["fail"])
    assert "密钥不是建立这个仓库时所用的那一个" in found["warehouse"][0][1]


def test_a_server_that_does_not_answer_is_told_with_what_to_look_at(ready, tmp_path):
    config = configure(tmp_path, warehouse="{url: 'postgresql+psycopg://etl@127.0.0.1:9/chuanyu'}")
    code, found = examined(config)
    assert (code, states(found, "warehouse")) == (2, ["fail"])
    assert "连不上数据库" in found["warehouse"][0][1]
    assert "服务是否已启动" in found["warehouse"][0][2]
    english = here("--lang", "en", "doctor", "--config", config).stdout
    assert "postgresql://etl@127.0.0.1:9/chuanyu (OperationalError): no connection" in english


def test_a_warehouse_that_is_no_database_is_told_with_what_to_do(ready, tmp_path):
    (tmp_path / "data.sqlite").write_text("x" * 9999)
    code, found = examined(ready)
    assert (code, states(found, "warehouse")) == (2, ["fail"])
    _, message, advice = found["warehouse"][0]
    assert message.endswith("data.sqlite (DatabaseError SQLITE_NOTADB): 这个文件不是 SQLite 数据库")
    assert "核对仓库地址" in advice
    done = here("run", "--config", ready)
    assert done.exit_code == 2
    assert "｜the file is no SQLite database: check the address of the warehouse" in done.stderr


def test_an_inbox_that_is_not_there_is_told_with_what_to_do(ready, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.rmdir()
    code, found = examined(ready)
    advice = f"检查挂载；新的则 mkdir -p {inbox}"
    assert (code, found["inbox"]) == (2, [("fail", f"{inbox}: 没有这个文件夹", advice)])


def test_an_inbox_that_cannot_be_read_is_told_with_its_reason(ready, tmp_path, monkeypatch):
    def stale(folder: Path) -> list[str]:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(folder))

    monkeypatch.setattr(checks.os, "listdir", stale)
    code, found = examined(ready)
    assert (code, states(found, "inbox")) == (2, ["fail"])
    assert found["inbox"][0][1].startswith(f"{tmp_path / 'inbox'}: 读不了")
    assert "检查挂载" in found["inbox"][0][2]


def test_settings_for_a_source_that_no_plugin_brings_are_told(tmp_path):
    code, found = examined(configure(tmp_path, sources="{suitang: {enabled: false}}"))
    assert (code, states(found, "plugins")) == (2, ["ok", "fail"])
    assert "是否想写 suitong" in found["plugins"][1][1]


@pytest.mark.parametrize(
    ("free", "state", "code"), [(1 << 40, "ok", 0), (1 << 29, "warn", 3), (1 << 20, "fail", 2)]
)
def test_a_disk_without_room_is_told(ready, monkeypatch, free, state, code):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, free))
    ended, found = examined(ready)
    assert set(states(found, "disk")) == {state}
    assert ended == code


def test_a_late_source_is_told(tmp_path):
    config = configure(
        tmp_path, sources="{suitong: {due: {dates: [2025-01-15]}}, moe_template: {due: {every: term}}}"
    )
    settled(samples("suitong")[0], tmp_path / "inbox")
    here("run", "--config", config, "--source", "suitong")
    code, found = examined(config)
    assert code == 3
    assert [state for state, message, _ in found["calendar"] if message.startswith("suitong")] == ["ok"]
    assert [state for state, message, _ in found["calendar"] if message.startswith("moe_template")] == [
        "warn"
    ]


def test_another_time_zone_is_told(ready, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    checks.time.tzset()
    code, found = examined(ready)
    assert (code, states(found, "clock")) == (3, ["warn"])


def test_a_secret_that_others_can_read_or_that_is_not_there_is_told(ready, tmp_path):
    mail = "{host: x, sender: a@b, to: [c@d], password_file: secret}"
    config = configure(tmp_path, alerts=f"{{mail: {mail}}}")
    code, found = examined(config)
    assert (code, states(found, "alerts")) == (2, ["ok"])
    assert found["files"][0][:2] == ("fail", f"alerts.mail.password_file: {tmp_path / 'secret'}: 无法读取")
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)
    assert states(examined(config)[1], "alerts") == ["ok", "warn"]
    (tmp_path / "secret").chmod(0o600)
    assert states(examined(config)[1], "alerts") == ["ok"]


@pytest.fixture
def server(tmp_path, warehouse_url) -> Path:
    """A pipeline with a fresh warehouse of each kind, which nobody has made yet."""
    return configure(tmp_path, warehouse=f'{{url: "{warehouse_url}"}}')


def test_an_empty_database_is_no_warehouse_yet_and_tonights_run_makes_one(server, warehouse_url):
    dialect.connectable(dialect.address(warehouse_url), create=True).dispose()
    code, found = examined(server)
    assert (code, states(found, "warehouse")) == (3, ["warn"])
    assert "还没有仓库" in found["warehouse"][0][1]
    assert here("run", "--config", server).exit_code == 0
    assert examined(server)[0] == 0


def test_an_older_warehouse_runs_and_is_told_with_what_to_do_before(server, warehouse_url, tmp_path):
    older(warehouse_url, Keys.load(tmp_path / "keys" / "person.key"))
    code, found = examined(server)
    assert (code, states(found, "warehouse")) == (3, ["warn"])
    assert "etl warehouse upgrade" in found["warehouse"][0][2]
    assert here("run", "--config", server).exit_code == 0


def test_a_place_that_cannot_be_looked_at_is_a_finding_and_no_end(ready, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/srv/x")

    monkeypatch.setattr(checks.Keys, "load", refuse)
    code, found = examined(ready)
    assert (code, found["key"]) == (2, [("fail", "/srv/x: Permission denied", "核对路径和权限")])
    assert "locale" in found, "the others are looked at all the same"


def test_an_extra_that_is_wanted_and_not_installed_is_told_with_the_command(ready, tmp_path, monkeypatch):
    config = configure(tmp_path, metrics="{textfile: m.prom}", lineage="{file: l}")
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda _: None)
    code, found = examined(config)
    assert code == 2
    assert [advice for _, _, advice in found["extras"]] == [
        "pip install 'chuanyu-etl[metrics]'",
        "pip install 'chuanyu-etl[lineage]'",
    ]


def test_a_warehouse_that_others_can_read_is_told(ready, tmp_path):
    (tmp_path / "data.sqlite").chmod(0o644)
    code, found = examined(ready)
    assert (code, found["warehouse"][0][2]) == (3, f"chmod 600 {tmp_path / 'data.sqlite'}")
