"""A ledger: entries that cancel or correct others (ruling 74), whatever comes first."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core.warehouse import Warehouse
from tests.warehouse.samples import at, batch, deliver, one

KEY = ("agency_record_id",)
SOURCES = count()


@dataclass(frozen=True)
class Entry:
    """A record in small: its number, what it is about and how, its credits."""

    number: int
    credits: int = 5
    entry: str | None = None
    original: int | None = None

    def row(self, line: int) -> dict[str, object]:
        about = None if self.original is None else f"R{self.original}"
        given = {"entry": self.entry, "original": about, "credits": Decimal(self.credits), "hours": None}
        return one(line, agency_record_id=f"R{self.number}", **given)


def load(warehouse, source, turn, entries):
    rows = [entry.row(line) for line, entry in enumerate(entries, 1)]
    options = {"name": f"{source}-{turn}.xml", "place": at(turn), "source": source}
    return deliver(warehouse, batch(*rows), semantics="ledger", key=KEY, variant=(), **options)[0]


def stored(warehouse, source):
    """(turn, number) → state and what is left of the credits."""
    lines = warehouse.deliveries(source).iter_rows(named=True)
    turns = {line["delivery_id"]: int(line["label"]) for line in lines}
    return {
        (turn, each["agency_record_id"]): (each["state"], each["net_x100"])
        for number, turn in turns.items()
        for each in warehouse.records(number).iter_rows(named=True)
    }


def model(sent):
    """The end state in plain Python."""
    latest = {}
    for turn, entries in sorted(sent.items()):
        latest.update({entry.number: (turn, entry) for entry in entries})
    standing = [entry for _, entry in latest.values()]
    states = {}
    for turn, entries in sent.items():
        for entry in entries:
            about = [other for other in standing if other.original == entry.number]
            taken = [other.credits for other in about if other.entry == "cancellation"]
            left = entry.credits + sum(taken) if taken else None
            if latest[entry.number][0] != turn:
                found = ("superseded", None)
            elif entry.entry == "cancellation":
                found = ("cancelling", None)
            elif any(other.entry == "correction" for other in about) or (left is not None and left <= 0):
                found = ("withdrawn", None if left is None else left * 100)
            else:
                found = ("current", None if left is None else left * 100)
            states[turn, f"R{entry.number}"] = found
    return states


PLAIN = st.builds(Entry, st.integers(1, 5), st.integers(1, 6))
CANCELLATION = st.builds(
    Entry, st.integers(1, 9), st.integers(-6, -1), st.just("cancellation"), st.integers(1, 6)
)
CORRECTION = st.builds(Entry, st.integers(1, 9), st.integers(1, 6), st.just("correction"), st.integers(1, 6))
DELIVERY = st.lists(
    st.one_of(PLAIN, CANCELLATION, CORRECTION), max_size=6, unique_by=lambda entry: entry.number
)


@pytest.fixture(scope="module")
def common():
    """One warehouse for all examples: each has a source of its own."""
    with Warehouse.memory() as opened:
        yield opened


@given(st.lists(DELIVERY, min_size=1, max_size=4), st.randoms())
@settings(deadline=None)
def test_the_end_state_is_that_of_the_entries_alone_in_whatever_order_they_come(common, deliveries, random):
    source = f"ledger{next(SOURCES)}"
    sent = dict(enumerate(deliveries, 1))
    turns = list(sent)
    random.shuffle(turns)
    for turn in turns:
        load(common, source, turn, sent[turn])
    assert stored(common, source) == model(sent)


def test_a_record_half_cancelled_stands_with_what_is_left(each_warehouse):
    load(each_warehouse, "s", 2, [Entry(2, -2, "cancellation", 1)])
    load(each_warehouse, "s", 1, [Entry(1, 5)])
    measures = each_warehouse.measures("s")
    assert measures["current_records"] == "1"
    assert measures["credits_all_current"] == "3"


def test_a_record_wholly_cancelled_is_withdrawn_and_the_entry_is_no_record(each_warehouse):
    plan = load(each_warehouse, "s", 1, [Entry(1, 5), Entry(3, 5)]).plan
    assert (plan.inserted, plan.withdrawn) == (2, 0)
    plan = load(each_warehouse, "s", 2, [Entry(2, -5, "cancellation", 1)]).plan
    assert (plan.inserted, plan.updated, plan.withdrawn) == (0, 0, 1)
    assert each_warehouse.measures("s")["withdrawn_records"] == "1"


def test_to_cancel_a_correction_does_not_revive_the_original(each_warehouse):
    load(each_warehouse, "s", 1, [Entry(1, 5)])
    load(each_warehouse, "s", 2, [Entry(2, 6, "correction", 1)])
    load(each_warehouse, "s", 3, [Entry(3, -6, "cancellation", 2)])
    assert each_warehouse.measures("s")["current_records"] == "0"


def test_analysts_see_the_credits_that_are_left(each_warehouse):
    load(each_warehouse, "s", 1, [Entry(1, 5), Entry(2, -2, "cancellation", 1)])
    with each_warehouse._ask() as connection:
        found = connection.exec_driver_sql("select credits from training_record").scalars().all()
    assert [float(one) for one in found] == [3.0]
