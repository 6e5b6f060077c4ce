from __future__ import annotations

import json
from pathlib import Path

from etl_core.cli import log
from etl_core.config import Log


class Full:
    def write(self, text: str) -> int:
        raise OSError("no space left")

    def flush(self) -> None:
        raise AssertionError("never reached")


def test_a_line_begins_with_when_how_grave_and_what(tmp_path):
    file = tmp_path / "log" / "etl.jsonl"
    with log.opened(Log(file=file)) as logger:
        logger.warning("delivery.finished", file="a\nb.csv", source="x")
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert list(json.loads(line)) == ["timestamp", "level", "event", "file", "source"]
    assert json.loads(line)["file"] == "a\nb.csv"


def test_without_a_file_every_level_is_heard_by_nobody(capfd):
    with log.opened(Log()) as logger:
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(logger, level)("delivery.finished", file="a.csv")
    assert capfd.readouterr() == ("", "")


def test_levels_below_the_configured_one_are_left_out(tmp_path):
    file = tmp_path / "etl.jsonl"
    with log.opened(Log(file=file, level="warning")) as logger:
        logger.info("a")
        logger.error("b")
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == ["b"]


def test_a_log_grows_by_lines_and_is_never_written_anew(tmp_path):
    file = tmp_path / "etl.jsonl"
    for _ in range(2):
        with log.opened(Log(file=file)) as logger:
            logger.info("a")
    assert len(file.read_text().splitlines()) == 2
    assert file.stat().st_mode & 0o077 == 0


def test_a_full_disk_loses_the_line_and_stops_nothing():
    log.Lines(Full()).info("line")


def test_a_disk_that_stays_full_until_the_end_is_no_fault_of_the_run():
    with log.opened(Log(file=Path("/dev/full"))) as logger:
        logger.info("a")
