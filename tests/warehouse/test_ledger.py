"""The run ledger: effective order, what is known, what failed, and nights without news."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import WarehouseError
from etl_core.keys import Keys
from etl_core.records import Arrival, Place
from etl_core.warehouse import Run, Warehouse
from etl_core.warehouse.ledger import sort_key
from tests.warehouse.samples import RUN, arrival, at, batch, deliver, fault, one

PLACES = st.tuples(
    st.lists(st.integers(-(10**9), 10**9), max_size=3).map(tuple),
    st.integers(-(10**6), 2 * 10**9).map(lambda eighths: eighths / 8),
    st.sampled_from(["0a", "0b", "ff"]),
)


def key_of(order, modified, fingerprint):
    return sort_key(Place("", order), Arrival("", Path("x"), fingerprint, 0, modified))


@given(PLACES, PLACES)
def test_sort_keys_compare_like_order_then_time_then_fingerprint(left, right):
    assert (key_of(*left) < key_of(*right)) is (left < right)


def test_deliveries_are_told_in_their_effective_order(each_warehouse):
    for name, order in (("c", (2, 1)), ("a", (-5,)), ("d", (10,)), ("b", (2,))):
        deliver(each_warehouse, batch(one(1)), name=name, place=at(*order))
    assert each_warehouse.deliveries("sample")["file"].to_list() == ["a", "b", "c", "d"]


def test_loaded_bytes_are_known_with_everything_about_them(each_warehouse):
    place = Place("2023春-2", (2023, 2), "2023春", "潼南", date(2023, 7, 1))
    load, _ = deliver(each_warehouse, batch(one(1)), place=place, plugin="sample 1.0")
    line = each_warehouse.known(arrival().fingerprint)
    assert line["delivery_id"] == load.delivery_id
    told = [line[name] for name in ("label", "slot", "reporter", "dated", "plugin", "size", "run_id")]
    assert told == ["2023春-2", "2023春", "潼南", date(2023, 7, 1), "sample 1.0", 100, "run-1"]
    assert line["loaded_at"].utcoffset().total_seconds() == 0
    assert each_warehouse.known(arrival().fingerprint, "other") is None
    assert each_warehouse.known(arrival("b").fingerprint) is None
    assert each_warehouse.loaded() == {arrival().fingerprint}


def test_the_same_bytes_are_never_loaded_twice(each_warehouse):
    deliver(each_warehouse, batch(one(1)))
    with pytest.raises(WarehouseError, match="already"):
        deliver(each_warehouse, batch(one(1)))


def test_rejected_and_failed_deliveries_are_not_known(each_warehouse):
    deliver(each_warehouse, batch(one(1), faults=[fault(2, "hours.range")]), limit=0.0)
    each_warehouse.failed(arrival("b"), "sample", "encrypted", {}, RUN)
    assert each_warehouse.known(arrival().fingerprint) is None
    assert each_warehouse.known(arrival("b").fingerprint) is None
    assert each_warehouse.loaded() == frozenset()


def test_a_failure_is_noted_with_its_detail(each_warehouse):
    detail = {"header": "学时", "row": 3}
    each_warehouse.failed(
        arrival(), "sample", "schema.missing_column", detail, RUN, place=at(4, slot="2023春")
    )
    line = each_warehouse.deliveries().row(0, named=True)
    assert (line["result"], line["error"], line["slot"]) == ("failed", "schema.missing_column", "2023春")
    assert json.loads(line["detail"]) == detail
    assert line["rows_read"] == 0


def test_the_last_failure_of_the_same_bytes_is_the_one_that_stays(each_warehouse):
    for error in ("not_settled", "unreadable"):
        each_warehouse.failed(arrival(), "sample", error, {}, RUN)
    assert each_warehouse.deliveries()["error"].to_list() == ["unreadable"]


def test_a_failure_of_unknown_source_gives_way_when_a_plugin_learns_to_read_it(each_warehouse):
    each_warehouse.failed(arrival(), None, "unrecognised", {}, RUN)
    deliver(each_warehouse, batch(one(1)))
    assert each_warehouse.deliveries().select("source", "result").rows() == [("sample", "loaded")]


def test_a_failure_in_the_place_of_a_rejection_takes_its_rows_along(each_warehouse):
    deliver(each_warehouse, batch(one(1), faults=[fault(2, "hours.range")]), limit=0.0)
    each_warehouse.failed(arrival(), "sample", "timeout", {}, RUN)
    assert each_warehouse.deliveries()["result"].to_list() == ["failed"]
    assert each_warehouse.quarantined("sample").is_empty()


def test_a_run_that_changed_something_is_in_the_ledger_with_its_end(each_warehouse):
    deliver(each_warehouse, batch(one(1)))
    each_warehouse.finished("run-1", 1)
    with each_warehouse._ask() as connection:
        (line,) = connection.exec_driver_sql("select run_id, exit_code, software from run").all()
    assert tuple(line) == ("run-1", 1, "0.1.0")


def test_a_night_without_news_does_not_touch_a_byte(tmp_path):
    file, keys = tmp_path / "w.sqlite", Keys.random()
    with Warehouse.open(str(file), keys) as warehouse:
        deliver(warehouse, batch(one(1)))
        warehouse.failed(arrival("b"), "sample", "encrypted", {"sheet": "甲"}, RUN)
        warehouse.finished("run-1", 0)
    before = file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).digest()
    with Warehouse.open(str(file), keys) as warehouse:
        assert warehouse.known(arrival().fingerprint)
        again = Run("run-2", RUN.started_at, "0.1.0")
        warehouse.failed(arrival("b"), "sample", "encrypted", {"sheet": "甲"}, again)
        warehouse.finished("run-2", 0)
        warehouse.measures()
        warehouse.deliveries()
    assert (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).digest()) == before
