"""Keys of records, rows and events."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.warehouse.identity import event_key, record_key, row_key
from tests.warehouse.samples import KEY, VARIANT, one, records

TEXT = st.one_of(st.none(), st.text(alphabet="1:-ap\x1f学", max_size=4))


def frame(*rows):
    return records(list(rows)).with_columns(
        pl.col("id_number").cast(pl.Binary).alias("person_key")
    )  # fmt: skip


def key_of(*fields, key=KEY, source="s"):
    return record_key(frame(*fields), source, key).to_list()


def same(left, right, key=KEY):
    first, second = key_of(one(1) | left, one(1) | right, key=key)
    return first == second


def test_a_key_has_16_bytes_and_is_the_same_every_time():
    first, second = key_of(one(1)), key_of(one(1))
    assert first == second
    assert len(first[0]) == 16


@given(TEXT, TEXT, TEXT, TEXT)
def test_two_keys_are_the_same_only_where_every_field_is(a, b, c, d):
    left, right = {"agency_record_id": a, "class_name": b}, {"agency_record_id": c, "class_name": d}
    assert same(left, right, key=("agency_record_id", "class_name")) is ((a, b) == (c, d))


def test_the_same_agency_id_in_two_sources_is_two_records():
    assert key_of(one(1), source="s") != key_of(one(1), source="t")


@pytest.mark.parametrize("name", ["项目 一", "项目\n一", "项\u3000目一\t", "项目一"])
def test_white_space_in_names_does_not_count(name):
    assert same({"project_name": name}, {"project_name": "项目一"})
    assert same({"id_number": None, "employer_name": name}, {"id_number": None, "employer_name": "项目一"})


def test_the_number_is_the_person_and_the_name_does_not_matter():
    assert same(
        {"person_name": "甲", "employer_name": "一小"}, {"person_name": "乙", "employer_name": "二小"}
    )


@pytest.mark.parametrize("change", [{"person_name": "乙"}, {"employer_name": "二小"}, {"namesake": "大"}])
def test_without_a_number_name_employer_and_namesake_are_the_person(change):
    nobody = {"id_number": None, "person_name": "甲", "employer_name": "一小"}
    assert same(nobody, nobody)
    assert not same(nobody, nobody | change)


def test_without_a_start_date_the_year_is_in_the_key():
    undated = {"start_date": None, "end_date": None}
    assert not same(undated | {"training_year": 2022}, undated | {"training_year": 2023})
    assert same({"training_year": 2022}, {"training_year": 2023})


def test_a_row_key_leaves_out_what_differs_within_a_row():
    rows = frame(one(1), one(1, mode_detail="online"), one(2))
    keys = row_key(rows, "s", KEY, VARIANT).to_list()
    assert keys[0] == keys[1] != keys[2]
    assert record_key(rows, "s", KEY).n_unique() == 3


def test_two_reports_of_one_event_have_one_event_key():
    here = one(1, reporter="潼南", level=20, hours=4, agency_record_id="A")
    there = one(1, reporter="遂宁", level=30, hours=2, agency_record_id="B")
    assert event_key(frame(here, there)).n_unique() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"start_date": date(2023, 3, 7)}, {"end_date": date(2023, 3, 9)}, {"role": "trainer"},
        {"mode_detail": "online"}, {"class_name": "二班"}, {"project_name": "别的"}, {"training_year": 2022},
        {"credit_kind": "public"}, {"id_number": "500199198001010023"},
    ],
)  # fmt: skip
def test_another_event_has_another_event_key(change):
    assert event_key(frame(one(1), one(1) | change)).n_unique() == 2
