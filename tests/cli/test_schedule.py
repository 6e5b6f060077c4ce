"""Entries for cron and systemd: as the tools that read them want them, and true to the configuration."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from configparser import ConfigParser
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.program import configure, here

ETL = Path(sys.executable).with_name("etl")


def entry(text: str) -> str:
    """The one line of a cron file that is neither a comment nor a variable."""
    (line,) = [line for line in text.splitlines() if re.match(r"[\d*]", line)]
    return line


def unit(text: str) -> dict[str, dict[str, list[str]]]:
    """Sections of a unit file; a key may come several times."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            current.setdefault(name, []).append(value)
    return sections


@pytest.fixture
def zone(monkeypatch):
    """Set the zone of this machine."""

    def set_to(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_to
    monkeypatch.undo()
    time.tzset()


def test_cron_gets_a_line_that_waits_for_the_lock_logs_and_tells_of_every_other_exit_code(tmp_path, zone):
    zone("Asia/Shanghai")
    config = configure(tmp_path)
    text = here("schedule", "cron", "--config", config, "--at", "03:05", "--user", "data").stdout
    minute, hour, *days, user, command = entry(text).split(maxsplit=6)
    assert (minute, hour, days, user) == ("5", "3", ["*"] * 3, "data")
    assert (
        f"{ETL} run --config {config} --format json --wait 3600 >> /var/log/chuanyu-etl/etl.jsonl;" in command
    )
    assert not re.search("CRON_TZ|cron 只认|夏令时", text)


ZONES = {
    **{"UTC": False, "Asia/Chongqing": False, "Asia/Urumqi": False, "Asia/Kathmandu": False},
    **{
        "America/New_York": True,
        "Europe/Berlin": True,
        "Australia/Lord_Howe": True,
        "Pacific/Kiritimati": False,
    },
}
"""Zones, and whether they have daylight saving."""


@pytest.mark.parametrize("at", ["02:30", "00:00", "23:59"])
@pytest.mark.parametrize("name", ZONES)
def test_cron_which_knows_one_zone_only_gets_the_hour_of_this_machine(tmp_path, zone, name, at):
    zone(name)
    text = here("schedule", "cron", "--config", configure(tmp_path), "--at", at).stdout
    minute, hour, *_ = entry(text).split()
    here_now = datetime.now(ZoneInfo(name)).replace(hour=int(hour), minute=int(minute))
    assert f"{here_now.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" == at
    converted = f"{here_now:%H:%M}" != at
    assert (f"北京时间 {at} 即本机 {here_now:%H:%M}" in text) == converted
    assert (f"{at} in China is {here_now:%H:%M} here" in text) == converted
    assert ("This zone has daylight saving" in text) == ZONES[name]


def test_daylight_saving_is_told_with_the_time_to_which_it_moves_the_run(tmp_path, zone):
    zone("Europe/Berlin")
    text = here("schedule", "cron", "--config", configure(tmp_path)).stdout
    summer = datetime.now(ZoneInfo("Europe/Berlin")).dst()
    other = "03:30" if summer else "01:30"
    assert f"拨钟之后在北京时间 {other} 运行，不是 02:30" in text
    assert all(line.startswith("#") for line in text.splitlines() if "China" in line)


@pytest.mark.parametrize(("code", "mail"), [(0, ""), (3, ""), (4, "exit 4"), (75, "exit 75"), (2, "exit 2")])
def test_crons_own_shell_sends_mail_for_exit_codes_that_want_somebody(tmp_path, code, mail):
    config = configure(tmp_path, log="{file: etl.jsonl}")
    command = entry(here("schedule", "cron", "--config", config).stdout).split(maxsplit=6)[6]
    assert ">> /dev/null;" in command, "the log file has the events already"
    typed = re.sub(r"umask 077; .*? >>", f"umask 077; (exit {code}) >>", command)
    done = subprocess.run(["/bin/sh", "-c", typed], capture_output=True, text=True, check=False, env={})
    assert done.stdout.strip() == (f"chuanyu-etl: {mail}" if mail else "")
    assert done.stderr == ""


def test_a_path_with_blanks_and_signs_stays_one_word(tmp_path):
    folder = tmp_path / "培训 50% $x"
    folder.mkdir()
    config = configure(folder, warehouse="{url: sqlite:///../data.sqlite}")
    command = entry(here("schedule", "cron", "--config", config).stdout).split(maxsplit=6)[6]
    words = shlex.split(command.replace(r"\%", "%"))
    assert str(config) in words
    service = unit(here("schedule", "systemd", "--config", config).stdout)["Service"]
    assert f'"{folder.parent}/培训 50%% $$x/pipeline.yaml"' in service["ExecStart"][0]
    assert service["ReadOnlyPaths"] == [f'"-{folder.parent}/培训 50%% $x/inbox"'], (
        "only commands have variables"
    )


def test_systemd_gets_a_service_and_a_timer_that_it_verifies(tmp_path):
    config = configure(tmp_path, runs="{folder: runs}", log="{file: log/etl.jsonl}")
    done = here("schedule", "systemd", "--config", config, "--out", tmp_path / "units", "--user", "root")
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path.name for path in paths] == ["chuanyu-etl.service", "chuanyu-etl.timer"]
    service = unit(paths[0].read_text(encoding="utf-8"))
    timer = unit(paths[1].read_text(encoding="utf-8"))
    assert service["Service"]["SuccessExitStatus"] == ["3"]
    assert service["Service"]["RestartPreventExitStatus"] == ["2 4 70"]
    assert service["Service"]["ReadOnlyPaths"] == [f"-{tmp_path / 'inbox'}"], (
        "the run tells of one that is gone"
    )
    assert timer["Timer"]["OnCalendar"] == ["*-*-* 02:30:00 Asia/Shanghai"]
    verified(paths)


def verified(paths: list[Path]) -> None:
    """By systemd's own verdict where it is installed, which knows every key; and always by the shape of a unit file."""
    for path in paths:
        parser = ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str
        parser.read(path, encoding="utf-8")
        assert len(parser.sections()) >= 2
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_variables_and_the_key_as_a_credential_are_taken_from_the_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ETL_DB_PASSWORD", "canary")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    config = configure(
        tmp_path,
        warehouse="{url: 'postgresql+psycopg://etl:${ETL_DB_PASSWORD}@db.example/chuanyu'}",
        key_file="'${CREDENTIALS_DIRECTORY:-/etc/chuanyu}/person.key'",
    )
    text = here("schedule", "systemd", "--config", config).stdout
    service = unit(text)["Service"]
    assert service["LoadCredential"] == ["person.key:/etc/chuanyu/person.key"]
    assert service["EnvironmentFile"] == ["/etc/chuanyu-etl/environment"]
    assert "# ETL_DB_PASSWORD\n" in text
    assert "ETL_DB_PASSWORD" in here("schedule", "cron", "--config", config).stdout
    assert "canary" not in text


@pytest.mark.parametrize("at", ["2:30", "24:00", "02:60", "x"])
def test_a_time_that_is_none_is_a_usage_error(tmp_path, at):
    for kind in ("cron", "systemd"):
        done = here("schedule", kind, "--config", configure(tmp_path), "--at", at)
        assert (done.exit_code, "HH:MM" in done.stderr) == (2, True)


def test_a_home_folder_may_be_seen_only_where_something_lies_in_it(tmp_path):
    inbox = Path(os.sep) / "home" / "data" / "inbox"
    config = configure(tmp_path, inbox=f"[{inbox}]")
    service = unit(here("schedule", "systemd", "--config", config).stdout)["Service"]
    assert service["ProtectHome"] == ["read-only"]
    assert service["ReadOnlyPaths"] == [f"-{inbox}"]
