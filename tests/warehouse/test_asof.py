"""What was known on a day, and what held on a day: both are the state of a warehouse that had exactly those deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core.records import Place
from etl_core.warehouse import Warehouse, dialect
from tests.warehouse.samples import RUN, at, batch, deliver, one
from tests.warehouse.test_settle import DELIVERY, Sent, model

START = datetime(2024, 1, 1, tzinfo=UTC)
NUMBERS = count()


@contextmanager
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The warehouse's clock, which goes on by a day whenever its number is raised."""
    days = [0]
    with monkeypatch.context() as patched:
        patched.setattr(dialect, "now", lambda: START + timedelta(days=days[0]))
        yield days


def placed(turn: int, day: int, **more: str) -> Place:
    return replace(at(turn, **more), dated=date(2023, 1, day))


def load(warehouse, sent, semantics, source, day):
    options = {"name": sent.name, "semantics": semantics, "source": source}
    deliver(
        warehouse,
        sent.prepared(),
        limit=-1.0 if sent.rejected else 1.0,
        place=placed(sent.turn, day),
        **options,
    )


def states(frame):
    return {
        (each["row"], each["mode_detail"], int(each["hours"])): each["state"]
        for each in frame.iter_rows(named=True)
    }


def view(warehouse, source, known, valid):
    """The lines of the view that hold at a point, asked in SQL that both databases know."""
    wanted = sa.text(
        'select "row", mode_detail, hours, state from record_history where source = :source'
        " and known_from <= :known and (known_until is null or known_until > :known)"
        " and (valid_from is null or valid_from <= :valid) and (valid_until is null or valid_until > :valid)"
    ).bindparams(
        sa.bindparam("known", type_=sa.DateTime(timezone=True)), sa.bindparam("valid", type_=sa.Date())
    )
    with warehouse._engine.connect() as connection:
        found = connection.execute(wanted, {"source": source, "known": known, "valid": valid}).all()
    lines = {(row, mode, int(hours)): state for row, mode, hours, state in found}
    assert len(lines) == len(found), "no record has two states at one point"
    return lines


@pytest.fixture(scope="module")
def common(tmp_path_factory):
    """One warehouse with the views for all examples."""
    path = tmp_path_factory.mktemp("asof") / "w.sqlite"
    from etl_core.keys import Keys

    with Warehouse.open(f"sqlite:///{path}", Keys.random()) as opened:
        yield opened


def history(warehouse, semantics, drawn, days, gone, order):
    """Load, revoke, and hold every point against the model of the deliveries that count there."""
    sent = [
        Sent(turn, loaded, refused - loaded.keys(), *rest)
        for turn, (loaded, refused, *rest) in enumerate(drawn, 1)
    ]
    source = f"source {next(NUMBERS)}"
    told, left = {}, {}
    with pytest.MonkeyPatch.context() as patched, clock(patched) as today:
        for at in order:
            today[0] += 1
            load(warehouse, sent[at], semantics, source, days[at])
            told[sent[at].turn] = today[0]
        for each in sent:
            if gone[each.turn - 1]:
                today[0] += 1
                (number,) = warehouse.deliveries(source).filter(label=str(each.turn))["delivery_id"]
                with warehouse.revoking(number, RUN):
                    left[each.turn] = today[0]
        last = today[0]
    for known in range(last + 2):
        for valid in range(4):
            counting = [
                each
                for each in sent
                if told[each.turn] <= known < left.get(each.turn, last + 9)
                and days[each.turn - 1] <= valid + 1
            ]
            wanted = model(counting, semantics)
            moment, day = START + timedelta(days=known), date(2023, 1, valid + 1)
            assert states(warehouse.as_of(moment, day, source)) == wanted
            standing = {key: state for key, state in wanted.items() if state != "superseded"}
            assert view(warehouse, source, moment, day) == standing


@pytest.mark.parametrize("semantics", ["append", "snapshot"])
@settings(max_examples=8)
@given(drawn=st.lists(DELIVERY, min_size=1, max_size=3), data=st.data())
def test_every_point_of_both_times_is_the_state_of_the_deliveries_that_count_there(
    common, semantics, drawn, data
):
    size = len(drawn)
    days = data.draw(st.lists(st.integers(1, 4), min_size=size, max_size=size))
    gone = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    history(common, semantics, drawn, days, gone, data.draw(st.permutations(range(size))))


@pytest.mark.parametrize("semantics", ["append", "snapshot"])
def test_it_is_so_on_each_kind_of_database(each_warehouse, semantics):
    drawn = [
        ({1: {"online": "recognised"}, 2: {"online": "recognised"}}, frozenset(), 0, False),
        ({2: {"online": "withdrawn"}}, frozenset({1}), 1, False),
        ({1: {"online": "recognised"}, 3: {"online": "recognised"}}, frozenset({2}), 0, False),
    ]
    history(each_warehouse, semantics, drawn, [1, 3, 2], [False, True, False], [2, 0, 1])


LEDGER = {"semantics": "ledger", "key": ("agency_record_id",), "variant": ()}


def entry(number, amount, **fields):
    return one(
        1, agency_record_id=number, credits=amount, credits_basis="stated", credit_kind="public", **fields
    )


def test_in_a_ledger_what_is_cancelled_is_so_from_the_date_of_the_entry(each_warehouse, monkeypatch):
    with clock(monkeypatch) as today:
        deliver(each_warehouse, batch(entry("A", 5)), place=placed(1, 1), **LEDGER)
        for turn, amount in ((2, -2), (3, -3)):
            today[0] += 1
            cancels = entry(f"C{turn}", amount, entry="cancellation", original="A")
            deliver(each_warehouse, batch(cancels), name=str(turn), place=placed(turn, turn), **LEDGER)

    def net(known, valid):
        frame = each_warehouse.as_of(START + timedelta(days=known), date(2023, 1, valid))
        (found,) = frame.filter(agency_record_id="A").select("state", "net_x100").rows()
        return found

    assert net(0, 9) == ("current", None)
    assert [net(1, valid) for valid in (1, 2)] == [("current", None), ("current", 300)]
    assert [net(2, valid) for valid in (1, 2, 3)] == [("current", None), ("current", 300), ("withdrawn", 0)]
    with each_warehouse._engine.connect() as connection:
        lines = connection.exec_driver_sql(
            "select state, credits, valid_from, valid_until from record_history"
            " where agency_record_id = 'A' and known_until is null order by valid_from"
        ).all()
    days = [None if day is None else int(str(day)[-2:]) for line in lines for day in line[2:]]
    assert [(state, float(amount)) for state, amount, _, _ in lines] == [
        ("current", 5.0),
        ("current", 3.0),
        ("withdrawn", 0.0),
    ]
    assert days == [1, 2, 2, 3, 3, None]


def test_without_a_point_it_is_the_state_of_today(each_warehouse):
    for turn, rows in enumerate(((1, 2), (2, 3)), 1):
        deliver(
            each_warehouse,
            batch(*map(one, rows)),
            name=str(turn),
            place=placed(turn, turn),
            semantics="snapshot",
        )
    assert each_warehouse.as_of().select("row", "state").rows() == [
        (1, "withdrawn"),
        (2, "superseded"),
        (2, "current"),
        (3, "current"),
    ]
    now = datetime.now(UTC)
    assert each_warehouse.measures("sample", now, date.max) == each_warehouse.measures("sample")
    assert each_warehouse.measures("sample", valid=date(2023, 1, 1))["current_records"] == "2"
