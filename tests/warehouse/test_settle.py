"""Which version of a record stands and which refused rows wait, whatever the order in which deliveries arrive."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core.errors import WarehouseError
from etl_core.warehouse import Plan, Warehouse
from tests.warehouse.samples import RUN, arrival, at, batch, deliver, fault, one, standing

MODES = ("face_to_face", "online")
NUMBERS = count()


@pytest.fixture(scope="module")
def common():
    """One warehouse for all examples: each has a source of its own, and sources do not touch each other."""
    with Warehouse.memory() as opened:
        yield opened


@dataclass(frozen=True)
class Sent:
    """A delivery in small: row → modes with their status, and refused rows, legible or not; `rejected` as a whole."""

    turn: int
    loaded: dict[int, dict[str, str]]
    refused: frozenset[int] = frozenset()
    illegible: int = 0
    rejected: bool = False

    @property
    def name(self):
        return f"{self.turn}.xlsx"

    def prepared(self):
        good = [
            one(row, mode_detail=mode, status=status, hours=self.turn)
            for row, modes in self.loaded.items()
            for mode, status in modes.items()
        ]
        bad = sorted(self.refused - self.loaded.keys())
        lines = [*bad, *range(100, 100 + self.illegible)]
        faults = [fault(row + 100, "hours.unparsable", "学时") for row in lines]
        return batch(*good, faults=faults, keys=[one(row) | {"row": row + 100} for row in bad])


def model(sent, semantics):
    """The end state in plain Python: (row, mode, turn) → state, by contract §4 and rulings 72, 73, 76."""
    states = {}
    ordered = sorted((each for each in sent if not each.rejected), key=lambda each: each.turn)
    for each in ordered:
        for row, modes in each.loaded.items():
            for mode, status in modes.items():
                later = [other for other in ordered if other.turn > each.turn]
                if any(mode in other.loaded.get(row, {}) for other in later):
                    state = "superseded"
                elif semantics == "snapshot" and not all(row in other.refused for other in later):
                    state = "withdrawn"
                else:
                    state = "withdrawn" if status == "withdrawn" else "current"
                states[row, mode, each.turn] = state
    return states


def waiting(sent, semantics):
    """Refused rows in plain Python: (row + 100, turn) → state; illegible rows from 200 on."""
    states = {}
    for each in sent:
        later = [other for other in sent if other.turn > each.turn and not other.rejected]
        for row in each.refused - each.loaded.keys():
            put_right = bool(later) if semantics == "snapshot" else any(row in one.loaded for one in later)
            states[row + 100, each.turn] = "closed" if put_right else "open"
        for row in range(200, 200 + each.illegible):
            states[row, each.turn] = "closed" if later and semantics == "snapshot" else "open"
    return states


def load(warehouse, sent, semantics, source):
    options = {"name": sent.name, "place": at(sent.turn), "semantics": semantics, "source": source}
    done, _ = deliver(warehouse, sent.prepared(), limit=-1.0 if sent.rejected else 1.0, **options)
    assert done.result == ("rejected" if sent.rejected else "loaded")


def stored(warehouse, source):
    states = {}
    for number in warehouse.deliveries(source).filter(result="loaded")["delivery_id"]:
        for each in warehouse.records(number).iter_rows(named=True):
            states[each["row"], each["mode_detail"], int(each["hours"])] = each["state"]
    return states


def refused(warehouse, source):
    turns = {
        one["delivery_id"]: int(one["label"]) for one in warehouse.deliveries(source).iter_rows(named=True)
    }
    rows = warehouse.quarantined(source).iter_rows(named=True)
    return {(each["row"], turns[each["delivery_id"]]): each["state"] for each in rows}


DELIVERY = st.tuples(
    st.dictionaries(
        st.integers(1, 3),
        st.dictionaries(st.sampled_from(MODES), st.sampled_from(["recognised", "withdrawn"]), min_size=1),
        max_size=3,
    ),
    st.frozensets(st.integers(1, 3)),
    st.integers(0, 1),
    st.booleans(),
).filter(lambda drawn: any(drawn[:3]))


@pytest.mark.parametrize("semantics", ["append", "snapshot"])
@settings(max_examples=40)
@given(drawn=st.lists(DELIVERY, min_size=1, max_size=4), data=st.data())
def test_any_order_of_arrival_gives_the_state_of_the_model(common, semantics, drawn, data):
    sent = [
        Sent(turn, loaded, refused - loaded.keys(), *rest)
        for turn, (loaded, refused, *rest) in enumerate(drawn, 1)
    ]
    source = f"source {next(NUMBERS)}"
    for each in data.draw(st.permutations(sent)):
        load(common, each, semantics, source)
    assert stored(common, source) == model(sent, semantics)
    assert refused(common, source) == waiting(sent, semantics)


SENT = (
    Sent(1, {1: dict.fromkeys(MODES, "recognised"), 2: {"online": "recognised"}, 3: {"online": "withdrawn"}}),
    Sent(2, {2: {"online": "recognised"}}, frozenset({1})),
    Sent(3, {1: {"online": "recognised"}, 3: {"online": "recognised"}}, frozenset({2}), illegible=1),
    Sent(4, {2: {"online": "recognised"}}, frozenset({3}), illegible=1, rejected=True),
)


@pytest.mark.parametrize("semantics", ["append", "snapshot"])
def test_every_order_of_four_deliveries_agrees_on_each_kind_of_database(each_warehouse, semantics):
    for number, order in enumerate(permutations(SENT)):
        for each in order:
            load(each_warehouse, each, semantics, f"source {number}")
        assert stored(each_warehouse, f"source {number}") == model(SENT, semantics)
        assert refused(each_warehouse, f"source {number}") == waiting(SENT, semantics)


def test_a_later_delivery_corrects_and_the_plan_says_so(each_warehouse):
    deliver(each_warehouse, batch(one(1), one(2)), place=at(1))
    load, _ = deliver(
        each_warehouse, batch(one(2, hours=4), one(3), one(4, status="withdrawn")), name="b", place=at(2)
    )
    assert load.plan == Plan(inserted=1, updated=1, withdrawn=0)
    assert standing(each_warehouse, "row") == [1, 2, 3]


def test_a_withdrawal_by_word_takes_the_standing_version_away(each_warehouse):
    deliver(each_warehouse, batch(one(1), one(2)), place=at(1))
    load, _ = deliver(each_warehouse, batch(one(2, status="withdrawn")), name="b", place=at(2))
    assert load.plan == Plan(withdrawn=1)
    assert standing(each_warehouse, "row") == [1]


def test_a_snapshot_withdraws_what_it_lacks_within_its_slot_only(each_warehouse):
    spring, autumn = "2023春", "2023秋"
    deliver(each_warehouse, batch(one(1), one(2)), place=at(1, slot=spring), semantics="snapshot")
    deliver(each_warehouse, batch(one(3)), name="b", place=at(2, slot=autumn), semantics="snapshot")
    load, _ = deliver(each_warehouse, batch(one(2)), name="c", place=at(3, slot=spring), semantics="snapshot")
    assert load.plan == Plan(inserted=0, updated=1, withdrawn=1)
    assert standing(each_warehouse, "row") == [2, 3]


def test_an_older_delivery_that_arrives_late_changes_nothing_that_stands(each_warehouse):
    deliver(each_warehouse, batch(one(1, hours=2)), place=at(2))
    load, _ = deliver(each_warehouse, batch(one(1, hours=1)), name="late", place=at(1))
    assert load.plan == Plan()
    assert standing(each_warehouse, "hours") == [2]


def test_a_failed_or_rejected_delivery_replaces_nothing(each_warehouse):
    deliver(each_warehouse, batch(one(1)), place=at(1), semantics="snapshot")
    each_warehouse.failed(arrival("b"), "sample", "unreadable", {}, RUN, place=at(2))
    bad = batch(one(2), faults=[fault(3, "hours.range"), fault(4, "hours.range")])
    load, _ = deliver(each_warehouse, bad, name="c", place=at(3), limit=0.2, semantics="snapshot")
    assert load.result == "rejected"
    assert standing(each_warehouse, "row") == [1]


def test_a_slot_closes_its_own_rows_only(each_warehouse):
    spring, autumn = "2023春", "2023秋"
    bad = batch(one(1), faults=[fault(3, "hours.range")])
    deliver(each_warehouse, bad, place=at(1, slot=spring), semantics="snapshot")
    deliver(each_warehouse, bad, name="b", place=at(2, slot=autumn), semantics="snapshot")
    deliver(each_warehouse, batch(one(1)), name="c", place=at(3, slot=autumn), semantics="snapshot")
    assert each_warehouse.quarantined("sample")["state"].to_list() == ["open", "closed"]
    assert each_warehouse.reasons("sample")["delivery_id"].to_list() == [1]


def test_a_row_that_was_put_right_waits_no_more_but_stays_what_became_of_it(each_warehouse):
    bad = batch(one(1), faults=[fault(3, "hours.range")], keys=[one(3)])
    deliver(each_warehouse, bad, place=at(1))
    assert each_warehouse.reasons("sample").height == 1
    deliver(each_warehouse, batch(one(3)), name="b", place=at(2))
    assert each_warehouse.reasons("sample").is_empty()
    assert each_warehouse.outcomes(1)["outcome"].to_list() == ["loaded", "quarantined"]


def test_another_source_with_the_same_keys_is_not_touched(each_warehouse):
    deliver(each_warehouse, batch(one(1)), place=at(1), semantics="snapshot")
    deliver(each_warehouse, batch(one(2)), name="b", place=at(2), semantics="snapshot", source="other")
    deliver(each_warehouse, batch(one(1)), name="c", place=at(3), semantics="snapshot", source="other")
    assert standing(each_warehouse, "row", source="sample") == [1]


def test_a_way_to_add_up_that_nobody_knows_is_refused(warehouse):
    with pytest.raises(WarehouseError, match="add up"):
        deliver(warehouse, batch(one(1)), semantics="guess")
    assert warehouse.deliveries().is_empty()


@pytest.mark.parametrize("variant", [(), ("mode_detail",)])
def test_a_row_that_contradicted_another_waits_until_its_key_comes_again(each_warehouse, variant):
    first, other = one(1), one(2, id_number=one(1)["id_number"], hours=Decimal("99.00"))
    deliver(each_warehouse, batch(first, other), name="1.xlsx", place=at(1), variant=variant)
    assert each_warehouse.reasons()["code"].to_list() == ["duplicate.in_delivery"]
    deliver(
        each_warehouse,
        batch(one(7, id_number=one(1)["id_number"])),
        name="2.xlsx",
        place=at(2),
        variant=variant,
    )
    assert each_warehouse.reasons().is_empty()
