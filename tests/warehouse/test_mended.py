"""Mendings among deliveries: the same end in every order of arrival, the one that a right delivery would have had."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core.errors import WarehouseError
from etl_core.records import MENDED
from etl_core.warehouse import Warehouse
from tests.warehouse.samples import at, batch, deliver, fault, row

NUMBERS = count()
PLACES, KEYS = (1, 2, 3), (1, 2, 3, 4)


@dataclass(frozen=True)
class Row:
    """A row in small: right or wrong, and its key; a wrong one may have none that can be read."""

    right: bool
    key: int | None


@dataclass(frozen=True)
class Sent:
    """A delivery, or (`of` another) a mending: place → row. `turn` orders whole ones, `number` the mendings of one."""

    turn: int
    rows: dict[int, Row]
    number: int = 0

    @property
    def name(self) -> str:
        return f"{self.turn}-{self.number}"


def load(warehouse: Warehouse, sent: Sent, semantics: str, source: str) -> None:
    told = {place: each for place, each in sent.rows.items() if each.key is not None}
    records = [_record(place, each.key) for place, each in told.items() if each.right]
    keys = [_record(place, each.key) for place, each in told.items() if not each.right]
    faults = [fault(place, "hours.range") for place, each in sent.rows.items() if not each.right]
    made = batch(*records, faults=faults, keys=keys)
    options = {}
    if sent.number:
        stands = [("a.xlsx", "Sheet1", place, "a.xlsx", "Sheet1", place) for place in sent.rows]
        object.__setattr__(made, "mended", pl.DataFrame(stands, schema=MENDED, orient="row"))
        options = {"mends": f"{source}{sent.turn}-0".rjust(64, "0")}
    name = f"{source}{sent.name}"
    where = at(sent.turn, slot="one")
    deliver(warehouse, made, name=name, place=where, source=source, semantics=semantics, **options)


def _record(place: int, key: int | None):
    return row(place, id_number=f"50019919800101{key:04}")


def model(world: list[Sent], semantics: str) -> set[tuple[str, int]]:
    """(delivery, place) of every record that stands, as if each delivery had been mended before it was sent."""
    ordered = sorted(world, key=lambda each: (each.turn, each.number))
    lost = {
        (one.name, place)
        for one in ordered
        for other in ordered
        for place, each in other.rows.items()
        if each.right and one.number and other.turn == one.turn and other.number > one.number
    }
    last: dict[int | None, tuple[Sent, int]] = {}
    for each in ordered:
        for place, told in each.rows.items():
            if told.right and (each.name, place) not in lost:
                last[told.key] = (each, place)
    later = [each for each in ordered if not each.number]
    return {
        (sent.name, place)
        for key, (sent, place) in last.items()
        if semantics == "append"
        or all(key in held(world, whole) for whole in later if whole.turn > sent.turn)
    }


def held(world: list[Sent], whole: Sent) -> set[int | None]:
    """Keys of the rows of a delivery, mended, that are still wrong."""
    parts = [each for each in world if each.turn == whole.turn]
    return {
        told.key
        for each in parts
        for place, told in each.rows.items()
        if not told.right and not any(place in other.rows and other.number > each.number for other in parts)
    }


def waits(world: list[Sent], semantics: str) -> set[tuple[str, int]]:
    """(delivery, place) of every row that waits."""
    found = set()
    for each in world:
        later = [other for other in world if (other.turn, other.number) > (each.turn, each.number)]
        for place, told in each.rows.items():
            again = any(other.turn == each.turn and place in other.rows for other in later)
            replaced = semantics == "snapshot" and any(not other.number for other in later)
            keyed = semantics == "append" and any(
                told.key is not None and said.right and said.key == told.key
                for other in later
                for said in other.rows.values()
            )
            if not told.right and not (again or replaced or keyed):
                found.add((each.name, place))
    return found


def stored(warehouse: Warehouse, source: str) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    names = dict(warehouse.deliveries(source).select("delivery_id", "file").iter_rows())
    found = {
        (name.removeprefix(source), place)
        for number, name in names.items()
        for place in warehouse.records(number).filter(state="current")["row"]
    }
    open_ = warehouse.reasons(source).select("delivery_id", "row").iter_rows()
    return found, {(names[number].removeprefix(source), place) for number, place in open_}


@pytest.fixture(scope="module")
def common():
    with Warehouse.memory() as opened:
        yield opened


@st.composite
def rows(draw: st.DrawFn, places=PLACES) -> dict[int, Row]:
    chosen = draw(st.lists(st.sampled_from(places), unique=True, min_size=1))
    keys = draw(st.permutations(KEYS))
    told = {}
    for place, key in zip(chosen, keys, strict=False):
        right = draw(st.booleans())
        told[place] = Row(right, key if right or draw(st.booleans()) else None)
    return told


@st.composite
def worlds(draw: st.DrawFn) -> list[Sent]:
    """One to three deliveries of a slot, and up to two mendings of the rows that one of them has wrong."""
    whole = [Sent(turn, draw(rows())) for turn in range(1, draw(st.integers(1, 3)) + 1)]
    of = draw(st.sampled_from(whole))
    wrong = [place for place, each in of.rows.items() if not each.right]
    many = draw(st.integers(0, 2)) if wrong else 0
    return [*whole, *(Sent(of.turn, draw(rows(wrong)), number) for number in range(1, many + 1))]


def possible(order: list[Sent]) -> bool:
    """Whether every mending comes after what it mends: an earlier one is refused, and tried again later."""
    seen = set()
    for each in order:
        if each.number and each.turn not in seen:
            return False
        seen |= {each.turn} if not each.number else set()
    return True


@pytest.mark.parametrize("semantics", ["append", "snapshot"])
@settings(max_examples=40)
@given(world=worlds(), data=st.data())
def test_any_order_of_arrival_ends_as_if_the_delivery_had_been_right(common, semantics, world, data):
    orders = [list(order) for order in permutations(world) if possible(list(order))]
    source = f"source {next(NUMBERS)} "
    for each in data.draw(st.sampled_from(orders)):
        load(common, each, semantics, source)
    assert stored(common, source) == (model(world, semantics), waits(world, semantics))


WORLD = [
    Sent(1, {1: Row(True, 1), 2: Row(True, 2), 3: Row(False, 3)}),
    Sent(2, {1: Row(True, 1), 2: Row(False, None), 3: Row(False, 3)}),
    Sent(2, {2: Row(True, 4), 3: Row(False, 3)}, 1),
    Sent(2, {2: Row(True, 2), 3: Row(True, 3)}, 2),
    Sent(3, {1: Row(True, 1), 2: Row(True, 2), 3: Row(False, 3)}),
]


@pytest.mark.parametrize("semantics", ["append", "snapshot", "ledger"])
def test_some_orders_agree_on_each_kind_of_database(each_warehouse, semantics):
    ends = set()
    for order in [each for each in permutations(WORLD) if possible(list(each))][::9]:
        source = f"source {next(NUMBERS)} "
        for each in order:
            load(each_warehouse, each, semantics, source)
        ends.add(tuple(map(frozenset, stored(each_warehouse, source))))
    assert len(ends) == 1
    if semantics != "ledger":
        assert ends == {(frozenset(model(WORLD, semantics)), frozenset(waits(WORLD, semantics)))}


def test_a_mending_withdraws_nothing_and_the_next_delivery_of_the_slot_does(each_warehouse):
    source = "s "
    load(each_warehouse, Sent(1, {1: Row(True, 1), 2: Row(False, 2)}), "snapshot", source)
    load(each_warehouse, Sent(1, {2: Row(True, 2)}, 1), "snapshot", source)
    assert stored(each_warehouse, source) == ({("1-0", 1), ("1-1", 2)}, set())
    load(each_warehouse, Sent(2, {1: Row(True, 1)}), "snapshot", source)
    assert stored(each_warehouse, source) == ({("2-0", 1)}, set())


def test_what_is_still_wrong_waits_once_and_what_was_left_out_goes_on_waiting(each_warehouse):
    source = "s "
    load(
        each_warehouse, Sent(1, {1: Row(False, None), 2: Row(False, None), 3: Row(True, 3)}), "append", source
    )
    load(each_warehouse, Sent(1, {1: Row(False, None)}, 1), "append", source)
    assert stored(each_warehouse, source) == ({("1-0", 3)}, {("1-1", 1), ("1-0", 2)})


def test_the_ledger_says_what_a_mending_mends_and_orders_it_right_after(each_warehouse):
    for each in (WORLD[1], WORLD[4], WORLD[3], WORLD[2]):
        load(each_warehouse, each, "snapshot", "s ")
    lines = each_warehouse.deliveries("s ")
    assert lines["file"].to_list() == ["s 2-0", "s 2-1", "s 2-2", "s 3-0"]
    assert lines["mends"].to_list() == [None, *["s 2-0".rjust(64, "0")] * 2, None]
    family = each_warehouse.family("s ", "s 2-0".rjust(64, "0"))
    assert [line["file"] for line in family] == ["s 2-0", "s 2-1", "s 2-2"]
    assert each_warehouse.family("s ", "s 2-1".rjust(64, "0")) == []


def test_a_mending_of_what_is_not_loaded_is_an_error(warehouse):
    with pytest.raises(WarehouseError, match="not loaded"):
        load(warehouse, Sent(1, {1: Row(True, 1)}, 1), "append", "s ")
