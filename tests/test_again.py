"""Made again from the archive, read again by a mended plugin, taken back: the state is a function of what was delivered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from etl_core import config
from etl_core.again import Replayed, rebuild, replay, restore, revoke
from etl_core.config import Config
from etl_core.errors import PARTLY, KeyFileError, WarehouseError
from etl_core.keys import Keys
from etl_core.pipeline import DONE, STOPPED, run
from etl_core.records import Again
from etl_core.warehouse import Warehouse
from tests.fakes import install, person, write
from tests.test_deliveries import CLOCKS, NUMBERS, SAMPLES, Home, dump, home
from tests.test_pipeline import Watch, results

# What tells of runs, and of what was known once and is not any more.
PAST = {"run", "former_delivery", "former_record", "former_refused"}


def content(url: str, without: set[str] = NUMBERS) -> dict[str, list[str]]:
    """Every table that tells of the state, as text, but for clocks (and numbers)."""
    return {name: lines for name, lines in dump(url, CLOCKS | without).items() if name not in PAST}


@pytest.fixture(params=["sqlite", "postgres"])
def loaded(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """A pipeline of the real plugins, with a few of their samples in it, in a warehouse of each kind."""
    url = {"sqlite": f"sqlite:///{tmp_path / 'w.sqlite'}"}.get(request.param) or request.getfixturevalue(
        "postgres_url"
    )
    made = home(tmp_path / "home", url)
    few = [
        path for path in SAMPLES if path.parts[-4] in ("cq_beibei", "sc_credit", "suitong", "moe_template")
    ]
    for at in range(0, len(few), 4):
        made.receive(few[at : at + 4])
        made.run()
    return made


def number_of(of: Home, part: str) -> int:
    """The number of the delivery whose file is called like this."""
    with of.warehouse() as warehouse:
        lines = warehouse.deliveries().iter_rows(named=True)
        return next(int(line["delivery_id"]) for line in lines if part in line["file"])


def settings(of: Home) -> Config:
    return config.load(of.configured())


def test_the_archive_alone_makes_the_same_warehouse_again(loaded: Home, tmp_path: Path) -> None:
    before = content(loaded.url, set())
    shutil.rmtree(loaded.folder / "in")
    target = f"sqlite:///{tmp_path / 'again.sqlite'}"
    report = rebuild(settings(loaded), Watch(), target)
    assert {one.result for one in report.outcomes} == {"loaded"}
    assert before["record"]
    assert content(target, set()) == before


def test_a_warehouse_that_is_gone_is_made_again_without_what_was_revoked(
    loaded: Home, tmp_path: Path
) -> None:
    revoke(settings(loaded), number_of(loaded, "更正"))
    revoke(settings(loaded), number_of(loaded, "pull_20240301"))
    before = content(loaded.url)
    (tmp_path / "w.sqlite").unlink(missing_ok=True)
    target = f"sqlite:///{tmp_path / 'again.sqlite'}"
    rebuild(settings(loaded), Watch(), target)
    assert content(target) == before
    again = Home(loaded.folder, target)
    assert sorted(one.result for one in again.run()).count("revoked") == 2, "no run brings them back"
    assert content(target) == before


def test_a_warehouse_that_is_not_empty_is_not_made_again(loaded: Home) -> None:
    before = dump(loaded.url, set())
    with pytest.raises(WarehouseError, match="not empty"):
        rebuild(settings(loaded), Watch())
    assert dump(loaded.url, set()) == before


def test_what_was_revoked_can_be_restored(loaded: Home) -> None:
    before, number = content(loaded.url), number_of(loaded, "更正")
    left = revoke(settings(loaded), number, dry_run=True)
    assert content(loaded.url) == before
    assert revoke(settings(loaded), number) == left
    assert (left.gone > 0, left.revived > 0) == (True, True)
    report = restore(settings(loaded), number, Watch())
    assert report is not None
    assert [one.result for one in report.outcomes] == ["loaded"]
    assert content(loaded.url) == before
    with pytest.raises(WarehouseError, match="is revoked"):
        restore(settings(loaded), number, Watch())


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an inbox, and the made-up plugin, which reads hours as it should."""
    monkeypatch.setenv("PYTHONPATH", str(install(tmp_path / "site")))
    (tmp_path / "in").mkdir()
    return tmp_path


def configured(folder: Path, url: str = "sqlite:///w.sqlite", more: str = "") -> Config:
    text = f"""
warehouse:
  url: {url}
key_file: person.key
archive: kept
inbox:
  - in
settle_seconds: 0
plugins:
  allow: [made_up]
{more}"""
    path = folder / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def plugin(folder: Path, version: str, *mended: tuple[str, str]) -> None:
    """Install the made-up plugin anew, with parts of its code otherwise."""
    site = folder / "site"
    shutil.rmtree(site)
    install(site)
    module, metadata = site / "fake_made_up.py", site / "etl_source_made_up-1.0.dist-info" / "METADATA"
    code = module.read_text(encoding="utf-8")
    for before, after in mended:
        assert before in code
        code = code.replace(before, after)
    module.write_text(code, encoding="utf-8")
    metadata.write_text(metadata.read_text().replace("1.0", version))


# A plugin that does not know the word 课时 behind a number of hours, which agencies write.
BLIND = ("*houred()])", '*houred(), check("hours.range", lambda cell: ~pl.col(cell).str.contains("课时"))])')


@pytest.fixture(params=["sqlite", "postgres"])
def blind(request: pytest.FixtureRequest, made: Path) -> Config:
    """Deliveries that were read by a plugin with a fault: refused rows, one rejected as a whole, one untouched."""
    url = "sqlite:///w.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    plugin(made, "1.0", BLIND)
    good = [person(each) for each in range(10, 20)]
    write(made / "in" / "made_up_2021.csv", [*good, person(1, 学时="8课时"), person(2, 学时="x")])
    write(made / "in" / "made_up_2022.csv", [person(1, 学时="6课时"), person(2)])
    write(made / "in" / "made_up_2023.csv", good)
    write(made / "in" / "made_up_2021_2.csv", [*good, person(3, 学时="x")])
    settings = configured(made, url)
    assert results(run(settings, Watch()))["made_up_2022.csv"] == ("rejected", "too_many_errors")
    return settings


def address(of: Config) -> str:
    return of.warehouse.url.get_secret_value()


def opened(of: Config) -> Warehouse:
    return Warehouse.open(address(of), Keys.load(of.key_file, create=False))


def cured(told: Replayed) -> dict[str, tuple[str, Again | None]]:
    return {one.file: (one.result, one.again) for one in told.report.outcomes}


def test_a_mended_plugin_reads_again_what_waits_as_if_it_had_been_there_from_the_start(
    blind: Config, made: Path, tmp_path: Path
) -> None:
    plugin(made, "1.1")
    with opened(blind) as warehouse:
        before = {line["file"]: line for line in warehouse.deliveries().iter_rows(named=True)}
    told = replay(blind, Watch())
    assert cured(told) == {
        "made_up_2021.csv": ("loaded", Again({"hours.range": 1}, {"hours.unparsable": 1}, {}, 1, 1)),
        "made_up_2021_2.csv": ("unchanged", Again({}, {"hours.unparsable": 1}, {}, 0, 1)),
        "made_up_2022.csv": ("loaded", Again({"hours.range": 1}, {}, {}, 1, 0)),
    }
    assert told.report.exit_code == PARTLY
    with opened(blind) as warehouse:
        after = {line["file"]: line for line in warehouse.deliveries().iter_rows(named=True)}
    assert {name: line["plugin"] for name, line in after.items()} == {
        "made_up_2021.csv": "etl-source-made_up 1.1",
        "made_up_2021_2.csv": "etl-source-made_up 1.0",
        "made_up_2022.csv": "etl-source-made_up 1.1",
        "made_up_2023.csv": "etl-source-made_up 1.0",
    }
    assert all(after[name] == before[name] for name in ("made_up_2021_2.csv", "made_up_2023.csv"))
    target = f"sqlite:///{tmp_path / 'from the start.sqlite'}"
    rebuild(blind, Watch(), target)
    without = NUMBERS | {"plugin"}
    assert content(address(blind), without) == content(target, without)


def test_reading_again_without_a_mended_plugin_changes_not_a_byte(made: Path) -> None:
    write(made / "in" / "made_up_2021.csv", [*map(person, range(10, 20)), person(2, 学时="x")])
    write(made / "in" / "made_up_2022.csv", [person(2, 学时="x")])
    write(made / "in" / "made_up_2024.csv", [])
    settings = configured(made)
    run(settings, Watch())
    file = made / "w.sqlite"
    before = file.read_bytes()
    told = replay(settings, Watch())
    assert {one.file: one.result for one in told.report.outcomes} == {
        "made_up_2021.csv": "unchanged",
        "made_up_2022.csv": "unchanged",
        "made_up_2024.csv": "failed",
    }
    assert file.read_bytes() == before


def test_reading_again_can_be_tried_out(blind: Config, made: Path) -> None:
    plugin(made, "1.1")
    before = dump(address(blind), set())
    told = replay(blind, Watch(), dry_run=True)
    assert [one.again.rows_cured for one in told.report.outcomes if one.again] == [1, 0, 1]
    assert dump(address(blind), set()) == before


def test_a_plugin_that_cannot_read_a_loaded_delivery_any_more_changes_nothing(
    blind: Config, made: Path
) -> None:
    plugin(made, "1.1", ('"姓名", "教师姓名"', '"名字"'))
    before = dump(address(blind), set())
    told = replay(blind, Watch())
    assert "loaded" not in {one.result for one in told.report.outcomes}
    after = dump(address(blind), set())
    assert {
        name: after[name]
        for name in after
        if name not in ("delivery", "run", "quarantine", "reason", "skipped_row")
    } == {
        name: before[name]
        for name in before
        if name not in ("delivery", "run", "quarantine", "reason", "skipped_row")
    }
    with opened(blind) as warehouse:
        assert warehouse.deliveries().filter(result="loaded").height == 3


def test_what_came_before_there_was_an_archive_is_named(made: Path) -> None:
    write(made / "in" / "made_up_2021.csv", [*map(person, range(10, 20)), person(2, 学时="x")])
    settings = configured(made)
    run(settings, Watch())
    shutil.rmtree(made / "kept")
    told = replay(settings, Watch())
    assert (told.report.outcomes, told.absent) == ((), ("made_up_2021.csv",))


def test_a_damaged_copy_of_the_archive_stops_nobody(made: Path, tmp_path: Path) -> None:
    for year in (2021, 2022):
        write(made / "in" / f"made_up_{year}.csv", [person(year - 2000)])
    settings = configured(made)
    run(settings, Watch())
    first = min((made / "kept").rglob("*.sealed"))
    first.write_bytes(first.read_bytes()[:-1])
    report = rebuild(settings, Watch(), f"sqlite:///{tmp_path / 'again.sqlite'}")
    assert sorted((one.result, one.error) for one in report.outcomes) == [
        ("failed", "archive.damaged"),
        ("loaded", None),
    ]
    assert report.exit_code == PARTLY


def test_bytes_that_were_revoked_stay_out_under_any_name(made: Path) -> None:
    file = write(made / "in" / "made_up_2021.csv", [person(1)])
    settings = configured(made)
    run(settings, Watch())
    revoke(settings, 1)
    shutil.copy(file, made / "in" / "made_up_2022.csv")
    report = run(settings, Watch())
    assert results(report) == {"made_up_2021.csv": ("revoked", None), "made_up_2022.csv": ("revoked", None)}
    assert report.exit_code == DONE
    with opened(settings) as warehouse:
        assert warehouse.deliveries().is_empty()


def test_what_the_archive_does_not_have_is_loaded_by_the_next_run_once_it_is_restored(made: Path) -> None:
    write(made / "in" / "made_up_2021.csv", [person(1)])
    settings = configured(made)
    run(settings, Watch())
    revoke(settings, 1)
    for file in (made / "kept").rglob("*.sealed"):
        file.unlink()
    assert restore(settings, 1, Watch()) is None
    assert results(run(settings, Watch())) == {"made_up_2021.csv": ("loaded", None)}


def test_nothing_is_made_again_without_the_key(made: Path) -> None:
    write(made / "in" / "made_up_2021.csv", [person(1)])
    settings = configured(made)
    run(settings, Watch())
    settings.key_file.unlink()
    with pytest.raises(KeyFileError):
        rebuild(settings, Watch(), f"sqlite:///{made / 'again.sqlite'}")
    assert not settings.key_file.exists()


def test_lightbeam_issue_92_a_failed_delivery_is_never_taken_for_done(made: Path) -> None:
    """edanalytics/lightbeam#92: a payload that the server refused was noted as sent, and no later run sent it again.

    Whatever failed or was rejected is tried again by every run until it is loaded, without a switch, and is told as failed
    until then.
    """
    write(made / "in" / "made_up_2021.csv", [])
    write(made / "in" / "made_up_2022.csv", [person(1, 学时="8课时")])
    plugin(made, "1.0", BLIND)
    settings = configured(made)
    for _ in range(2):
        report = run(settings, Watch())
        assert results(report) == {
            "made_up_2021.csv": ("failed", "empty"),
            "made_up_2022.csv": ("rejected", "too_many_errors"),
        }
        assert report.exit_code == STOPPED
    plugin(made, "1.1")
    report = run(settings, Watch())
    assert results(report) == {"made_up_2021.csv": ("failed", "empty"), "made_up_2022.csv": ("loaded", None)}
    write(made / "in" / "made_up_2021.csv", [person(2)])
    assert results(run(settings, Watch())) == {
        "made_up_2021.csv": ("loaded", None),
        "made_up_2022.csv": ("unchanged", None),
    }
