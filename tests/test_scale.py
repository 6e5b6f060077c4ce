"""The model of the country: it loses no delivery, never gains by more work, and is the closed form where there is one."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import __main__ as command
from benchmarks.commands.scale import LANES, SIZES, coming, corrected, predicted
from benchmarks.scale import figures as files
from benchmarks.scale.load import EACH, Load, deeper, distinct, levels, missing, time
from benchmarks.scale.night import CENSUS, Arrival, Lane, arrivals, dealt, flow, night, served
from benchmarks.scale.room import cost, hours, limits, room

KNOWN = files.read()
ENGINES = list(KNOWN.engines.values())
PLAIN = Lane(read=1.0, write=1.0, opening=0.0, each=0.0, large=10.0**9, readers=1)

engines = st.sampled_from(ENGINES)
amounts = st.floats(1, 1e10)
counts = st.integers(1, 64)
deliveries = st.lists(
    st.tuples(st.floats(0, 1000), st.integers(0, len(CENSUS) - 1), st.integers(1, 500)), max_size=30
).map(
    lambda some: sorted(
        Arrival(at, number, province, rows) for number, (at, province, rows) in enumerate(some)
    )
)
lanes = st.builds(
    Lane, read=st.floats(0.01, 5), write=st.floats(0.01, 5), opening=st.floats(0, 5), each=st.floats(0, 5), large=st.floats(1, 600),
    readers=st.integers(1, 6),
)  # fmt: skip


@given(engines, amounts, amounts, st.integers(1, 32), st.floats(0, 1e10))
def test_more_records_never_take_less_time(engine, records, more, readers, existing):
    few = time(Load(records, existing, readers), KNOWN, engine).wall
    many = time(Load(records + more, existing, readers), KNOWN, engine).wall
    assert many >= few * (1 - 1e-9)


@given(engines, amounts, st.integers(1, 32), st.floats(0, 1e10), amounts)
def test_a_fuller_warehouse_is_never_faster(engine, records, readers, existing, more):
    before = time(Load(records, existing, readers), KNOWN, engine)
    after = time(Load(records, existing + more, readers), KNOWN, engine)
    assert all(getattr(after, name) >= getattr(before, name) * (1 - 1e-9) for name in EACH)


@given(engines, amounts, counts, counts)
def test_more_readers_never_take_longer(engine, records, some, more):
    few, many = (time(Load(records, readers=each), KNOWN, engine).wall for each in (some, some + more))
    assert many <= few


def test_more_readers_help_only_until_the_writer_is_the_slowest():
    writer = {"writer": KNOWN.child / 1.5, "settling": 0.0, "each": 0.0, "line": 0.0}
    engine = replace(KNOWN.engines["postgres"], **writer)
    flat = replace(KNOWN, each=0.0, growth=replace(KNOWN.growth, level=0.0))
    readers = [time(Load(1e6, readers=each), flat, engine) for each in (1, 2, 4)]
    assert [each.slowest for each in readers] == ["read", "write", "write"]
    assert readers[1].wall == readers[2].wall


@given(engines, amounts)
def test_a_load_that_nothing_else_holds_up_takes_what_its_slowest_part_takes(engine, records):
    engine = replace(engine, settling=0.0, each=0.0, line=0.0, pair=0.0, log=0.0)
    machine = replace(KNOWN.machine, network=1e12, memory=1e12)
    flat = replace(KNOWN, each=0.0, machine=machine, growth=replace(KNOWN.growth, level=0.0))
    slowest = max(KNOWN.child, engine.writer) * records / 1e6
    assert time(Load(records), flat, engine).wall == pytest.approx(KNOWN.start + slowest)


@given(engines, st.floats(1e6, 1e10), st.integers(2, 31))
def test_parts_that_are_filled_in_turn_never_need_more_memory_or_ledger_than_the_whole(
    engine, existing, parts
):
    whole, cut = (Load(1e6, existing, parts=each, largest=1 / each) for each in (1, parts))
    assert missing(cut, KNOWN, engine) <= missing(whole, KNOWN, engine)
    assert deeper(cut, KNOWN) <= deeper(whole, KNOWN)
    assert time(cut, KNOWN, engine).ledger < time(whole, KNOWN, engine).ledger


@given(engines, amounts)
def test_a_first_delivery_does_not_pay_for_settling(engine, records):
    first, other = (time(Load(records, alone=alone), KNOWN, engine).write for alone in (True, False))
    assert first * (engine.writer + engine.settling) == pytest.approx(other * engine.writer)


@given(st.floats(1, 1e9), st.floats(0, 1e9))
def test_no_more_pages_are_touched_than_there_are_or_than_touches_were_made(pages, touches):
    assert 0 <= distinct(pages, touches) <= min(pages, touches) * (1 + 1e-9) + 1e-9


def test_an_index_has_one_level_more_for_every_power_of_its_fanout():
    assert [levels(150.0**power) for power in (0, 1, 2, 3)] == pytest.approx([1, 1, 2, 3])


@given(engines, amounts, amounts)
def test_room_and_work_of_two_amounts_are_those_of_their_sum(engine, one, other):
    assert room(one, KNOWN, engine).whole + room(other, KNOWN, engine).whole == pytest.approx(
        room(one + other, KNOWN, engine).whole
    )
    assert hours(one, KNOWN, engine) + hours(other, KNOWN, engine) == pytest.approx(
        hours(one + other, KNOWN, engine)
    )


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_a_year_costs_its_work_and_twelve_months_of_the_rest(engine):
    price = replace(KNOWN.price, core_hour=0.0, disk_month=1.0, object_month=0.0, copies=1)
    told = cost(1e6, 1e9, replace(KNOWN, price=price), engine)
    assert told.year == pytest.approx(12 * engine.whole)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_the_limit_of_memory_is_where_pages_begin_to_be_missing(engine):
    at = next(limit.records for limit in limits(KNOWN, engine) if limit.name == "memory")
    assert missing(Load(0.0, at * 0.99), KNOWN, engine) == 0
    assert missing(Load(0.0, at * 1.01), KNOWN, engine) > 0


def test_limits_are_told_the_nearest_first():
    for engine in ENGINES:
        assert all(one.records <= other.records for one, other in pairwise(limits(KNOWN, engine)))


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_a_correction_takes_longer_in_a_fuller_warehouse_and_for_more_rows(engine):
    took = [
        corrected(rows, existing, KNOWN, engine) for rows, existing in ((1e4, 1e6), (1e4, 1e9), (1e5, 1e9))
    ]
    assert took == sorted(set(took))


def test_the_last_year_is_never_more_than_there_is():
    assert all(0 < coming(records, KNOWN) <= records for records in SIZES.values())


@given(st.floats(0, 1e6), st.integers(0, 1000))
def test_the_same_seed_makes_the_same_night_of_at_least_the_records_that_were_asked_for(records, seed):
    made = arrivals(records, KNOWN.night, seed)
    assert made == arrivals(records, KNOWN.night, seed)
    assert made == sorted(made)
    assert records <= sum(one.rows for one in made) < records + KNOWN.night.largest + 1
    assert all(0 <= one.at <= 12 * 3600 for one in made)


@given(deliveries, lanes, st.integers(1, 8))
def test_every_delivery_of_a_night_comes_in_once_and_with_all_its_rows(coming, lane, many):
    told = night(coming, many, lane)
    assert (told.deliveries, told.rows) == (len(coming), sum(one.rows for one in coming))


@given(deliveries, lanes)
def test_deliveries_of_a_lane_come_in_in_the_order_of_their_arrival_and_none_before_it_arrived(coming, lane):
    done = served(coming, lane)
    assert [one.arrival for one in done] == coming
    assert all(one.end <= other.end for one, other in pairwise(done))
    assert all(one.waited >= one.arrival.rows * lane.write - 1e-6 for one in done)


@given(deliveries, lanes)
def test_one_reader_more_never_makes_a_delivery_later(coming, lane):
    few, many = served(coming, lane), served(coming, replace(lane, readers=lane.readers + 1))
    assert all(more.end <= one.end + 1e-6 for one, more in zip(few, many, strict=True))


@given(deliveries, lanes, st.integers(2, 8))
def test_several_lanes_are_never_done_later_than_one(coming, lane, many):
    assert night(coming, many, lane).end <= night(coming, 1, lane).end + 1e-6


@given(st.lists(st.integers(1, 100), min_size=1, max_size=2))
def test_one_reader_and_one_writer_are_a_flow_shop(rows):
    coming = [Arrival(0.0, number, 0, each) for number, each in enumerate(rows)]
    lane = replace(PLAIN, read=0.5, write=0.8)
    assert served(coming, lane)[-1].end == pytest.approx(
        flow([0.5 * each for each in rows], [0.8 * each for each in rows])
    )


@given(st.integers(1, 50), st.floats(0.1, 3), st.floats(0.1, 3))
def test_equal_deliveries_with_one_reader_take_the_first_both_ways_and_then_the_slower_one_each(
    number, read, write
):
    coming = [Arrival(0.0, each, 0, 1) for each in range(number)]
    end = served(coming, replace(PLAIN, read=read, write=write))[-1].end
    assert end == pytest.approx(read + write + (number - 1) * max(read, write))


@given(st.integers(1, 8), st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_large_delivery_alone_is_read_by_all_while_it_is_written(readers, read, write):
    lane = replace(PLAIN, read=read, write=write, large=10, readers=readers)
    assert served([Arrival(5.0, 0, 0, 100)], lane)[0].waited == pytest.approx(
        100 * max(read / readers, write)
    )


@given(st.integers(1, 31))
def test_every_province_has_a_lane_and_every_lane_a_province(many):
    assert set(dealt(many)) == set(range(many))
    assert len(dealt(many)) == len(CENSUS) == KNOWN.volume.provinces


def test_the_shares_that_are_assumed_are_those_of_the_census():
    assert KNOWN.volume.largest_share == pytest.approx(max(CENSUS) / sum(CENSUS), abs=0.001)
    assert KNOWN.volume.two_largest_share == pytest.approx(83.7 / (83.7 + 32.1), abs=0.001)
    assert KNOWN.volume.two_share == pytest.approx((83.7 + 32.1) / sum(CENSUS), abs=0.001)


@pytest.mark.parametrize("change", [("[growth]\nlevel", "[growth]\nlevle"), ("[child]\ncpu", "[child]\ncup")])
def test_a_figure_that_is_misspelt_is_not_taken_for_nothing(change, tmp_path):
    text = (files.HERE / "measured.toml").read_text(encoding="utf-8")
    plain = "\n".join(line.partition("#")[0].rstrip() for line in text.splitlines())
    assert change[0] in plain
    (tmp_path / "wrong.toml").write_text(plain.replace(*change))
    with pytest.raises((KeyError, TypeError)):
        files.read(tmp_path / "wrong.toml")


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_one_run_is_predicted_to_work_at_least_as_long_as_its_start_takes(engine):
    assert predicted(0.0, KNOWN, engine)["wall"] == pytest.approx(KNOWN.start + max(KNOWN.each, engine.each))
    assert predicted(1e5, KNOWN, engine)["cpu"] > predicted(0.0, KNOWN, engine)["cpu"]
    assert predicted(0.0, KNOWN, engine)["cpu"] == 2 * KNOWN.start + KNOWN.each + engine.each


def test_the_command_prints_every_table_and_writes_the_same_as_json(tmp_path, capsys):
    command.main(["scale", "--check", "0", "--json", str(tmp_path / "figures")])
    said = capsys.readouterr().out
    figures = json.loads((tmp_path / "figures").read_text())
    for name in KNOWN.engines:
        assert set(figures[name]) == {"room", "year", "correction", "limits", "cost"}
        assert all(f"{name}: {title}" in said for title in ("room", "a year's load", "cost"))
    assert len(figures["night"]) == 2 * len(LANES)
