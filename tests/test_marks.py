"""What persons decided is kept: the marks of the archive follow the ledger, and a warehouse that is made again is the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from etl_core import config
from etl_core.again import rebuild, replay, restore, revoke
from etl_core.archive import ALLOWED, REVOKED, Archive, Marks
from etl_core.config import Config
from etl_core.keys import Keys
from etl_core.marks import Amiss, amiss
from etl_core.pipeline import DONE, STOPPED, run
from etl_core.records import Again
from tests.cli.program import here
from tests.fakes import install, person, write
from tests.test_again import BLIND, address, configured, content, opened
from tests.test_pipeline import Watch, results

SNAPSHOTS = """
_source = source

def source(**changes):
    return _source(semantics="snapshot", **changes)
"""
"""A plugin whose deliveries replace each other."""


@pytest.fixture
def replacing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warehouse_url: str) -> Config:
    """A pipeline of that plugin, into a warehouse of each kind."""
    monkeypatch.setenv("PYTHONPATH", str(install(tmp_path / "site", more=SNAPSHOTS)))
    (tmp_path / "in").mkdir()
    return configured(tmp_path, warehouse_url)


@pytest.fixture
def stopped(replacing: Config) -> Config:
    """Ten persons stand; a delivery that lacks six of them was stopped."""
    receive(replacing, "made_up_2023_1.csv", 10)
    run(replacing, Watch())
    receive(replacing, "made_up_2023_2.csv", 4)
    assert run(replacing, Watch()).exit_code == STOPPED
    return replacing


def receive(of: Config, name: str, persons: int) -> None:
    write(of.inbox[0] / name, map(person, range(persons)))


def archive(of: Config) -> Archive:
    return Archive(of.kept, Keys.load(of.key_file, create=False))


def wrong(of: Config) -> list[Amiss]:
    with opened(of) as warehouse:
        return amiss(warehouse, archive(of))


def standing(of: Config) -> str:
    with opened(of) as warehouse:
        return warehouse.measures()["current_records"]


def again(of: Config, folder: Path) -> tuple[int, dict[str, list[str]]]:
    """How making the warehouse again ends, and what is in it then."""
    target = f"sqlite:///{folder / 'again.sqlite'}"
    code = rebuild(of, Watch(), target).exit_code
    return code, content(target)


def test_what_was_let_through_once_is_let_through_when_the_warehouse_is_made_again(
    stopped: Config, tmp_path: Path
) -> None:
    assert run(stopped, Watch(), allow_shrink="*").exit_code == DONE
    assert len(archive(stopped).marks().allowed) == 1
    assert standing(stopped) == "4"
    assert again(stopped, tmp_path) == (DONE, content(address(stopped)))


def test_what_was_made_again_knows_what_was_let_through_and_is_made_again_the_same(
    stopped: Config, tmp_path: Path
) -> None:
    run(stopped, Watch(), allow_shrink="made_up")
    _, first = again(stopped, tmp_path)
    second = configured(tmp_path, f"sqlite:///{tmp_path / 'again.sqlite'}")
    assert (run(second, Watch()).exit_code, wrong(second)) == (DONE, [])
    (tmp_path / "other").mkdir()
    assert again(second, tmp_path / "other") == (DONE, first)


def test_what_was_stopped_is_stopped_when_the_warehouse_is_made_again(
    stopped: Config, tmp_path: Path
) -> None:
    assert again(stopped, tmp_path) == (STOPPED, content(address(stopped)))


def test_what_came_through_once_another_had_taken_its_place_comes_through_when_made_again(
    stopped: Config, tmp_path: Path
) -> None:
    """In the order of the archive it comes before the delivery that made room for it."""
    receive(stopped, "made_up_2023_3.csv", 11)
    assert run(stopped, Watch()).exit_code == STOPPED
    assert results(run(stopped, Watch()))["made_up_2023_2.csv"] == ("loaded", None)
    assert again(stopped, tmp_path) == (DONE, content(address(stopped)))


def test_a_limit_that_is_not_reached_leaves_no_mark(replacing: Config) -> None:
    for number, persons in enumerate((10, 9), 1):
        receive(replacing, f"made_up_2023_{number}.csv", persons)
        run(replacing, Watch(), allow_shrink="*")
    assert archive(replacing).marks() == Marks()


def test_a_warehouse_that_is_loaded_anew_by_runs_lets_through_what_was_let_through(
    stopped: Config, tmp_path: Path
) -> None:
    run(stopped, Watch(), allow_shrink="*")
    fresh = configured(tmp_path, f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    assert run(fresh, Watch()).exit_code == DONE
    assert content(address(fresh)) == content(address(stopped))


def test_a_mended_plugin_reads_again_what_was_let_through_and_no_brake_stops_it(
    replacing: Config, tmp_path: Path
) -> None:
    module = tmp_path / "site" / "fake_made_up.py"
    seeing = module.read_text(encoding="utf-8")
    module.write_text(seeing.replace(*BLIND), encoding="utf-8")
    receive(replacing, "made_up_2023_1.csv", 10)
    rows = [*map(person, range(4)), person(4, 学时="8课时")]
    write(replacing.inbox[0] / "made_up_2023_2.csv", rows)
    run(replacing, Watch(), allow_shrink="*")
    module.write_text(seeing, encoding="utf-8")
    (told,) = replay(replacing, Watch()).report.outcomes
    assert (told.result, told.again) == ("loaded", Again({"hours.range": 1}, {}, {}, 1, 0))
    assert again(replacing, tmp_path) == (DONE, content(address(replacing)))


@pytest.mark.parametrize(("first", "then", "code"), [(1, 2, STOPPED), (2, 1, DONE)])
def test_the_brake_asks_a_person_in_one_order_of_arrival_and_has_nothing_to_ask_in_the_other(
    replacing: Config, tmp_path: Path, first: int, then: int, code: int
) -> None:
    """A correction that is far smaller than what it corrects: what would be withdrawn has to stand first."""
    for number in (first, then):
        receive(replacing, f"made_up_2023_{number}.csv", {1: 10, 2: 4}[number])
        ended = run(replacing, Watch()).exit_code
    assert (ended, standing(replacing)) == (code, "10" if code == STOPPED else "4")
    assert again(replacing, tmp_path) == (code, content(address(replacing)))
    if code == STOPPED:
        run(replacing, Watch(), allow_shrink="*")
    assert standing(replacing) == "4", "what a person lets through ends alike"


def unmarked(of: Config) -> None:
    """Killed after the transaction in which it was revoked."""
    revoke(of, 1)
    for each in archive(of).marks().revoked:
        archive(of).unmark(each, REVOKED)


def marked(of: Config) -> None:
    """Killed after the transaction in which it was restored."""
    revoke(of, 1)
    (mine,) = archive(of).marks().revoked
    restore(of, 1, Watch())
    archive(of).mark(mine, REVOKED)


def unsaid(of: Config) -> None:
    """Killed after the transaction in which it was let through."""
    run(of, Watch(), allow_shrink="*")
    (mine,) = archive(of).marks().allowed
    archive(of).unmark(mine, ALLOWED)


def said(of: Config) -> None:
    """A mark that nobody's decision stands behind."""
    mine = next(iter(archive(of)))
    with opened(of) as warehouse:
        loaded = next(iter(warehouse.decided().loaded))
    archive(of).mark(loaded, ALLOWED)
    assert mine in archive(of)


KILLED = [(unmarked, "+.revoked"), (marked, "-.revoked"), (unsaid, "+.allowed"), (said, "-.allowed")]


@pytest.mark.parametrize(("killed", "told"), KILLED)
def test_where_archive_and_ledger_disagree_a_check_says_so_and_the_next_run_mends_it(
    stopped: Config, tmp_path: Path, killed: Callable[[Config], None], told: str
) -> None:
    killed(stopped)
    (one,) = wrong(stopped)
    path = tmp_path / "pipeline.yaml"
    done = here("--lang", "en", "warehouse", "check", "--config", path)
    assert done.exit_code == 3
    assert (
        f"{one.fingerprint[:12]} {told}: 1: a mark of the archive is not what the ledger says" in done.stdout
    )
    dry = results(run(stopped, Watch(), dry_run=True))
    assert wrong(stopped) == [one], "a dry run writes nothing"
    assert results(run(stopped, Watch())) == dry, "and foretells the run all the same"
    assert wrong(stopped) == []
    assert here("warehouse", "check", "--config", path).exit_code == 0
    assert again(stopped, tmp_path)[1] == content(address(stopped))


def test_what_was_revoked_is_told_so_when_it_is_revoked_again_and_its_mark_is_there(
    stopped: Config, tmp_path: Path
) -> None:
    unmarked(stopped)
    done = here("deliveries", "revoke", "1", "--config", tmp_path / "pipeline.yaml")
    assert (done.exit_code, "已撤销: 1" in done.stdout) == (0, True)
    assert (wrong(stopped), len(archive(stopped).marks().revoked)) == ([], 1)


def test_bytes_that_are_not_in_the_archive_lose_their_mark_when_they_are_restored(stopped: Config) -> None:
    revoke(stopped, 1)
    (mine,) = archive(stopped).marks().revoked
    archive(stopped).forget(mine)
    assert restore(stopped, 1, Watch()) is None
    assert (wrong(stopped), archive(stopped).marks()) == ([], Marks())
    archive(stopped).mark(mine, REVOKED)  # killed before it was taken away
    assert results(run(stopped, Watch()))["made_up_2023_1.csv"] == ("loaded", None)
    assert archive(stopped).marks() == Marks()


def test_what_the_ledger_does_not_know_stays_marked(stopped: Config, tmp_path: Path) -> None:
    revoke(stopped, 1)
    marks = archive(stopped).marks()
    fresh = configured(tmp_path, f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    assert results(run(fresh, Watch())) == {
        "made_up_2023_1.csv": ("revoked", None),
        "made_up_2023_2.csv": ("loaded", None),
    }
    assert (archive(fresh).marks(), wrong(fresh)) == (marks, [])


def test_a_night_in_which_nothing_differs_writes_nothing_into_the_archive(
    stopped: Config, tmp_path: Path
) -> None:
    run(stopped, Watch(), allow_shrink="*")
    revoke(stopped, 1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*")}
    run(stopped, Watch())
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*")} == before


def test_what_a_rebuilding_advises_is_about_the_warehouse_that_it_made(
    stopped: Config, tmp_path: Path
) -> None:
    path, target = tmp_path / "pipeline.yaml", f"sqlite:///{tmp_path / 'again.sqlite'}"
    done = here("--lang", "en", "rebuild", "--config", path, "--into", target, "--format", "table")
    assert done.exit_code == STOPPED
    lines = done.stdout.splitlines()
    first = f"the commands below use the warehouse of the configuration: set this first: {path}: warehouse.url: {target}"
    let = f"next: etl run --config {path} --source made_up --allow-shrink made_up"
    assert lines.index(first) < lines.index(let)
    text = path.read_text(encoding="utf-8").replace(address(stopped), target)
    path.write_text(text, encoding="utf-8")
    assert here(*let.removeprefix("next: etl ").split()).exit_code == DONE
    assert standing(config.load(path)) == "4"


def test_what_a_rebuilding_of_the_configured_warehouse_advises_needs_no_change_of_it(
    stopped: Config, tmp_path: Path
) -> None:
    path = tmp_path / "pipeline.yaml"
    text = path.read_text(encoding="utf-8").replace(address(stopped), "sqlite:///fresh.sqlite")
    path.write_text(text, encoding="utf-8")
    here("warehouse", "init", "--config", path)
    done = here("--lang", "en", "rebuild", "--config", path, "--format", "table")
    assert (done.exit_code, "set this first" in done.stdout) == (STOPPED, False)
