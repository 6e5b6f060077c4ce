"""The parent's side: whatever the child does, the parent goes on and says what happened."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl_core.errors import DeliveryError
from etl_core.protocol import Claimed, Done, Hello, Job
from etl_core.records import Prepared
from etl_core.supervisor import Supervisor
from tests.fakes import install, number, person, write

SECRET = number(1)

# What a plugin may do to its process, by the year of the delivery.
HOSTILE = """
import ctypes, os, signal, sys, time

_place = place

def place(name, above):
    found = _place(name, above)
    if found.order[0] == 1901:
        time.sleep(3600)
    if found.order[0] == 1902:
        os._exit(7)
    if found.order[0] == 1903:
        os.kill(os.getpid(), signal.SIGKILL)
    if found.order[0] == 1904:
        os.kill(os.getpid(), signal.SIGSEGV)
    if found.order[0] == 1905:
        bytearray(1 << 40)
    if found.order[0] == 1906:
        raise ValueError("SECRET")
    if found.order[0] == 1907:
        os.abort()
    if found.order[0] == 1909:
        pl.repeat(1.0, 1 << 28, eager=True)
    if found.order[0] == 1908:
        sys.stdin.close()
    return found
""".replace("SECRET", SECRET)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three plugins: one that behaves by year, one that cannot be imported, one that ends the import."""
    folder = tmp_path / "site"
    install(folder, more=HOSTILE)
    install(folder, "broken", "import nowhere_at_all")
    install(folder, "leaving", "raise SystemExit(3)")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def supervisor(site: Path) -> Iterator[Supervisor]:
    """A supervisor of those plugins that waits five seconds."""
    with Supervisor(Hello(1024, allow=("made_up", "broken", "leaving")), 5) as running:
        yield running


def job(folder: Path, year: int) -> Job:
    path = write(folder / f"made_up_{year}.csv", [person(1)])
    return Job(str(path), path.name, 1.7e9)


def failed(supervisor: Supervisor, asked: Job) -> DeliveryError:
    with pytest.raises(DeliveryError) as fault:
        list(supervisor.stream(asked))
    return fault.value


def test_a_delivery_comes_through_claimed_prepared_and_done(supervisor: Supervisor, tmp_path: Path) -> None:
    kinds = [type(answer) for answer in supervisor.stream(job(tmp_path, 2023))]
    assert kinds == [Claimed, Prepared, Done]


def test_a_look_tells_what_each_column_is_and_brings_a_specimen_with_nobody_in_it(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    sighted = supervisor.look(job(tmp_path, 2023))
    assert sighted.seen.claimed == ("made_up",)
    assert [column.field for column in sighted.seen.columns][:3] == [
        "person_name",
        "id_number",
        "employer_name",
    ]
    (specimen,) = sighted.files
    assert SECRET.encode() not in specimen
    assert len(list(supervisor.stream(job(tmp_path, 2024)))) == 3


def test_a_file_that_cannot_be_looked_at_is_refused_as_a_delivery_would_be(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    path = tmp_path / "x_2024.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(DeliveryError) as fault:
        supervisor.look(Job(str(path), path.name, 1.7e9))
    assert fault.value.code == "unreadable"


def test_a_broken_plugin_is_named_and_stops_nobody(supervisor: Supervisor, tmp_path: Path) -> None:
    ready = supervisor.ready()
    assert [one.name for one in ready.sources] == ["made_up"]
    assert {one.plugin: one.reason.partition(":")[0] for one in ready.problems} == {
        "broken": "missing_dependency",
        "leaving": "import_failed",
    }
    assert len(list(supervisor.stream(job(tmp_path, 2023)))) == 3


def test_a_plugin_that_takes_too_long_is_ended(site: Path, tmp_path: Path) -> None:
    with Supervisor(Hello(1024, allow=("made_up",)), 5) as supervisor:
        supervisor.ready()
        supervisor._seconds = 0.5
        begun = time.monotonic()
        assert failed(supervisor, job(tmp_path, 1901)).code == "timeout"
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("year", "code"),
    [
        (1902, "crashed"),
        (1903, "memory"),
        (1904, "crashed"),
        (1905, "memory"),
        (1907, "memory"),
        (1909, "memory"),
    ],
)
def test_however_a_child_dies_the_next_delivery_is_read(
    supervisor: Supervisor, tmp_path: Path, year: int, code: str
) -> None:
    fault = failed(supervisor, job(tmp_path, year))
    assert (fault.code, fault.detail.get("source")) == (code, "made_up" if year == 1905 else "")
    assert isinstance(list(supervisor.stream(job(tmp_path, 2023)))[-1], Done)


def test_what_a_plugin_raises_is_told_without_its_words(supervisor: Supervisor, tmp_path: Path) -> None:
    fault = failed(supervisor, job(tmp_path, 1906))
    assert (fault.code, fault.detail) == ("plugin.failed", {"source": "made_up", "kind": "ValueError"})
    assert SECRET not in str(fault)


def test_a_child_that_hears_no_more_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    assert len(list(supervisor.stream(job(tmp_path, 1908)))) == 3
    outcomes = []
    for year in (2023, 2024):
        try:
            outcomes.append(len(list(supervisor.stream(job(tmp_path, year)))))
        except DeliveryError as fault:
            outcomes.append(fault.code)
    assert outcomes[-1] == 3


def test_a_file_that_fails_tells_its_code_and_its_source(supervisor: Supervisor, tmp_path: Path) -> None:
    path = write(tmp_path / "made_up_2023.csv", [])
    fault = failed(supervisor, Job(str(path), path.name, 1.7e9))
    assert (fault.code, fault.detail) == ("empty", {"source": "made_up"})


def test_a_survey_ends_before_the_first_row(supervisor: Supervisor, tmp_path: Path) -> None:
    surveyed, claimed = supervisor.survey(job(tmp_path, 2023))
    assert isinstance(claimed, Claimed)
    assert type(surveyed).__name__ == "Surveyed"
    assert isinstance(list(supervisor.stream(job(tmp_path, 2023)))[-1], Done)


def test_a_listener_who_leaves_ends_the_child_that_still_talks(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    process = supervisor._process
    answers = supervisor.stream(job(tmp_path, 2023))
    next(answers)
    answers.close()
    assert process is not None
    assert process.returncode is not None
    assert len(list(supervisor.stream(job(tmp_path, 2023)))) == 3


def test_no_child_is_left_behind(site: Path, tmp_path: Path) -> None:
    with Supervisor(Hello(1024, allow=("made_up",)), 5) as supervisor:
        supervisor.ready()
        process = supervisor._process
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_child_sees_no_secret_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = "import os\n\ndef place(name, above):\n    return Place(','.join(sorted(os.environ)), (1,))\n"
    monkeypatch.setenv("PYTHONPATH", str(install(tmp_path / "site", more=probe)))
    monkeypatch.setenv("ETL_PASSWORD", "x")
    with Supervisor(Hello(1024, allow=("made_up",)), 5) as supervisor:
        claimed = next(supervisor.stream(job(tmp_path, 2023)))
    assert isinstance(claimed, Claimed)
    seen = set(claimed.place.label.split(","))
    assert "ETL_PASSWORD" not in seen
    assert "PYTHONPATH" in seen


def test_a_child_that_cannot_even_start_is_told_as_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Supervisor(Hello(1024), 5) as supervisor, pytest.raises(DeliveryError) as fault:
        supervisor.ready()
    assert fault.value.code == "crashed"


def test_a_plugin_that_ends_or_stops_the_child_by_its_import_is_named_and_stops_nobody(
    site: Path, tmp_path: Path
) -> None:
    install(site, "abrupt", "import os; os._exit(3)")
    install(site, "endless", "import time; time.sleep(600)")
    with Supervisor(Hello(1024, allow=("abrupt", "endless", "made_up")), 5) as supervisor:
        ready = supervisor.ready()
        assert {one.plugin: one.reason.partition(":")[0] for one in ready.problems} == {
            "abrupt": "crashed",
            "endless": "timeout",
        }
        assert {one.distribution for one in ready.problems} == {"etl-source-abrupt", "etl-source-endless"}
        assert len(list(supervisor.stream(job(tmp_path, 2023)))) == 3


HOLD = """
import sys, time
from etl_core.protocol import Hello, Job
from etl_core.supervisor import Supervisor

with Supervisor(Hello(1024, allow=("made_up",)), 60) as supervisor:
    supervisor.ready()
    print(supervisor._process.pid, flush=True)
    list(supervisor.stream(Job(sys.argv[1], sys.argv[2], 1.7e9)))
"""


def test_a_killed_parent_takes_a_child_along_that_is_stuck_in_a_plugin(site: Path, tmp_path: Path) -> None:
    stuck = job(tmp_path, 1901)
    command = [sys.executable, "-c", HOLD, stuck.path, stuck.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = Path("/proc") / parent.stdout.readline().strip()
        time.sleep(1)
        assert child.exists()
        parent.kill()
    deadline = time.monotonic() + 10
    while child.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.exists()
