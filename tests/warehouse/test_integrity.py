"""What a check of the warehouse finds when somebody has been at it by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from etl_core.errors import WarehouseError
from etl_core.keys import Keys
from etl_core.warehouse import Fault, Warehouse, bulk, dialect, schema, sums
from tests.warehouse.samples import RUN, at, batch, deliver, fault, one


@pytest.fixture
def filled(each_warehouse):
    faults = [fault(3, "hours.range"), fault(3, "date.order"), fault(1, "title.unknown", severity="warning")]
    deliver(each_warehouse, batch(one(1), one(2), faults=faults, skips={4: "blank"}))
    return each_warehouse


def meddled(warehouse, *statements: str) -> None:
    """Changed by hand, without the database's own guard where that would forbid it."""
    engine = warehouse._engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        guard = "pragma foreign_keys = {}" if sqlite else "set session_replication_role = {}"
        driver = connection.connection.driver_connection
        driver.execute(guard.format("off" if sqlite else "replica"))
        for statement in statements:
            driver.execute(statement)
        driver.execute(guard.format("on" if sqlite else "origin"))
        driver.commit()


def test_a_warehouse_that_nobody_touched_has_no_fault(filled):
    assert filled.faults() == []
    assert filled.sizes()["record"] == 2
    assert filled.revision() == schema.HEAD


@pytest.mark.parametrize(
    ("statement", "kind", "where"),
    [
        ("delete from record where record_id = 1", "unbalanced", "delivery 1: records"),
        ("update delivery set rows_read = 9", "unbalanced", "delivery 1"),
        ("delete from skipped_row", "unbalanced", "delivery 1: rows_skipped"),
        ("delete from person", "orphan", "record.person_key"),
        ("update record set delivery_id = 7", "orphan", "record.delivery_id"),
        ("delete from quarantine", "orphan", "reason.quarantine_id"),
        ("update record set training_year = 1999", "changed", "delivery 1: record"),
        ("update record set title = 'x' where record_id = 2", "changed", "delivery 1: record"),
        ("update record set record_key = event_key where record_id = 1", "changed", "delivery 1: record"),
        ("delete from warning", "unbalanced", "delivery 1: warnings"),
        ("delete from reason where position = 1", "unbalanced", "delivery 1: reasons"),
    ],
)
def test_what_was_changed_by_hand_is_found_where_it_is(filled, statement, kind, where):
    meddled(filled, statement)
    assert (kind, where) in [(each.kind, each.where) for each in filled.faults()]


def again(number: int, row: int, **fields: str) -> dict[str, Any]:
    """The record of another row once more."""
    return one(row, id_number=one(number)["id_number"], **fields)


def test_what_repeats_contradicts_and_is_settled_later_is_no_change(each_warehouse):
    first = batch(*map(one, range(1, 30)), again(3, 40), again(4, 41, title="senior"))
    load, counts = deliver(each_warehouse, first, batch(again(5, 42), one(60)), semantics="snapshot")
    assert (counts.loaded, counts.skipped, counts.quarantined) == (30, 2, 1)
    later = batch(one(1), one(2, title="senior"))
    deliver(each_warehouse, later, name="b.xlsx", place=at(2), semantics="snapshot")
    assert set(each_warehouse.records(load.delivery_id)["state"]) == {"superseded", "withdrawn"}
    assert each_warehouse.faults() == []
    meddled(each_warehouse, "update record set person_name = 'x' where record_id = 29")
    assert [each.where for each in each_warehouse.faults()] == ["delivery 1: record"]


def test_the_sum_of_a_large_delivery_is_the_same_however_it_was_brought_in(each_warehouse, monkeypatch):
    monkeypatch.setattr(bulk, "FEW", 10)
    monkeypatch.setattr(sums, "MANY", 7)
    dated = {
        "start_date": None,
        "end_date": None,
        "credits": Decimal("1.50"),
        "score": None,
        "own_side": True,
    }
    deliver(
        each_warehouse,
        batch(*(one(number, **dated) for number in range(1, 60))),
        batch(again(3, 70, **dated)),
    )
    assert each_warehouse.faults() == []


def test_what_leaves_and_comes_again_is_no_change(each_warehouse):
    deliver(each_warehouse, batch(one(1), one(2)))
    with each_warehouse.revoking(1, RUN):
        pass
    deliver(each_warehouse, batch(one(1), one(2)))
    assert each_warehouse.faults() == []


def test_a_delivery_from_before_there_were_sums_is_counted_and_no_fault(filled):
    meddled(filled, "update delivery set sums = null", "update record set title = 'x'")
    assert (filled.faults(), filled.unsummed()) == ([], 1)


def test_a_damaged_file_is_found(tmp_path):
    path = tmp_path / "w.sqlite"
    keys = Keys.random()
    with Warehouse.open(str(path), keys) as warehouse:
        deliver(warehouse, batch(*(one(number) for number in range(1, 200))))
    content = bytearray(path.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    for spot in range(page * (len(content) // page - 3), len(content), 7):
        content[spot] ^= 0xFF
    path.write_bytes(content)
    with Warehouse.open(str(path), None) as warehouse:
        try:
            found = warehouse.faults()
        except WarehouseError:
            return  # so damaged that it cannot be read at all
    assert [each.kind for each in found if each.kind == "damaged"]


def test_a_fault_has_a_kind_a_place_and_a_number():
    assert Fault("orphan", "reason.quarantine_id", 2).count == 2


def test_the_schema_of_a_warehouse_is_told_without_changing_it(warehouse_url):
    dialect.connectable(dialect.address(warehouse_url), create=True).dispose()
    assert Warehouse.revision_of(warehouse_url) is None
    assert Warehouse.revision_of(warehouse_url) is None
    Warehouse.open(warehouse_url, Keys.random()).close()
    assert Warehouse.revision_of(warehouse_url) == schema.HEAD
