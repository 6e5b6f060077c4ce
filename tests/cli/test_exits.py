from __future__ import annotations

import errno
import os
import signal
import subprocess
from pathlib import Path

import click
import pytest

from etl_core.cli import exits, status
from etl_core.errors import (
    ConfigError,
    ConfigProblem,
    DeliveryError,
    KeyFileError,
    LockedError,
    UnavailableError,
    WarehouseError,
    exit_code,
)
from tests.cli.program import ETL, Place, configure, here, samples, settled
from tests.fakes import install, person, write

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
        (UnavailableError("warehouse"), 75),
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


SHRINKING = """
_source = source

def source(**changes):
    return _source(semantics="snapshot", **changes)
"""


@pytest.fixture
def shrunken(tmp_path, monkeypatch):
    """A pipeline whose second delivery, which is new, lacks six of the ten persons of the first."""
    site = install(tmp_path / "site", more=SHRINKING)
    monkeypatch.setenv("PYTHONPATH", str(site))
    config = configure(tmp_path, plugins="{allow: [made_up]}")
    write(tmp_path / "inbox" / "made_up_2023_1.csv", [person(each) for each in range(10)])
    assert here("run", "--config", config).exit_code == 0
    write(tmp_path / "inbox" / "made_up_2023_2.csv", [person(each) for each in range(4)])
    return config


def test_a_delivery_that_would_withdraw_too_much_ends_with_4_every_night_until_somebody_decides(shrunken):
    for _ in range(2):
        done = here("run", "--config", shrunken, "--format", "table")
        assert done.exit_code == 4
        assert (
            "too_much_withdrawn: 这份报送会撤回本期过多的现行记录（10 条中的 6 条，占 60.0%，限度是 30.0%）"
            in done.stdout
        )
        assert f"etl run --config {shrunken} --source made_up --allow-shrink made_up" in done.stdout
    assert here("run", "--config", shrunken, "--allow-shrink", "made_up").exit_code == 0
    assert here("run", "--config", shrunken).exit_code == 0


def test_a_delivery_with_too_many_faulty_rows_ends_with_4_and_can_be_let_through(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(install(tmp_path / "site")))
    config = configure(tmp_path, plugins="{allow: [made_up]}")
    write(tmp_path / "inbox" / "made_up_2023.csv", [person(1), person(2, 学时="x")])
    for _ in range(2):
        done = here("run", "--config", config, "--format", "table")
        assert done.exit_code == 4
        assert "too_many_errors: 有问题的行太多（占 50%），超过了 20% 的限度，整份文件未入库" in done.stdout
        assert f"etl run --config {config} --source made_up --allow-shrink made_up" in done.stdout
    assert here("run", "--config", config, "--allow-shrink", "made_up").exit_code == 3
    assert here("run", "--config", config).exit_code == 0


def test_without_a_source_the_brake_is_let_go_for_all(shrunken):
    assert here("run", "--config", shrunken, "--allow-shrink").exit_code == 0


def test_to_let_go_the_brake_of_a_source_that_does_not_exist_ends_with_2(shrunken):
    done = here("run", "--config", shrunken, "--allow-shrink", "made_down")
    assert done.exit_code == 2
    assert "是否想写 made_up" in done.stderr


@pytest.mark.parametrize(
    "fault",
    [
        ConfigError((ConfigProblem("a.yaml", 1, 2, "x"),)),
        KeyFileError("key"),
        WarehouseError("warehouse"),
        LockedError("pid=1"),
        DeliveryError("memory"),
        OSError(errno.ENOSPC, "full", "x"),
        OSError(errno.EIO, "broken"),
        ValueError(CANARY),
        SystemExit(143),
        click.UsageError("x"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_the_record_of_a_run_has_the_exit_code_that_the_program_ends_with(fault):
    assert exit_code(fault) == ending(fault)


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


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_whose_streams_are_closed_goes_as_any_other(tmp_path, closed):
    config = configure(tmp_path)
    settled(samples("suitong")[0], tmp_path / "inbox")
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {ETL} run --config {config} {closed}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert here("warehouse", "check", "--config", config).exit_code == 0


@pytest.mark.parametrize("typed", [("status",), ("deliveries", "list"), ("runs", "list"), ("run",)])
def test_a_full_disk_behind_standard_output_is_told_by_that_name(loaded: Place, typed):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [ETL, *typed, "--config", loaded.config],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    told = "磁盘空间不足，请清理后再试｜no space left on the disk, make room and try again: 标准输出｜standard output\n"
    assert (done.returncode, done.stderr) == (75, told)


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
