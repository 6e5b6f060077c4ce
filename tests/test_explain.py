"""From a value of the warehouse back to its cell and its rule."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from etl_core.again import Told, explain
from etl_core.config import Config
from etl_core.errors import WarehouseError
from etl_core.explain import EXPLAINED
from etl_core.pipeline import run
from tests.fakes import number, person, write
from tests.test_again import configured, loaded, made, opened, plugin, settings
from tests.test_deliveries import Home
from tests.test_pipeline import Watch

__all__ = ["loaded", "made"]


def line(told: Told, field: str) -> dict[str, object]:
    (found,) = told.lines.filter(field=field).iter_rows(named=True)
    return found


@pytest.fixture
def one(made: Path) -> Config:
    write(made / "in" / "made_up_2023.csv", [person(1, 学时="6课时"), person(2)])
    of = configured(made)
    run(of, Watch())
    return of


def test_a_value_goes_back_to_its_cell_its_rule_and_the_ruling(one: Config) -> None:
    told = explain(one, 1)
    assert told.record["file"] == "made_up_2023.csv"
    assert (told.record["row"], told.plugin) == (2, "etl-source-made_up 1.0")
    hours = line(told, "hours")
    assert (hours["stored"], hours["value"], hours["cell"], hours["header"]) == (
        "6.00",
        "6.00",
        "6课时",
        "学时",
    )
    assert hours["rule"] == "part('hours', 'hours')"
    assert str(hours["at"]).startswith("fake_made_up:")
    assert (hours["raw_checks"], hours["checks"]) == (
        "required.hours, hours.unparsable, hours.range",
        "hours.range",
    )
    assert "ruling 46" in str(hours["rulings"])
    assert str(hours["reading"]).startswith("column('学时', reads=reading.hours")


def test_a_value_without_a_cell_has_its_rule(one: Config) -> None:
    told = explain(one, 1)
    level, mode = line(told, "level"), line(told, "mode")
    assert (level["value"], level["rule"], level["cell"]) == ("40", "pl.lit(40)", None)
    assert (mode["value"], mode["rulings"]) == ("2", "ruling 50")


def test_what_follows_from_another_field_goes_back_to_that_ones_cell(one: Config) -> None:
    year = line(explain(one, 2), "training_year")
    assert (year["cell"], year["rulings"]) == ("2023-05-06", "ruling 37; ruling 43")


def test_a_plugin_that_reads_otherwise_today_is_seen(one: Config, made: Path) -> None:
    plugin(made, "1.1", ('"level": pl.lit(40)', '"level": pl.lit(30)'))
    told = explain(one, 1)
    assert (told.record["plugin"], told.plugin) == ("etl-source-made_up 1.0", "etl-source-made_up 1.1")
    assert (line(told, "level")["stored"], line(told, "level")["value"]) == ("40", "30")


def test_of_a_row_with_several_records_it_is_the_right_one(loaded: Home) -> None:
    with loaded.warehouse() as warehouse:
        (first,) = warehouse.deliveries("cq_beibei")["delivery_id"].head(1)
        records = warehouse.records(first)
        row = records.group_by("row").len().filter(len=2)["row"].min()
        both = records.filter(row=row).select("record_id", "hours", "mode_detail").rows()
    for record, hours, mode in both:
        told = explain(settings(loaded), record)
        assert (line(told, "hours")["value"], line(told, "mode_detail")["value"]) == (str(hours), mode)
        assert set(EXPLAINED) <= set(told.lines.columns)


def test_what_is_not_there_cannot_be_explained(one: Config, made: Path) -> None:
    with pytest.raises(WarehouseError, match="no record 99"):
        explain(one, 99)
    shutil.rmtree(made / "kept")
    with pytest.raises(WarehouseError, match="no cells to go back to"):
        explain(one, 1)


def test_explaining_disturbs_no_run_and_writes_nothing(one: Config) -> None:
    file = one.warehouse.path
    assert file is not None
    before = file.read_bytes()
    with opened(one) as warehouse, warehouse.lock():
        assert line(explain(one, 1), "id_number")["cell"] == number(1)
    assert file.read_bytes() == before
