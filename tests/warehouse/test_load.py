"""One delivery, one transaction: books, repeats, share of errors, pseudonyms, seals."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from decimal import Decimal
from itertools import count as count_up

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from etl_core.errors import BalanceError, DeliveryError, KeyFileError, WarehouseError
from etl_core.keys import Keys
from etl_core.records import HeaderAccount
from etl_core.warehouse import Plan, Warehouse, bulk
from etl_core.warehouse.rows import FIELDS as COLUMNS
from etl_schemas.training import FIELDS
from tests.warehouse.samples import RUN, arrival, at, batch, deliver, delivering, fault, one, row, standing

NUMBERS = count_up()
BAD = fault(9, "id_number.checksum", "身份证号")


def reasons(load, warehouse):
    lines = warehouse.outcomes(load.delivery_id).filter(outcome="quarantined")
    return lines.select("row", "reasons").rows()


def skips(load, warehouse):
    lines = warehouse.outcomes(load.delivery_id).filter(outcome="skipped")
    return lines.select("row", "reasons").rows()


def test_every_field_of_the_contract_but_the_number_is_stored():
    scaled = {
        "hours": "hours_x100",
        "credits": "credits_x100",
        "score": "score_x100",
        "id_number": "person_key",
    }
    ours = {"file", "sheet", "row", "own_side", "reporter", "entry"}
    assert {scaled.get(name, name) for name in FIELDS} | ours == set(COLUMNS)


def test_what_goes_in_comes_out_to_the_hundredth(each_warehouse):
    given = one(
        2, hours=Decimal("36.55"), credits=Decimal("0.01"), score=Decimal("99.99"), class_name="一\t班\\n\r\n'", title=None,
        employer_name="测试小学\n（东校区）\\.", end_date=date(2024, 1, 2), training_year=2024, sex=None,
    )  # fmt: skip
    load, _ = deliver(each_warehouse, batch(given, row(3, sheet=None, id_number=None)))
    first, second = each_warehouse.records(load.delivery_id).iter_rows(named=True)
    assert {name: first[name] for name in FIELDS if name != "id_number"} == {
        name: given.get(name) for name in FIELDS if name != "id_number"
    }
    assert (first["sheet"], second["sheet"]) == ("Sheet1", None)
    assert len(first["person_key"]) == 32
    assert second["person_key"] is None


def test_the_books_count_every_row_in_one_outcome(each_warehouse):
    good = [one(3), one(4), one(4, mode_detail="online")]
    warned = [fault(3, "id_number.masked", "身份证号", "warning"), BAD, fault(9, "hours.range", "学时")]
    load, counts = deliver(
        each_warehouse, batch(*good, faults=warned, skips={1: "title", 2: "header", 7: "header"})
    )
    assert (counts.read, counts.loaded, counts.quarantined, counts.skipped, counts.records) == (6, 2, 1, 3, 3)
    assert counts.skips == {"header": 2, "title": 1}
    assert counts.reasons == {"hours.range": 1, "id_number.checksum": 1}
    assert counts.warnings == {"id_number.masked": 1}
    line = each_warehouse.known(load_fingerprint(each_warehouse, load))
    assert [line[f"rows_{name}"] for name in ("read", "loaded", "quarantined", "skipped")] == [6, 2, 1, 3]


def load_fingerprint(warehouse, load):
    return warehouse.deliveries().filter(delivery_id=load.delivery_id)["fingerprint"].item()


@pytest.mark.parametrize("read", [0, 1, 3])
def test_a_row_that_is_nowhere_or_twice_takes_the_delivery_back(each_warehouse, read):
    with pytest.raises(BalanceError):
        deliver(each_warehouse, batch(one(1), one(2), read=read))
    assert each_warehouse.deliveries().is_empty()


def test_a_row_both_loaded_and_refused_takes_the_delivery_back(warehouse):
    with pytest.raises(BalanceError):
        deliver(warehouse, batch(one(9), faults=[BAD], read=1))


@pytest.mark.parametrize("wrong", ["refused", "issues"])
def test_a_refused_row_without_a_reason_or_the_reverse_is_a_defect(warehouse, wrong):
    prepared = batch(one(1), faults=[BAD])
    lacking = {
        name: getattr(prepared, name) for name in ("records", "keys", "issues", "skips", "refused", "read")
    }
    lacking[wrong] = lacking[wrong].clear()
    with pytest.raises(BalanceError):
        deliver(warehouse, type(prepared)(**lacking))


def test_many_batches_are_one_delivery(each_warehouse):
    load, counts = deliver(each_warehouse, *(batch(one(number)) for number in range(1, 8)))
    assert (counts.read, counts.loaded) == (7, 7)
    assert each_warehouse.records(load.delivery_id)["row"].to_list() == list(range(1, 8))


def test_an_empty_delivery_balances(each_warehouse):
    load, counts = deliver(each_warehouse, batch(), limit=0.0)
    assert load.result == "loaded"
    assert counts.read == 0


@pytest.mark.parametrize("error", [DeliveryError("timeout"), KeyboardInterrupt()])
def test_whatever_goes_wrong_nothing_of_the_delivery_stays(each_warehouse, error):
    with pytest.raises(type(error)), delivering(each_warehouse) as load:
        load.add(batch(one(1), faults=[BAD]))
        load.finish(1.0)
        raise error
    assert each_warehouse.deliveries().is_empty()
    assert each_warehouse.measures()["current_records"] == "0"
    deliver(each_warehouse, batch(one(1)))


def test_books_left_open_take_the_delivery_back(warehouse):
    with pytest.raises(BalanceError), delivering(warehouse) as load:
        load.add(batch(one(1)))
    assert warehouse.deliveries().is_empty()


SLOT = {"semantics": "snapshot", "place": at(1, slot="2023")}


def shrink(warehouse, kept: int, limit: float, standing: int = 10):
    """A snapshot of some of the records that stand in its slot."""
    deliver(warehouse, batch(*(one(number) for number in range(1, standing + 1))), **SLOT)
    later = {"semantics": "snapshot", "place": at(2, slot="2023"), "name": "b"}
    with delivering(warehouse, **later) as load:
        load.add(batch(*(one(number) for number in range(1, kept + 1)), faults=[fault(99, "hours.range")]))
        counts = load.finish(0.5, shrink=limit)
    return load, counts


def test_a_delivery_that_would_withdraw_too_much_is_rejected_and_nothing_is_withdrawn(each_warehouse):
    load, counts = shrink(each_warehouse, kept=6, limit=0.3)
    assert (load.result, load.refusal.error) == ("rejected", "too_much_withdrawn")
    assert load.refusal.detail == {"share": "0.4000", "limit": "0.3", "withdrawn": 4, "standing": 10}
    assert load.plan == Plan()
    assert (counts.read, counts.loaded, counts.quarantined, counts.skipped) == (7, 0, 1, 6)
    assert counts.skips == {"delivery_rejected": 6}
    assert each_warehouse.measures()["current_records"] == "10"
    assert each_warehouse.measures()["withdrawn_records"] == "0"
    line = each_warehouse.deliveries().filter(result="rejected").to_dicts()[0]
    assert (line["error"], json.loads(line["detail"])) == ("too_much_withdrawn", load.refusal.detail)
    assert each_warehouse.known(arrival("b").fingerprint) is None, "it is tried again"


def test_what_was_stopped_leaves_the_warehouse_as_if_it_had_not_come_but_for_its_own_lines(each_warehouse):
    shrink(each_warehouse, kept=2, limit=0.3)
    assert each_warehouse.faults() == []
    assert each_warehouse.sizes()["record"] == 10


@pytest.mark.parametrize(("kept", "limit"), [(7, 0.3), (1, 1.0), (5, 0.5), (10, 0)])
def test_a_delivery_at_the_limit_is_loaded(each_warehouse, kept, limit):
    load, _ = shrink(each_warehouse, kept, limit)
    assert load.result == "loaded"
    assert load.plan.withdrawn == 10 - kept


def test_the_share_is_of_the_slot_and_not_of_the_source(each_warehouse):
    other = {"semantics": "snapshot", "place": at(1, slot="2022"), "name": "old"}
    deliver(each_warehouse, batch(*(one(number, class_name="1") for number in range(1, 51))), **other)
    load, _ = shrink(each_warehouse, kept=6, limit=0.3)
    assert load.refusal.detail["standing"] == 10


def test_a_stopped_delivery_is_loaded_when_it_comes_again_and_may(each_warehouse):
    shrink(each_warehouse, kept=6, limit=0.3)
    later = {"semantics": "snapshot", "place": at(2, slot="2023"), "name": "b"}
    load, _ = deliver(each_warehouse, batch(*(one(number) for number in range(1, 7))), **later)
    assert (load.result, load.plan.withdrawn) == ("loaded", 4)
    assert each_warehouse.deliveries()["result"].to_list() == ["loaded", "loaded"]


def test_a_rehearsal_sees_what_it_wrote_and_keeps_nothing(each_warehouse):
    deliver(each_warehouse, batch(one(1, hours=8)))
    before = each_warehouse.sizes()
    with each_warehouse.rehearsal():
        load, _ = deliver(each_warehouse, batch(one(1, hours=4)), name="b", place=at(2))
        again, _ = deliver(each_warehouse, batch(one(1, hours=2), one(2)), name="c", place=at(3))
        each_warehouse.failed(arrival("d"), None, "empty", {}, RUN)
        assert each_warehouse.known(arrival("b").fingerprint) is not None
        assert each_warehouse.deliveries()["file"].to_list() == ["d", "a.xlsx", "b", "c"]
        with pytest.raises(KeyError), delivering(each_warehouse, "e", at(4)) as broken:
            broken.add(batch(one(3)))
            raise KeyError
        assert each_warehouse.measures()["current_records"] == "2"
    assert (load.plan, again.plan) == (Plan(updated=1), Plan(inserted=1, updated=1))
    assert each_warehouse.sizes() == before
    assert standing(each_warehouse, "hours") == [8]
    deliver(each_warehouse, batch(one(1, hours=4)), name="b", place=at(2))
    assert standing(each_warehouse, "hours") == [4]


def test_a_rehearsal_of_many_large_deliveries_needs_no_file_of_its_own(sqlite_url, monkeypatch):
    monkeypatch.setattr(bulk, "FEW", 1)
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse, warehouse.rehearsal():
        for number in range(12):
            deliver(warehouse, batch(one(1), one(2), one(3)), name=f"{number}", place=at(number))
        assert warehouse.measures()["current_records"] == "3"


def test_a_dry_run_tells_everything_and_keeps_nothing(each_warehouse):
    deliver(each_warehouse, batch(one(1)), place=at(1))
    load, counts = deliver(
        each_warehouse, batch(one(1, hours=4), one(2)), name="b", place=at(2), dry_run=True
    )
    assert (load.plan, counts.loaded) == (Plan(inserted=1, updated=1), 2)
    assert standing(each_warehouse, "row", "hours") == [(1, 8)]
    assert each_warehouse.deliveries().height == 1


def test_headers_are_accounted_for_in_the_ledger(warehouse):
    account = HeaderAccount("a.xlsx", "Sheet1", ("姓名",), ("序号",), ("手机",), ())
    with delivering(warehouse) as load:
        load.finish(accounts=[account])
    (told,) = json.loads(warehouse.deliveries()["accounts"].item())
    assert (told["mapped"], told["dropped"]) == (["姓名"], ["手机"])


# ── repeats (rulings 10, 11) ──


def test_an_identical_repeat_is_skipped(each_warehouse):
    load, counts = deliver(each_warehouse, batch(one(1), one(2), one(1) | {"row": 3}))
    assert skips(load, each_warehouse) == [(3, "skip:duplicate")]
    assert (counts.loaded, counts.skipped, counts.records) == (2, 1, 2)


def test_a_repeat_with_other_values_is_quarantined_and_names_the_row_that_stays(each_warehouse):
    load, counts = deliver(each_warehouse, batch(one(1)), batch(one(1, hours=4) | {"row": 7, "sheet": "乙"}))
    assert reasons(load, each_warehouse) == [(7, "duplicate.in_delivery")]
    assert (counts.loaded, counts.quarantined) == (1, 1)
    (line,) = each_warehouse.quarantined("sample").iter_rows(named=True)
    (told,) = json.loads(line["reasons"])
    assert told["detail"] == {"other_file": "a.xlsx", "other_sheet": "Sheet1", "other_row": 1}
    cells = json.loads(line["cells"])
    assert (cells["person_name"], cells["hours_x100"], cells["id_masked"]) == (
        "测试甲",
        "400",
        "500***********0001",
    )


def test_three_rows_under_one_key_are_all_held_against_the_first(each_warehouse):
    rows = [one(1), one(1, hours=4) | {"row": 2}, one(1) | {"row": 3}, one(1, hours=4) | {"row": 4}]
    load, _ = deliver(each_warehouse, batch(*rows))
    assert reasons(load, each_warehouse) == [(2, "duplicate.in_delivery"), (4, "duplicate.in_delivery")]
    assert skips(load, each_warehouse) == [(3, "skip:duplicate")]


def test_of_a_row_that_repeats_in_part_the_new_records_stay(each_warehouse):
    rows = [one(1), one(1) | {"row": 2}, one(1, mode_detail="online") | {"row": 2}]
    load, counts = deliver(each_warehouse, batch(*rows))
    lines = each_warehouse.outcomes(load.delivery_id).select("row", "outcome", "n_records").rows()
    assert lines == [(1, "loaded", 1), (2, "loaded", 1)]
    assert counts.records == 2


def test_a_row_that_contradicts_in_part_goes_whole_and_leaves_its_other_keys_free(each_warehouse):
    online = {"mode_detail": "online"}
    rows = [
        one(1),
        one(1, hours=4) | {"row": 2},
        one(1, **online) | {"row": 2},
        one(1, **online) | {"row": 3},
    ]
    load, _ = deliver(each_warehouse, batch(*rows))
    assert reasons(load, each_warehouse) == [(2, "duplicate.in_delivery")]
    assert standing(each_warehouse, "row") == [1, 3]


def test_a_row_that_contradicts_itself_is_quarantined(warehouse):
    load, _ = deliver(warehouse, batch(one(1), one(1, hours=4)))
    assert reasons(load, warehouse) == [(1, "duplicate.in_delivery")]


def test_warnings_go_with_the_repeated_row(warehouse):
    warned = [fault(number, "title.unknown", "职称", "warning") for number in (1, 2, 3)]
    rows = [one(1), one(1) | {"row": 2}, one(1, hours=4) | {"row": 3}]
    _, counts = deliver(warehouse, batch(*rows, faults=warned))
    assert counts.warnings == {"title.unknown": 1}


def test_reading_order_decides_even_when_a_frame_comes_kind_by_kind(warehouse):
    online = {"mode_detail": "online"}
    rows = [one(1, hours=4) | {"row": 5}, one(2), one(1), one(1, **online), one(1, **online) | {"row": 5}]
    load, _ = deliver(warehouse, batch(*rows))
    assert reasons(load, warehouse) == [(5, "duplicate.in_delivery")]


def repeats_by_hand(rows):
    """Rulings 10 and 11 in plain Python: row → outcome."""
    kept, outcome = {}, {}
    for number, (person, hours) in enumerate(rows, 1):
        if person not in kept:
            kept[person] = hours
            outcome[number] = "loaded"
        else:
            outcome[number] = "skipped" if kept[person] == hours else "quarantined"
    return outcome


@pytest.fixture(scope="module")
def common():
    with Warehouse.memory() as opened:
        yield opened


@settings(max_examples=30)
@given(
    rows=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2)), min_size=1, max_size=8),
    cut=st.integers(0, 8),
)
def test_repeats_end_as_the_rulings_say_however_the_rows_are_batched(common, rows, cut):
    made = [one(person, hours=hours) | {"row": number} for number, (person, hours) in enumerate(rows, 1)]
    batches = [batch(*part) for part in (made[:cut], made[cut:]) if part]
    load, counts = deliver(common, *batches, source=f"source {next(NUMBERS)}")
    lines = common.outcomes(load.delivery_id)
    assert dict(lines.select("row", "outcome").iter_rows()) == repeats_by_hand(rows)
    assert counts.balanced


# ── the last submission wins (ruling 12) ──

TOPIC = {"key": ("person", "project_name", "class_name"), "variant": ()}


def submitted(number, hour, person=1, **fields):
    """A row handed in at that hour; None: nobody knows when."""
    moment = None if hour is None else datetime(2023, 6, 1, hour)
    return one(person, submitted=moment, **fields) | {"row": number}


def test_of_several_submissions_the_last_stays_wherever_it_stands_and_whatever_it_says(each_warehouse):
    rows = [
        submitted(2, 9),
        submitted(3, 11, hours=4, start_date=date(2023, 3, 7)),
        submitted(4, 10),
        submitted(5, 8, class_name="另一课题"),
    ]
    load, counts = deliver(each_warehouse, batch(*rows[:1]), batch(*rows[1:]), **TOPIC)
    assert skips(load, each_warehouse) == [(2, "skip:superseded"), (4, "skip:superseded")]
    assert reasons(load, each_warehouse) == []
    assert standing(each_warehouse, "row") == [3, 5]
    assert (counts.loaded, counts.skipped, counts.records) == (2, 2, 2)


def test_of_submissions_at_one_moment_or_at_none_the_last_in_the_file_stays(each_warehouse):
    rows = [
        submitted(2, 9),
        submitted(3, 9),
        submitted(4, None),
        submitted(5, None, 2),
        submitted(6, None, 2),
    ]
    deliver(each_warehouse, batch(*rows), **TOPIC)
    assert standing(each_warehouse, "row") == [3, 6]


def test_whom_only_a_superseded_submission_mentioned_is_nobody(warehouse):
    rows = [submitted(2, 9, 1, agency_record_id="7"), submitted(3, 10, 2, agency_record_id="7")]
    deliver(warehouse, batch(*rows), key=("agency_record_id",), variant=())
    assert warehouse.measures()["persons_with_id"] == "1"
    with warehouse._ask() as connection:
        assert connection.exec_driver_sql("select count(*) from person").scalar_one() == 1


def test_warnings_go_with_the_superseded_submission(warehouse):
    warned = [fault(number, "title.unknown", "职称", "warning") for number in (2, 3)]
    _, counts = deliver(warehouse, batch(submitted(2, 9), submitted(3, 8), faults=warned), **TOPIC)
    assert counts.warnings == {"title.unknown": 1}


@settings(max_examples=30)
@given(
    rows=st.lists(st.tuples(st.integers(1, 3), st.none() | st.integers(0, 3)), min_size=1, max_size=8),
    cut=st.integers(0, 8),
)
def test_the_last_submission_stays_however_the_rows_are_batched(common, rows, cut):
    made = [submitted(number, hour, person) for number, (person, hour) in enumerate(rows, 1)]
    batches = [batch(*part) for part in (made[:cut], made[cut:]) if part]
    assume(any(hour is not None for _, hour in rows))  # rows that tell no moment are no submissions
    load, counts = deliver(common, *batches, source=f"source {next(NUMBERS)}", **TOPIC)
    last = {}
    for number, (person, hour) in enumerate(rows, 1):
        rank = (-1 if hour is None else hour, number)
        last[person] = max(rank, last.get(person, rank))
    loaded = common.outcomes(load.delivery_id).filter(outcome="loaded")["row"].to_list()
    assert loaded == sorted(number for _, number in last.values())
    assert counts.balanced


# ── too many errors (ruling 14) ──


def test_above_the_limit_good_rows_are_skipped_and_faulty_ones_stay(each_warehouse):
    warned = fault(1, "title.unknown", "职称", "warning")
    rows = [one(1), one(2), one(2, mode_detail="online"), one(3)]
    load, counts = deliver(each_warehouse, batch(*rows, faults=[BAD, warned], skips={8: "note"}), limit=0.2)
    assert load.result == "rejected"
    assert (counts.loaded, counts.quarantined, counts.skipped, counts.records) == (0, 1, 4, 0)
    assert counts.skips == {"delivery_rejected": 3, "note": 1}
    assert counts.warnings == {}
    line = each_warehouse.deliveries().row(0, named=True)
    assert (line["result"], line["error"]) == ("rejected", "too_many_errors")
    assert json.loads(line["detail"]) == {"share": "0.2500", "limit": "0.2"}
    assert set(each_warehouse.measures().values()) == {"0"}


def test_exactly_at_the_limit_is_not_above_it(warehouse):
    load, _ = deliver(warehouse, batch(*(one(number) for number in range(1, 5)), faults=[BAD]), limit=0.2)
    assert load.result == "loaded"


def test_a_rejected_delivery_leaves_no_person_and_no_organisation(each_warehouse):
    deliver(each_warehouse, batch(one(1)), name="first")
    deliver(each_warehouse, batch(one(1), one(2, employer_name="二小"), faults=[BAD]), name="b", limit=0.0)
    assert count(each_warehouse, "person") == 1
    assert count(each_warehouse, "organisation") == 1


def test_a_rejected_delivery_may_come_again_in_its_own_place(each_warehouse):
    again = batch(one(1), faults=[BAD])
    deliver(each_warehouse, again, limit=0.1)
    deliver(each_warehouse, again, limit=0.9)
    assert each_warehouse.deliveries()["result"].to_list() == ["loaded"]
    assert standing(each_warehouse, "row") == [1]


# ── persons and organisations ──


def ask(warehouse, statement):
    with warehouse._ask() as connection:
        return sorted(tuple(each) for each in connection.exec_driver_sql(statement))


def count(warehouse, table):
    return ask(warehouse, f"select count(*) from {table}")[0][0]


def test_a_person_is_entered_once_with_a_masked_number_and_the_sex_of_the_number(each_warehouse):
    deliver(
        each_warehouse,
        batch(one(1, sex=2), one(1, sex=2, mode_detail="online"), one(2), one(3, id_number=None)),
    )
    assert ask(each_warehouse, "select id_masked, sex, id_type from person") == [
        ("500***********0001", 2, "resident_id"),
        ("500***********0002", 2, "resident_id"),
    ]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_what_a_passport_does_not_say_is_the_same_whoever_came_first(each_warehouse, order):
    said = {1: {"sex": 0, "id_type": "passport"}, 2: {"sex": 2, "id_type": "other"}}
    for number in order:
        mine = one(1, id_number="E12345678", **said[number])
        deliver(each_warehouse, batch(mine), name=str(number), place=at(number))
    assert ask(each_warehouse, "select id_masked, sex, id_type from person") == [("E******78", 2, "other")]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_organisations_are_entered_once_by_name_and_code(each_warehouse, order):
    rows = {
        1: one(1, employer_code="1", employer_division="500102", provider_name="进修学校"),
        2: one(2, employer_code="1", employer_division="500101", provider_name="进修学校"),
    }
    for number in order:
        deliver(each_warehouse, batch(rows[number], one(3)), name=str(number), place=at(number))
    assert ask(each_warehouse, "select name, code, coalesce(division, '-') from organisation") == [
        ("测试小学", "", "-"), ("测试小学", "1", "500101"), ("进修学校", "", "-"),
    ]  # fmt: skip


# ── secrecy ──


def test_no_number_is_in_any_byte_of_the_warehouse(tmp_path):
    file = tmp_path / "w.sqlite"
    numbers = [f"50019919800101{number:04}" for number in range(1, 60)]
    rows = [one(number) for number in range(1, 60)]
    rows += [one(1, hours=4) | {"row": 100}, one(2) | {"row": 101}]
    bad = [fault(number, "id_number.checksum", "身份证号") for number in range(200, 220)]
    with Warehouse.open(str(file), Keys.random()) as warehouse:
        deliver(warehouse, batch(*rows, faults=bad, keys=[one(3) | {"row": 200}]))
        written = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    written += b"".join(each.read_bytes() for each in tmp_path.iterdir())
    canaries = [*numbers, "5001991900010102"]
    for text in canaries:
        for form in (text.encode(), text.encode("utf-16-le"), base64.b64encode(text.encode())[:20]):
            assert form not in written


def test_quarantined_cells_open_with_the_key_only(each_warehouse):
    load, _ = deliver(each_warehouse, batch(faults=[BAD]))
    cells = each_warehouse.quarantined("sample", load.delivery_id)["cells"].item()
    assert json.loads(cells) == {"身份证号": "500199190001010009"}
    assert each_warehouse.quarantined("other").is_empty()
    each_warehouse._keys = Keys.random()
    with pytest.raises(KeyFileError):
        each_warehouse.quarantined("sample")


def test_no_error_of_a_database_tells_a_value(each_warehouse):
    with pytest.raises(WarehouseError) as caught:
        deliver(each_warehouse, batch(one(1, person_name=None, employer_name="机密小学")))
    told = f"{caught.value!r} {caught.value}"
    assert "机密" not in told
    assert "Integrity" in told or "NotNull" in told
    assert caught.value.__suppress_context__


def test_without_keys_a_warehouse_answers_but_does_not_load(tmp_path):
    file = str(tmp_path / "w.sqlite")
    with Warehouse.open(file, Keys.random()) as warehouse:
        deliver(warehouse, batch(one(1)))
    with Warehouse.open(file, None) as warehouse:
        assert warehouse.measures()["current_records"] == "1"
        with pytest.raises(KeyFileError):
            deliver(warehouse, batch(one(2)), name="b")


def test_another_key_is_refused_before_the_first_row(warehouse_url):
    Warehouse.open(warehouse_url, Keys.random()).close()
    with pytest.raises(KeyFileError):
        Warehouse.open(warehouse_url, Keys.random())


def test_analysts_read_standing_records_as_decimals_without_numbers(each_warehouse):
    deliver(each_warehouse, batch(one(1, hours=Decimal("7.50")), one(2, status="withdrawn")))
    ((masked, hours),) = ask(each_warehouse, "select id_masked, hours from training_record")
    assert (masked, Decimal(str(hours))) == ("500***********0001", Decimal("7.5"))


def test_frames_without_carried_fields_load_too(warehouse):
    prepared = batch(one(1))
    bare = prepared.records.drop("namesake", "own_side", "reporter")
    lean = type(prepared)(bare, pl.DataFrame(), prepared.issues, prepared.skips, prepared.refused, 1)
    load, _ = deliver(warehouse, lean, place=at(1, reporter="潼南"))
    assert warehouse.records(load.delivery_id).select("reporter", "own_side").rows() == [("潼南", False)]
