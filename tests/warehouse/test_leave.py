"""A delivery that leaves: the warehouse is as if it had never come, whatever came before and after it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core.errors import WarehouseError
from etl_core.warehouse import Warehouse
from tests.warehouse.samples import RUN, arrival, at, batch, deliver, fault, one, standing
from tests.warehouse.test_settle import DELIVERY, SENT, Sent, load, model, refused, stored, waiting

NUMBERS = count()


@pytest.fixture(scope="module")
def common():
    """One warehouse for all examples: each has a source of its own, and sources do not touch each other."""
    with Warehouse.memory() as opened:
        yield opened


def revoke(warehouse, source, turn):
    """Take the delivery of that turn out again."""
    (number,) = warehouse.deliveries(source).filter(label=str(turn))["delivery_id"]
    with warehouse.revoking(number, RUN) as left:
        return left


@pytest.mark.parametrize("semantics", ["append", "snapshot"])
@settings(max_examples=30)
@given(drawn=st.lists(DELIVERY, min_size=1, max_size=4), data=st.data())
def test_what_is_left_is_what_the_others_give(common, semantics, drawn, data):
    sent = [
        Sent(turn, loaded, refused - loaded.keys(), *rest)
        for turn, (loaded, refused, *rest) in enumerate(drawn, 1)
    ]
    source = f"source {next(NUMBERS)}"
    for each in data.draw(st.permutations(sent)):
        load(common, each, semantics, source)
    gone = [each for each in sent if data.draw(st.booleans())]
    for each in gone:
        revoke(common, source, each.turn)
    rest = [each for each in sent if each not in gone]
    assert stored(common, source) == model(rest, semantics)
    assert refused(common, source) == waiting(rest, semantics)


@pytest.mark.parametrize("semantics", ["append", "snapshot"])
@pytest.mark.parametrize("gone", SENT, ids=lambda sent: str(sent.turn))
def test_each_kind_of_database_gives_what_the_others_give(each_warehouse, semantics, gone):
    for each in SENT:
        load(each_warehouse, each, semantics, "sample")
    revoke(each_warehouse, "sample", gone.turn)
    rest = [each for each in SENT if each is not gone]
    assert stored(each_warehouse, "sample") == model(rest, semantics)
    assert refused(each_warehouse, "sample") == waiting(rest, semantics)


def test_it_is_told_what_goes_and_what_stands_again(each_warehouse):
    deliver(each_warehouse, batch(one(1, hours=1), one(2)), place=at(1))
    deliver(each_warehouse, batch(one(1, hours=2), one(3), one(4)), name="b", place=at(2))
    left = revoke(each_warehouse, "sample", 2)
    assert (left.gone, left.revived) == (3, 1)
    assert standing(each_warehouse, "row", "hours") == [(1, 1), (2, 8)]


LEDGER = {"semantics": "ledger", "key": ("agency_record_id",), "variant": ()}


def entry(number, amount, **fields):
    return one(
        1, agency_record_id=number, credits=amount, credits_basis="stated", credit_kind="public", **fields
    )


@pytest.mark.parametrize("kind", ["cancellation", "correction"])
def test_an_entry_that_leaves_gives_back_what_it_took(each_warehouse, kind):
    deliver(each_warehouse, batch(entry("A", 5)), place=at(1), **LEDGER)
    amount = -5 if kind == "cancellation" else 6
    deliver(
        each_warehouse, batch(entry("B", amount, entry=kind, original="A")), name="b", place=at(2), **LEDGER
    )
    assert [state for number, state in told(each_warehouse) if number == "A"] == ["withdrawn"]
    revoke(each_warehouse, "sample", 2)
    assert told(each_warehouse) == [("A", "current")]
    assert each_warehouse.records(1)["net_x100"].to_list() == [None]


def told(warehouse):
    return [
        line
        for number in warehouse.deliveries()["delivery_id"]
        for line in warehouse.records(number).select("agency_record_id", "state").rows()
    ]


def rows(warehouse, table):
    with warehouse._engine.connect() as connection:
        return connection.exec_driver_sql(f"select * from {table}").mappings().all()


def test_persons_and_organisations_whom_nobody_else_mentions_are_gone(each_warehouse):
    passport = {"id_type": "passport", "id_number": "E12345678"}
    deliver(
        each_warehouse,
        batch(
            one(1, employer_name="甲校", employer_division="500109"),
            one(2, employer_name="乙校", provider_name="丙院"),
            one(3, **passport, sex=1),
        ),
        place=at(1),
    )
    before = [
        rows(each_warehouse, "person"),
        {(one["name"], one["code"], one["division"]) for one in rows(each_warehouse, "organisation")},
    ]
    deliver(
        each_warehouse,
        batch(
            one(1, employer_name="甲校", employer_division="500101"),
            one(4, employer_name="丁校", provider_name="丙院"),
            one(5, **(passport | {"id_type": "hk_macao_permit"}), sex=2, project_name="另一项"),
            one(6, employer_name="乙校", provider_name="戊院", employer_code="1234567890"),
        ),
        name="b",
        place=at(2),
    )
    assert len(rows(each_warehouse, "person")) == len(before[0]) + 2
    revoke(each_warehouse, "sample", 2)
    found = {(one["name"], one["code"], one["division"]) for one in rows(each_warehouse, "organisation")}
    assert [sorted(map(repr, rows(each_warehouse, "person"))), found] == [
        sorted(map(repr, before[0])),
        before[1],
    ]


def test_what_was_known_is_kept_with_the_moment_it_left(each_warehouse):
    bad = batch(one(1), faults=[fault(3, "hours.range")], keys=[one(3)])
    deliver(each_warehouse, bad, place=at(1))
    revoke(each_warehouse, "sample", 1)
    assert each_warehouse.deliveries().is_empty()
    (line,) = rows(each_warehouse, "former_delivery")
    assert (line["way"], line["records"], line["restored_at"]) == ("revoked", 1, None)
    assert str(line["left_at"]) >= str(line["loaded_at"])
    assert [each["row"] for each in rows(each_warehouse, "former_record")] == [1]
    assert len(rows(each_warehouse, "former_refused")) == 1
    assert each_warehouse.decided().revoked == {arrival("a.xlsx").fingerprint}
    for table in ("record", "quarantine", "reason", "skipped_row", "warning", "person", "organisation"):
        assert rows(each_warehouse, table) == [], table


def test_numbers_of_what_left_are_not_given_again(each_warehouse):
    deliver(each_warehouse, batch(one(1)), place=at(1))
    revoke(each_warehouse, "sample", 1)
    load, _ = deliver(each_warehouse, batch(one(1)), name="b", place=at(2))
    assert load.delivery_id == 2
    assert each_warehouse.records(2)["record_id"].to_list() == [2]


def test_bytes_that_are_brought_again_on_purpose_are_revoked_no_more(each_warehouse):
    deliver(each_warehouse, batch(one(1)), place=at(1))
    revoke(each_warehouse, "sample", 1)
    deliver(each_warehouse, batch(one(1)), place=at(1))
    assert each_warehouse.decided().revoked == frozenset()
    assert standing(each_warehouse, "row") == [1]


def test_what_is_only_tried_out_is_taken_back(each_warehouse):
    deliver(each_warehouse, batch(one(1)), place=at(1))
    with each_warehouse.revoking(1, replace(RUN, run_id="another"), dry_run=True) as left:
        assert left.gone == 1
    assert standing(each_warehouse, "row") == [1]
    assert len(rows(each_warehouse, "run")) == 1


def test_a_rejected_and_a_failed_delivery_leave_too(each_warehouse):
    bad = batch(one(1), faults=[fault(3, "hours.range")])
    deliver(each_warehouse, bad, place=at(1), limit=0.1)
    each_warehouse.failed(arrival("b"), "sample", "empty", {}, RUN)
    for number in (1, 2):
        with each_warehouse.revoking(number, RUN):
            pass
    assert each_warehouse.deliveries().is_empty()
    assert len(each_warehouse.decided().revoked) == 2


def test_what_is_not_there_cannot_leave(warehouse):
    with pytest.raises(WarehouseError, match="no delivery 7"), warehouse.revoking(7, RUN):
        raise AssertionError("revoked nothing")


def test_a_fault_while_it_leaves_leaves_everything(each_warehouse, monkeypatch):
    from etl_core.warehouse import books

    deliver(each_warehouse, batch(one(1)), place=at(1))

    def broken(*_):
        raise sa.exc.OperationalError("", {}, Exception())

    monkeypatch.setattr(books, "forget_mentioned", broken)
    with pytest.raises(WarehouseError), each_warehouse.revoking(1, RUN):
        raise AssertionError("revoked nothing")
    assert standing(each_warehouse, "row") == [1]


def again(warehouse, prepared, number=1, limit=1.0, name="a.xlsx", place=None):
    load, _ = deliver(warehouse, prepared, name=name, place=place or at(1), limit=limit, replaces=number)
    return load.reread


def faulty(*numbers, good=()):
    faults = [fault(number, "hours.range", "学时") for number in numbers]
    return batch(*map(one, good), faults=faults, keys=[one(number) for number in numbers] or None)


def test_a_delivery_that_is_read_again_replaces_itself(each_warehouse):
    deliver(each_warehouse, faulty(2, 3, good=[1]), place=at(1))
    deliver(each_warehouse, batch(one(2, hours=9)), name="b", place=at(2))
    told = again(each_warehouse, faulty(3, good=[1, 2]))
    assert (told.kept, told.again.cured, told.again.stay, told.again.new) == (
        False,
        {"hours.range": 1},
        {"hours.range": 1},
        {},
    )
    assert standing(each_warehouse, "row", "hours") == [(1, 8), (2, 9)]
    assert each_warehouse.reasons()["row"].to_list() == [3]
    (line,) = rows(each_warehouse, "former_delivery")
    assert (line["delivery_id"], line["way"]) == (1, "replaced")
    assert each_warehouse.decided().revoked == frozenset()


def test_what_says_the_same_again_is_not_touched(each_warehouse):
    deliver(each_warehouse, faulty(2, good=[1]), place=at(1))
    told = again(each_warehouse, faulty(2, good=[1]))
    assert (told.same, told.kept) == (True, True)
    assert each_warehouse.deliveries()["delivery_id"].to_list() == [1]
    assert rows(each_warehouse, "former_delivery") == []


def test_a_value_that_is_read_otherwise_is_a_change(each_warehouse):
    deliver(each_warehouse, batch(one(1, hours=1)), place=at(1))
    assert not again(each_warehouse, batch(one(1, hours=2))).kept
    assert standing(each_warehouse, "hours") == [2]


def test_a_loaded_delivery_that_would_be_rejected_now_stays(each_warehouse):
    deliver(each_warehouse, faulty(2, good=[1]), place=at(1))
    told = again(each_warehouse, faulty(1, 2, good=[3]), limit=0.1)
    assert (told.same, told.kept) == (False, True)
    assert standing(each_warehouse, "row") == [1]


def test_a_rejected_delivery_that_is_read_again_is_loaded(each_warehouse):
    deliver(each_warehouse, faulty(2, good=[1]), place=at(1), limit=0.1)
    assert again(each_warehouse, faulty(2, good=[1]), limit=0.1).kept
    told = again(each_warehouse, faulty(good=[1, 2]))
    assert (told.kept, told.again.cured) == (False, {"hours.range": 1})
    assert standing(each_warehouse, "row") == [1, 2]


def test_a_row_that_stays_is_told_by_the_reasons_that_it_has_now(each_warehouse):
    both = [fault(2, "hours.range", "学时"), fault(2, "code.unknown.result", "结果")]
    deliver(each_warehouse, batch(one(1), faults=both, keys=[one(2)]), place=at(1))
    told = again(each_warehouse, faulty(2, good=[1]))
    assert (told.again.cured, told.again.stay, told.again.new) == ({}, {"hours.range": 1}, {})
    assert told.again.rows_stay == 1
