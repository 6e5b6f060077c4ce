"""One run: every delivery has its outcome, and no fault of one touches another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
import pytest

from etl_core import config
from etl_core.archive import Archive
from etl_core.config import Config
from etl_core.discovery import Found, Loaded
from etl_core.errors import PARTLY, USAGE, DeliveryError, KeyFileError
from etl_core.inbox import CLOSED, single, workroom
from etl_core.keys import Keys
from etl_core.loading import Loading, Scope
from etl_core.pipeline import DONE, STOPPED, Report, check, run
from etl_core.pool import Pool
from etl_core.protocol import Claimed, Done, Hello, Job, Problem
from etl_core.records import Counts, Outcome, Prepared
from etl_core.testing.bench import Bench
from etl_core.warehouse import Warehouse
from tests import made_up
from tests.fakes import install, person, write

RAISING = """
_place = place

def place(name, above):
    if "_1906" in name:
        raise ValueError(name)
    return _place(name, above)
"""


@dataclass
class Watch:
    """Remembers what it is told."""

    heard: list[object] = field(default_factory=list)

    def started(self, name: str) -> None:
        self.heard.append(name)

    def advanced(self, rows: int) -> None:
        self.heard.append(rows)

    def finished(self, outcome: Outcome) -> None:
        self.heard.append(outcome.result)

    def waiting(self, holder: str) -> None:
        self.heard.append(holder)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an inbox, and two plugins that know the same header by other names; nothing is configured yet."""
    site = install(tmp_path / "site", more=RAISING)
    install(site, "second")
    install(site, "broken", "import nowhere_at_all")
    monkeypatch.setenv("PYTHONPATH", str(site))
    (tmp_path / "in").mkdir()
    return tmp_path


def configured(home: Path, more: str = "", allow: str = "made_up, second") -> Config:
    text = f"""
warehouse:
  url: sqlite:///w.sqlite
key_file: person.key
inbox:
  - in
settle_seconds: 0
limits:
  memory_mb: 1024
  seconds: 60
plugins:
  allow: [{allow}]
{more}"""
    path = home / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def opened(of: Config, create: bool = False) -> Warehouse:
    return Warehouse.open(of.warehouse.url.get_secret_value(), Keys.load(of.key_file, create=False), create)


def results(of: Report) -> dict[str, tuple[str, str | None]]:
    return {one.file: (one.result, one.error) for one in of.outcomes}


def test_every_delivery_has_its_outcome_and_no_fault_touches_another(home: Path) -> None:
    inbox = home / "in"
    write(inbox / "made_up_1906.csv", [person(1)])
    write(
        inbox / "made_up_2023.csv", [person(1), *(person(each) for each in range(3, 10)), person(2, 学时="x")]
    )
    write(inbox / "second_2023.csv", [person(1)])
    write(inbox / "second_2024.csv", [])
    write(inbox / "其他.csv", [["1"] * 3], header=("甲", "乙", "丙"))
    (inbox / "made_up_2025.xlsx").write_bytes(b"PK\x03\x04 cut")
    (inbox / "folder" / "inner").mkdir(parents=True)
    watch = Watch()
    report = run(configured(home, allow="made_up, second, broken"), watch)
    assert results(report) == {
        "folder": ("failed", "not_regular"),
        "made_up_1906.csv": ("failed", "plugin.failed"),
        "made_up_2023.csv": ("loaded", None),
        "made_up_2025.xlsx": ("failed", "unreadable"),
        "second_2023.csv": ("loaded", None),
        "second_2024.csv": ("failed", "empty"),
        "其他.csv": ("failed", "unrecognised"),
    }
    assert [problem.plugin for problem in report.problems] == ["broken"]
    assert report.exit_code == PARTLY
    loaded = next(one for one in report.outcomes if one.file == "made_up_2023.csv")
    assert (loaded.counts.read, loaded.counts.loaded, loaded.counts.quarantined, loaded.inserted) == (
        10,
        8,
        1,
        8,
    )
    assert watch.heard.count("failed") == 5
    assert 10 in watch.heard


def test_a_second_run_changes_not_a_byte(home: Path) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1)])
    write(home / "in" / "second_2023.csv", [])
    settings = configured(home)
    first = run(settings, Watch())
    content = (home / "w.sqlite").read_bytes()
    second = run(settings, Watch())
    assert [one.result for one in (*first.outcomes, *second.outcomes)] == [
        "loaded",
        "failed",
        "unchanged",
        "failed",
    ]
    assert (home / "w.sqlite").read_bytes() == content


def test_the_same_bytes_under_two_names_are_loaded_once_in_one_run(home: Path) -> None:
    first = write(home / "in" / "made_up_2023.csv", [person(1)])
    (home / "in" / "made_up_2023_copy.csv").write_bytes(first.read_bytes())
    assert results(run(configured(home), Watch())) == {
        "made_up_2023.csv": ("loaded", None),
        "made_up_2023_copy.csv": ("unchanged", None),
    }


def test_a_dry_run_tells_everything_and_writes_nothing(home: Path) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1), person(2)])
    before = sorted(path.name for path in home.iterdir())
    settings = configured(home)
    report = run(settings, Watch(), dry_run=True)
    assert [(one.result, one.inserted) for one in report.outcomes] == [("loaded", 2)]
    assert sorted(path.name for path in home.iterdir()) == sorted([*before, "pipeline.yaml"])
    run(settings, Watch())
    content = (home / "w.sqlite").read_bytes()
    write(home / "in" / "made_up_2024.csv", [person(3)])
    again = run(settings, Watch(), dry_run=True)
    assert [(one.result, one.inserted) for one in again.outcomes] == [("unchanged", 0), ("loaded", 1)]
    assert (home / "w.sqlite").read_bytes() == content


def test_what_is_loaded_or_rejected_is_kept_as_it_arrived(home: Path) -> None:
    good = write(home / "in" / "made_up_2023.csv", [person(1)])
    bad = write(home / "in" / "made_up_2024.csv", [person(1, 学时="x")])
    write(home / "in" / "其他.csv", [["1"] * 3], header=("甲", "乙", "丙"))
    settings = configured(home)
    run(settings, Watch())
    archive = Archive(settings.kept, Keys.load(settings.key_file, create=False))
    kept = {}
    for fingerprint in archive:
        with archive.taken(fingerprint, home) as one:
            kept[one.name] = (one.path.read_bytes(), one.modified)
    assert kept == {file.name: (file.read_bytes(), file.stat().st_mtime) for file in (good, bad)}


def test_a_run_of_one_source_leaves_the_others_alone(home: Path) -> None:
    for name in ("made_up_2023.csv", "second_2023.csv"):
        write(home / "in" / name, [person(1, 项目=name)])
    write(home / "in" / "second_2024.csv", [])
    settings = configured(home)
    assert list(results(run(settings, Watch(), only="made_up"))) == ["made_up_2023.csv"]
    with opened(settings) as warehouse:
        assert warehouse.deliveries()["source"].to_list() == ["made_up"]


def test_a_source_that_is_switched_off_is_neither_loaded_nor_failed(home: Path) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1)])
    write(home / "in" / "second_2023.csv", [person(2)])
    write(home / "in" / "second_2024.csv", [])
    (home / "in" / "second_2025.xlsx").write_bytes(b"PK\x03\x04 cut")
    report = run(configured(home, "sources:\n  second:\n    enabled: false\n"), Watch())
    assert list(results(report)) == ["made_up_2023.csv"]
    assert report.exit_code == DONE


def test_a_delivery_with_too_many_errors_is_rejected_and_tried_again_when_the_limit_is_raised(
    home: Path,
) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1), person(2, 学时="x")])
    strict = run(configured(home), Watch())
    assert results(strict) == {"made_up_2023.csv": ("rejected", "too_many_errors")}
    assert strict.exit_code == STOPPED
    (rejected,) = strict.outcomes
    assert rejected.counts.skips["delivery_rejected"] == 1
    assert rejected.detail == {"share": "50%", "limit": "20%"}
    lenient = run(configured(home, "sources:\n  made_up:\n    error_limit: 0.5\n"), Watch())
    assert results(lenient) == {"made_up_2023.csv": ("loaded", None)}


def test_a_delivery_that_is_rejected_again_for_the_same_reasons_changes_not_a_byte(home: Path) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1), person(2, 学时="x")])
    settings = configured(home)
    run(settings, Watch())
    content = (home / "w.sqlite").read_bytes()
    assert results(run(settings, Watch())) == {"made_up_2023.csv": ("rejected", "too_many_errors")}
    assert (home / "w.sqlite").read_bytes() == content


@pytest.fixture
def replacing() -> Bench:
    """The made-up source, whose deliveries replace each other."""
    source = made_up.source(semantics="snapshot")
    return Bench(Found((Loaded(source, "made_up", "etl-source-made-up", "1.0", "tests.made_up"),), ()))


def shrinking(folder: Path) -> tuple[Path, Path]:
    """A delivery of ten persons, and a later one that lacks six of them."""
    first = write(folder / "made_up_2023_1.csv", [person(each) for each in range(10)])
    return first, write(folder / "made_up_2023_2.csv", [person(each) for each in range(4)])


def test_a_delivery_that_would_withdraw_too_much_is_stopped_and_says_so(
    replacing: Bench, memory: Warehouse, tmp_path: Path
) -> None:
    first, second = brought(replacing, memory, *shrinking(tmp_path))
    assert (first.result, second.result, second.error) == ("loaded", "rejected", "too_much_withdrawn")
    assert second.detail == {"share": "60.0%", "limit": "30.0%", "withdrawn": 6, "standing": 10}
    assert (second.withdrawn, second.counts.skips["delivery_rejected"]) == (0, 4)
    assert memory.measures("made_up")["current_records"] == "10"
    assert Report((first, second)).exit_code == STOPPED


@pytest.mark.parametrize(
    ("scope", "result"),
    [
        (Scope(unbraked="*"), "loaded"),
        (Scope(unbraked="made_up"), "loaded"),
        (Scope(unbraked="second"), "rejected"),
        (Scope(shrinks={"made_up": 0.6}), "loaded"),
        (Scope(shrinks={"made_up": 0.59}), "rejected"),
        (Scope(shrinks={"second": 1.0}), "rejected"),
    ],
)
def test_the_brake_is_let_go_for_one_run_or_set_otherwise_by_source(
    replacing: Bench, memory: Warehouse, tmp_path: Path, scope: Scope, result: str
) -> None:
    _, second = brought(replacing, memory, *shrinking(tmp_path), scope=scope)
    assert (second.result, second.withdrawn) == (result, 6 if result == "loaded" else 0)


@pytest.mark.parametrize(
    ("unbraked", "result"),
    [("*", "loaded"), ("made_up", "loaded"), ("second", "rejected"), (None, "rejected")],
)
def test_a_delivery_with_too_many_faulty_rows_is_let_through_with_its_good_rows(
    home: Path, unbraked: str | None, result: str
) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1), person(2, 学时="x")])
    write(home / "in" / "second_2023.csv", [person(3)])
    settings = configured(home)
    assert run(settings, Watch()).exit_code == STOPPED
    report = run(settings, Watch(), allow_shrink=unbraked)
    (outcome,) = [each for each in report.outcomes if each.source == "made_up"]
    assert (outcome.result, outcome.counts.quarantined) == (result, 1)
    assert outcome.counts.loaded == (result == "loaded")
    assert report.exit_code == (PARTLY if result == "loaded" else STOPPED)
    assert run(settings, Watch()).exit_code == (DONE if result == "loaded" else STOPPED)


def test_what_a_source_says_of_its_own_shrinking_holds_where_nothing_else_is_said(
    memory: Warehouse, tmp_path: Path
) -> None:
    source = made_up.source(semantics="snapshot", shrink_limit=0.7)
    bench = Bench(Found((Loaded(source, "made_up", "etl-source-made-up", "1.0", "tests.made_up"),), ()))
    assert [each.result for each in brought(bench, memory, *shrinking(tmp_path))] == ["loaded", "loaded"]


def test_a_dry_run_foretells_the_very_changes_of_the_run_after_it(home: Path) -> None:
    write(home / "in" / "made_up_2023_1.csv", [person(1), person(2)])
    write(home / "in" / "made_up_2023_2.csv", [person(2, 学时="16"), person(3), person(4, 学时="x")])
    write(home / "in" / "second_2023.csv", [person(1)])
    settings = configured(home, "sources:\n  made_up:\n    error_limit: 0.5\n")
    run(settings, Watch(), only="second")
    foretold, done = run(settings, Watch(), dry_run=True), run(settings, Watch())
    told = [
        [(one.file, one.result, one.inserted, one.updated, one.counts) for one in report.outcomes]
        for report in (foretold, done)
    ]
    assert told[0] == told[1]
    assert [one[2:4] for one in told[0]] == [(2, 0), (1, 1), (0, 0)]


def test_a_check_shows_every_reason_even_of_a_file_that_a_run_would_reject(home: Path) -> None:
    path = write(home / "made_up_2023.csv", [person(1), person(2, 学时="x"), person(3, 日期="x")])
    with Pool(Hello(1024, allow=("made_up",)), 60) as pool, Warehouse.memory() as warehouse:
        outcome = check(path, pool, warehouse, Watch())
        assert (outcome.result, outcome.error) == ("rejected", "too_many_errors")
        assert (outcome.detail, outcome.counts.quarantined) == ({"share": "67%", "limit": "20%"}, 2)
        (line,) = warehouse.deliveries().iter_rows(named=True)
        reasons = warehouse.outcomes(line["delivery_id"])["reasons"].to_list()
    assert reasons == ["skip:header", None, "hours.unparsable@学时", "date.unparsable@日期"]
    assert path.exists()


@pytest.fixture
def bench() -> Bench:
    """The made-up source, read in this process."""
    return Bench(
        Found((Loaded(made_up.source(), "made_up", "etl-source-made-up", "1.0", "tests.made_up"),), ())
    )


@pytest.fixture
def memory() -> Iterator[Warehouse]:
    """A warehouse that is gone afterwards."""
    with Warehouse.memory() as warehouse:
        yield warehouse


def brought(bench: Bench, warehouse: Warehouse, *files: Path, scope: Scope | None = None) -> list[Outcome]:
    with workroom() as room:
        loading = Loading(bench, warehouse, Watch(), scope or Scope())
        outcomes = list(loading.outcomes(single(file, room) for file in files))
        assert list(room.iterdir()) == [], "every copy is gone"
        return outcomes


def test_a_later_version_corrects_an_earlier_one(bench: Bench, memory: Warehouse, tmp_path: Path) -> None:
    first = write(tmp_path / "made_up_2023_1.csv", [person(1), person(2)])
    second = write(tmp_path / "made_up_2023_2.csv", [person(1, 学时="16"), person(3)])
    one, two = brought(bench, memory, first, second)
    assert (one.inserted, one.updated) == (2, 0)
    assert (two.inserted, two.updated, two.withdrawn) == (1, 1, 0)
    assert memory.measures("made_up")["hours_recognised_passed_trainee"] == "32"


def test_a_failed_delivery_is_noted_once(bench: Bench, memory: Warehouse, tmp_path: Path) -> None:
    empty = write(tmp_path / "made_up_2023.csv", [])
    for _ in range(2):
        (outcome,) = brought(bench, memory, empty)
        assert (outcome.error, outcome.source) == ("empty", "made_up")
    assert memory.deliveries()["error"].to_list() == ["empty"]


class Miscounting(Bench):
    """Says that it read one row more than it gives."""

    def stream(self, job: Job) -> Iterator[Claimed | Prepared | Done]:
        for answer in super().stream(job):
            yield replace(answer, read=answer.read + 1) if isinstance(answer, Prepared) else answer


def test_books_that_do_not_balance_keep_nothing_of_the_delivery(
    bench: Bench, memory: Warehouse, tmp_path: Path
) -> None:
    (outcome,) = brought(Miscounting(bench._found), memory, write(tmp_path / "made_up_2023.csv", [person(1)]))
    assert (outcome.result, outcome.error) == ("failed", "unbalanced")
    assert memory.deliveries().select("result", "records").rows() == [("failed", 0)]
    assert memory.measures()["current_records"] == "0"


class Dying(Bench):
    """Dies after the first batch."""

    def stream(self, job: Job) -> Iterator[Claimed | Prepared | Done]:
        for answer in super().stream(job):
            yield answer
            if isinstance(answer, Prepared):
                raise DeliveryError("memory", source="made_up")


def test_a_child_that_dies_in_the_middle_leaves_nothing_of_its_delivery(
    bench: Bench, memory: Warehouse, tmp_path: Path
) -> None:
    good = write(tmp_path / "made_up_2023.csv", [person(1)])
    (outcome,) = brought(Dying(bench._found), memory, good)
    assert (outcome.result, outcome.error) == ("failed", "memory")
    assert memory.measures()["current_records"] == "0"
    (again,) = brought(bench, memory, good)
    assert again.result == "loaded"


def test_a_run_under_a_limit_of_its_own_overrules_the_plugins(
    bench: Bench, memory: Warehouse, tmp_path: Path
) -> None:
    path = write(tmp_path / "made_up_2023.csv", [person(1), person(2, 学时="x")])
    (outcome,) = brought(bench, memory, path, scope=Scope(limits={"made_up": 1.0}))
    assert outcome.result == "loaded"


@pytest.mark.parametrize(
    ("outcomes", "problems", "code"),
    [
        ((), (), DONE),
        ((Outcome("a", "s", "loaded"), Outcome("b", None, "unchanged")), (), DONE),
        ((Outcome("a", "s", "loaded", Counts(quarantined=1)),), (), PARTLY),
        ((Outcome("a", "s", "rejected"),), (), PARTLY),
        ((Outcome("a", "s", "failed"),), (), PARTLY),
        (
            (Outcome("a", "s", "failed"), Outcome("b", "s", "rejected", error="too_much_withdrawn")),
            (),
            STOPPED,
        ),
        (
            (
                Outcome("b", "s", "rejected", error="too_many_errors"),
                Outcome("/mnt", None, "failed", error=CLOSED),
            ),
            (),
            USAGE,
        ),
        ((), (Problem("a", "b", "1", "broken"),), PARTLY),
    ],
)
def test_the_exit_code_says_whether_anybody_has_to_look(
    outcomes: tuple[Outcome, ...], problems: tuple[Problem, ...], code: int
) -> None:
    assert Report(outcomes, problems).exit_code == code


def test_the_warehouse_and_its_key_are_their_owners_alone(home: Path) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1)])
    old = os.umask(0)
    try:
        run(configured(home), Watch())
    finally:
        os.umask(old)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home / "w.sqlite", home / "person.key")}
    assert modes == {"w.sqlite": 0o600, "person.key": 0o600}
    with opened(configured(home)) as warehouse:
        assert warehouse.records(1).filter(pl.col("person_key").is_not_null()).height == 1


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_warehouse_whose_key_is_gone_gets_no_new_one(home: Path, dry_run: bool) -> None:
    write(home / "in" / "made_up_2023.csv", [person(1)])
    settings = configured(home)
    run(settings, Watch())
    settings.key_file.unlink()
    with pytest.raises(KeyFileError, match="restore it"):
        run(settings, Watch(), dry_run=dry_run)
    assert not settings.key_file.exists()
