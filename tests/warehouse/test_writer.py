"""Batches that a thread writes: the same rows, the same errors, and nothing goes on when the transaction has ended."""

from __future__ import annotations

import threading

import pytest

from etl_core.keys import Keys
from etl_core.warehouse import Warehouse, bulk, load
from etl_core.warehouse.writer import AHEAD, writing
from tests.warehouse.samples import batch, deliver, delivering, fault, one


@pytest.fixture(autouse=True)
def threaded(monkeypatch):
    """Every batch is worth a thread."""
    monkeypatch.setattr(load, "MANY", 0)


def test_what_is_told_is_written_in_order_and_waited_for():
    written: list[int] = []
    with writing() as writer:
        for number in range(20):
            writer.later(lambda number=number: written.append(number))
        writer.rest()
        assert written == list(range(20))


def test_only_a_few_writes_wait_for_their_turn():
    gate, started = threading.Event(), []
    with writing() as writer:
        for number in range(AHEAD + 1):
            writer.later(lambda number=number: (started.append(number), gate.wait(10)))
        blocked = threading.Thread(target=writer.later, args=(lambda: None,))
        blocked.start()
        blocked.join(0.1)
        assert blocked.is_alive()
        assert len(started) <= 1
        gate.set()
        blocked.join(10)
        assert not blocked.is_alive()


def test_an_error_of_a_write_is_raised_and_nothing_is_written_afterwards():
    written: list[int] = []

    def fail() -> None:
        raise KeyError("first")

    with pytest.raises(KeyError, match="first"), writing() as writer:
        writer.later(fail)
        writer.rest()
        writer.later(lambda: written.append(1))
    assert written == []


def test_a_threaded_load_balances_like_any_other(each_warehouse):
    batches = [
        batch(one(n), faults=[fault(n + 100, "hours.unparsable", "学时")], skips={n + 200: "total"})
        for n in range(1, 30)
    ]
    loaded, counts = deliver(each_warehouse, *batches)
    assert (counts.loaded, counts.quarantined, counts.skipped) == (29, 29, 29)
    assert each_warehouse.outcomes(loaded.delivery_id).height == 87


def test_a_write_that_fails_in_its_thread_takes_the_delivery_back(each_warehouse, monkeypatch):
    insert = bulk.insert

    def failing(connection, table, rows):
        if table.name == "skipped_row" and not rows.is_empty():
            raise OSError(28, "No space left on device")
        insert(connection, table, rows)

    monkeypatch.setattr(bulk, "insert", failing)
    with pytest.raises(OSError, match="No space"):
        deliver(
            each_warehouse, batch(one(1)), batch(one(2), skips={9: "total"}), batch(one(3)), batch(one(4))
        )
    monkeypatch.setattr(bulk, "insert", insert)
    assert each_warehouse.measures()["current_records"] == "0"
    deliver(each_warehouse, batch(one(1)))
    assert each_warehouse.measures()["current_records"] == "1"


def test_a_load_that_is_left_in_the_middle_writes_no_more(sqlite_url):
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        with pytest.raises(KeyError), delivering(warehouse) as left:
            for number in range(1, 10):
                left.add(batch(one(number)))
            raise KeyError
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("writer")]
        assert warehouse.measures()["current_records"] == "0"
