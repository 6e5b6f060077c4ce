from __future__ import annotations

import errno
import os
import signal
import subprocess

import pytest

from etl_core.cli import exits, status
from etl_core.errors import (
    ConfigError,
    ConfigProblem,
    DeliveryError,
    KeyFileError,
    LockedError,
    WarehouseError,
)
from tests.cli.program import ETL, Place, configure, here

CANARY = "519999199001011234"


def ending(fault: BaseException) -> int:
    def fail() -> object:
        raise fault

    return exits.guarded(fail)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ConfigError((ConfigProblem("a.yaml", 1, 2, "x"),)), 2),
        (KeyFileError("key"), 2),
        (WarehouseError("warehouse"), 2),
        (LockedError("pid=1"), 75),
        (DeliveryError("memory"), 3),
        (OSError(errno.ENOSPC, "full", "x"), 75),
        (OSError(errno.EIO, "broken", "x"), 2),
        (OSError(errno.EACCES, "denied", "x"), 2),
        (OSError(errno.EMFILE, "too many", "x"), 75),
        (OSError("no number"), 70),
        (ValueError(CANARY), 70),
        (KeyboardInterrupt(), 70),
        (SystemExit(3), 3),
        (SystemExit(None), 0),
    ],
)
def test_every_ending_has_its_code(fault, code):
    assert ending(fault) == code


def test_a_fault_of_ours_is_told_by_type_and_place_alone(monkeypatch, loaded: Place):
    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(status, "standing", fail)
    done = here("status", "--config", loaded.config)
    assert done.exit_code == 70
    assert "（ValueError，etl_core.cli.status:" in done.stderr
    assert CANARY not in done.output
    assert "guarded" not in done.output


def test_debug_adds_the_way_there_without_text_or_value(monkeypatch, capsys):
    monkeypatch.setenv("ETL_DEBUG", "1")
    assert ending(ValueError(CANARY)) == 70
    told = capsys.readouterr().err
    assert "test_exits.py" in told
    assert CANARY not in told


def test_a_config_with_faults_tells_them_all_and_ends_with_2(tmp_path):
    config = configure(tmp_path, settle_secnds="1", limits="{memory_mb: ab}", log="{level: loud}")
    done = here("run", "--config", config)
    assert done.exit_code == 2
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == ["5", "6", "7"]
    assert all("｜" in line for line in done.stderr.splitlines())


@pytest.mark.parametrize(
    "typed",
    [("run",), ("nonsense",), ("run", "--config", "no.yaml"), ("check", "no.csv"), ("--lang", "fr", "run")],
)
def test_wrong_usage_ends_with_2(typed):
    assert here(*typed).exit_code == 2


def test_a_wrong_key_ends_with_2(tmp_path):
    config = configure(tmp_path)
    assert here("run", "--config", config).exit_code == 0
    (tmp_path / "keys" / "person.key").chmod(0o644)
    done = here("run", "--config", config)
    assert done.exit_code == 2
    assert "chmod 600" in done.stderr


def test_a_warehouse_that_is_not_there_ends_with_2_and_is_not_made(tmp_path):
    config = configure(tmp_path)
    assert here("status", "--config", config).exit_code == 2
    assert not (tmp_path / "data.sqlite").exists()


def test_signals_and_rights_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM), os.umask(0o022)
    try:
        assert exits.guarded(lambda: os.umask(0o077)) == 0o077
        assert (signal.getsignal(signal.SIGTERM), os.umask(0o022)) == (before[0], 0o022)
    finally:
        os.umask(before[1])


def test_a_key_or_warehouse_that_cannot_be_used_is_said_in_both_languages(tmp_path):
    config = configure(tmp_path)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "person.key").write_text("nonsense")
    (tmp_path / "keys" / "person.key").chmod(0o600)
    for typed in (("run",), ("status",)):
        told = here(*typed, "--config", config).stderr.removeprefix("无法继续｜cannot go on: ")
        assert "｜" in told


def test_a_reader_that_leaves_early_ends_with_141(loaded: Place):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [ETL, "deliveries", "list", "--config", loaded.config],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
