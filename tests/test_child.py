"""The child process: what it answers about a file, and what it may do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl_core import child, protocol
from etl_core.discovery import Found, Loaded
from etl_core.errors import DeliveryError, PluginError
from etl_core.protocol import Answer, Claimed, Done, Failed, Hello, Job, Ready, Surveyed
from etl_core.records import Place, Prepared
from tests.fakes import install, number, person, write
from tests.made_up import HEADERS, source

MODIFIED = 1_704_067_199.0  # 2023-12-31 23:59:59 UTC
SECRET = number(1)


def answered(path: Path, *, name: str = "", sources: Any = None, **job: Any) -> list[Answer]:
    made = [source()] if sources is None else sources
    return list(child.answers(Job(str(path), name or path.name, MODIFIED, **job), made))


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """One good row, one faulty row."""
    return write(tmp_path / "made_up_2023_1.csv", [person(1), person(2, 学时="x")])


def test_a_delivery_is_claimed_then_prepared_then_done(delivery: Path) -> None:
    claimed, prepared, done = answered(delivery)
    assert claimed == Claimed("made_up", Place("2023_1", (2023, 1), dated=date(2023, 12, 31)))
    assert isinstance(prepared, Prepared)
    assert (len(prepared.records), len(prepared.refused), prepared.read) == (1, 1, 3)
    assert isinstance(done, Done)
    assert [account.mapped for account in done.accounts] == [HEADERS[:-1]]


def test_a_delivery_that_is_not_wanted_is_left_alone(delivery: Path) -> None:
    assert answered(delivery, only="other") == [Done()]
    assert answered(delivery, off=("made_up",)) == [Done()]


def test_a_survey_says_whose_it_is_and_judges_no_row(delivery: Path) -> None:
    surveyed, claimed, done = answered(delivery, survey=True)
    assert isinstance(surveyed, Surveyed)
    assert isinstance(claimed, Claimed)
    assert isinstance(done, Done)
    assert done.records == 0


def test_the_name_tells_whose_a_file_is_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "made_up_2023.xlsx"
    path.write_bytes(b"PK\x03\x04 cut")
    assert answered(path) == [Failed("unreadable", {}, "made_up")]
    assert answered(path, name="x.xlsx") == [Failed("unreadable", {}, None)]


def test_an_empty_file_is_an_empty_delivery(tmp_path: Path) -> None:
    path = tmp_path / "made_up_2023.csv"
    path.touch()
    assert answered(path) == [Failed("empty", {}, "made_up")]


@pytest.mark.parametrize(
    "fault", [RuntimeError, RecursionError, SystemExit, KeyboardInterrupt, BaseException]
)
def test_whatever_a_plugin_raises_is_told_by_its_kind_alone(
    delivery: Path, fault: type[BaseException]
) -> None:
    def place(name: str, above: str) -> Place:
        raise fault(SECRET)

    (failed,) = answered(delivery, sources=[source(place=place)])
    assert isinstance(failed, Failed)
    assert (failed.code, failed.detail) == ("plugin.failed", {"kind": fault.__name__})
    assert SECRET not in repr(failed)


def test_memory_that_a_plugin_cannot_have_is_told_as_such(delivery: Path) -> None:
    def place(name: str, above: str) -> Place:
        raise MemoryError

    assert answered(delivery, sources=[source(place=place)]) == [Failed("memory", {}, "made_up")]


def test_an_expression_that_cannot_be_evaluated_is_a_fault_of_the_plugin(delivery: Path) -> None:
    made = source(normalise={"person_name": pl.col("nowhere")})
    claimed, failed = answered(delivery, sources=[made])
    assert isinstance(claimed, Claimed)
    assert failed == Failed("plugin.failed", {"kind": "ColumnNotFoundError"}, "made_up")


@pytest.mark.parametrize("told", ["2023", 7, ("a",)])
def test_a_place_that_is_none_is_a_fault_of_the_plugin(delivery: Path, told: object) -> None:
    (failed,) = answered(delivery, sources=[source(place=lambda name, above: told)])
    assert isinstance(failed, Failed)
    assert (failed.code, failed.source) == ("plugin.failed", "made_up")


@pytest.mark.parametrize("lines", [[], ["合计", "注：按实填写"]])
def test_a_header_alone_is_an_empty_delivery(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "made_up_2023.csv"
    path.write_text("\n".join([",".join(HEADERS), *lines]), encoding="utf-8")
    assert answered(path)[-1] == Failed("empty", {}, "made_up")


def test_a_large_delivery_is_not_read_but_told_in_parts_that_give_the_same(tmp_path: Path) -> None:
    rows = [person(number % 700, 项目=f"课题{number}") for number in range(1, 7001)]
    rows[3000] = person(1, 学时="若干")
    rows[5000] = person(2, 备注="两\n行")
    path = write(tmp_path / "made_up_2023_1.csv", rows)
    whole = answered(path)
    claimed, nothing = answered(path, split=100_000)
    assert isinstance(claimed, Claimed)
    assert replace(claimed, parts=()) == whole[0]
    assert isinstance(nothing, Done)
    assert len(claimed.parts) > 3

    told = [answered(path, source="made_up", part=part, batch=900) for part in claimed.parts]
    dones = [answers[-1] for answers in told]
    assert dones[0].accounts == whole[-1].accounts
    assert sum(done.records for done in dones) == whole[-1].records == 7000
    for frame in protocol.FRAMES:
        parted = pl.concat(
            [getattr(one, frame) for answers in told for one in answers[:-1]], how="diagonal_relaxed"
        )
        assert parted.equals(pl.concat([getattr(one, frame) for one in whole[1:-1]], how="diagonal_relaxed"))


def test_a_part_without_a_record_is_no_empty_delivery(tmp_path: Path) -> None:
    lines = ["合计"] * 4000
    path = tmp_path / "made_up_2023.csv"
    path.write_text("\n".join([",".join(HEADERS), *lines]), encoding="utf-8")
    claimed, _ = answered(path, split=8_000)
    assert [answered(path, source="made_up", part=part)[-1].records for part in claimed.parts] == [0] * len(
        claimed.parts
    )


def test_a_panic_of_a_reader_means_that_the_file_cannot_be_read(
    delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Panic(BaseException):
        pass

    def read(*arguments: object) -> Any:
        raise Panic(SECRET)

    monkeypatch.setattr(child, "read", read)
    assert answered(delivery) == [Failed("unreadable", {"kind": "Panic"}, "made_up")]


def test_delivery_errors_pass_through(delivery: Path) -> None:
    with pytest.raises(DeliveryError, match=r"place\.unknown"):
        list(child.deliver(Job(str(delivery), "x.csv", MODIFIED), [source()]))


def test_an_arrival_has_the_same_date_in_every_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    assert child.arrived(MODIFIED) == date(2023, 12, 31)
    assert child.arrived(MODIFIED + 1) == date(2024, 1, 1)


def test_the_parent_is_told_the_facts_of_each_source_and_each_problem() -> None:
    loaded = Loaded(source(error_limit=0.1), "made_up", "etl-source-made-up", "1.2", "fake_made_up")
    told = child.ready(Found((loaded,), (PluginError("bad", "etl-source-bad", "0.1", "broken｜破"),)))
    (facts,) = told.sources
    assert (facts.name, facts.plugin, facts.error_limit) == ("made_up", "etl-source-made-up 1.2", 0.1)
    assert (facts.key, facts.variant, facts.semantics) == (
        ("person", "project_name", "start_date"),
        (),
        "append",
    )
    assert [(one.plugin, one.reason) for one in told.problems] == [("bad", "broken｜破")]


PROBE = """
import json, os, resource, sys

def place(name, above):
    print({secret!r})
    print({secret!r}, file=sys.stderr)
    os.system("echo {secret}")
    try:
        with open(os.path.join({folder!r}, "written"), "w") as file:
            file.write("x")
        wrote = "yes"
    except OSError:
        wrote = "no"
    limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return Place(json.dumps([wrote, limit, resource.getrlimit(resource.RLIMIT_CORE)[0]]), (1,))
"""


def test_a_plugin_can_print_nothing_write_nothing_and_has_its_limits(delivery: Path, tmp_path: Path) -> None:
    site = install(tmp_path / "site", more=PROBE.format(secret=SECRET, folder=str(tmp_path)))
    process = subprocess.run(
        [sys.executable, "-P", "-s", "-m", "etl_core.child"],
        input=protocol.line(Hello(1024, allow=("made_up",)))
        + protocol.line(Job(str(delivery), delivery.name, MODIFIED)),
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        check=True,
    )
    _, ready, claimed = (json.loads(line) for line in process.stdout.splitlines()[:3])
    assert [one["name"] for one in ready["value"]["sources"]] == ["made_up"]
    assert json.loads(claimed["value"]["place"]["label"]) == ["no", 1024 << 20, 0]
    assert process.stderr == b""
    assert SECRET.encode() not in process.stdout.partition(b'"Prepared"')[0]


def test_a_child_without_a_job_says_what_it_has_and_ends(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "etl_core.child"],
        input=protocol.line(Hello(1024, allow=())), capture_output=True, check=True,
    )  # fmt: skip
    assert protocol.decode(process.stdout, lambda size: b"") == Ready()
