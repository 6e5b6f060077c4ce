"""The figures of rulings 69 and 76."""

from __future__ import annotations

from decimal import Decimal

from tests.warehouse.samples import at, batch, deliver, one

CREDITS = {"credits": 2, "credits_basis": "stated", "credit_kind": "public"}


def figures(warehouse, *names, source="sample"):
    told = warehouse.measures(source)
    return [told[name] for name in names]


def test_an_empty_warehouse_counts_nothing(each_warehouse):
    told = each_warehouse.measures()
    assert set(told.values()) == {"0"}
    assert "semantics" not in told


def test_only_recognised_passed_trainees_count_towards_hours(each_warehouse):
    rows = [
        one(1, hours=8, **CREDITS), one(2, role="trainer", **CREDITS), one(3, result="failed"),
        one(4, status="pending"), one(5, status="withdrawn"), one(6, id_number=None, hours=Decimal("0.50")),
    ]  # fmt: skip
    deliver(each_warehouse, batch(*rows))
    assert each_warehouse.measures("sample") == {
        "semantics": "append",
        "current_records": "5",
        "withdrawn_records": "1",
        "persons_with_id": "4",
        "hours_recognised_passed_trainee": "8.5",
        "hours_recognised_passed_trainee_events_once": "8.5",
        "credits_recognised_passed_trainee": "2",
        "credits_all_current": "4",
        "current_recognised": "4",
        "current_pending": "1",
        "events_once_recognised_passed_trainee": "2",
    }


def test_of_two_reports_of_an_event_the_own_side_counts(each_warehouse):
    key = ("reporter", "person", "project_name", "start_date")
    theirs = batch(one(1, hours=2, own_side=False), one(2, hours=5, own_side=True))
    ours = batch(one(1, hours=4, own_side=True), one(3, hours=1, own_side=False))
    deliver(each_warehouse, theirs, name="a", place=at(1, reporter="遂宁"), key=key, variant=())
    deliver(each_warehouse, ours, name="b", place=at(1, reporter="潼南"), key=key, variant=())
    assert figures(
        each_warehouse,
        "current_records",
        "hours_recognised_passed_trainee",
        "hours_recognised_passed_trainee_events_once",
        "events_once_recognised_passed_trainee",
    ) == ["4", "12", "10", "3"]


def test_one_event_in_two_sources_counts_once_in_all_and_once_in_each(each_warehouse):
    for source in ("one", "two"):
        deliver(each_warehouse, batch(one(1)), source=source)
    once = "events_once_recognised_passed_trainee"
    assert [figures(each_warehouse, once, source=source) for source in ("one", "two", None)] == [["1"]] * 3
    assert figures(each_warehouse, "current_records", "persons_with_id", source=None) == ["2", "1"]


def test_a_snapshot_also_says_what_stands_while_refused_rows_hold_places(each_warehouse):
    deliver(each_warehouse, batch(one(1)), semantics="snapshot")
    assert figures(each_warehouse, "current_records_if_quarantined_row_holds_place") == ["1"]
