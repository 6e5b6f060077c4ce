"""What a check of the warehouse finds when somebody has been at it by hand."""

from __future__ import annotations

import pytest

from etl_core.errors import WarehouseError
from etl_core.keys import Keys
from etl_core.warehouse import Fault, Warehouse, dialect, schema
from tests.warehouse.samples import batch, deliver, fault, one


@pytest.fixture
def filled(each_warehouse):
    deliver(each_warehouse, batch(one(1), one(2), faults=[fault(3, "hours.range")], skips={4: "blank"}))
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
    ],
)
def test_what_was_changed_by_hand_is_found_where_it_is(filled, statement, kind, where):
    meddled(filled, statement)
    assert (kind, where) in [(each.kind, each.where) for each in filled.faults()]


def test_a_damaged_file_is_found(tmp_path):
    path = tmp_path / "w.sqlite"
    keys = Keys.random()
    with Warehouse.open(str(path), keys) as warehouse:
        deliver(warehouse, batch(*(one(number) for number in range(1, 200))))
    content = bytearray(path.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    for at in range(page * (len(content) // page - 3), len(content), 7):
        content[at] ^= 0xFF
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
