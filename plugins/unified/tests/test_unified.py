"""The source unified keeps everything that a source plugin promises, and its form is the unified contract's."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl_core.contract import origins
from etl_core.testing import SourceSuite
from etl_schemas.messages import text
from etl_schemas.training import FIELDS
from etl_source_unified.contract import Records
from etl_source_unified.place import place


class TestUnified(SourceSuite):
    source = "unified"
    folder = Path(__file__).parent


# What follows from other columns is not asked for.
MADE = {"mode", "date_precision", "hours_basis", "credits_basis"}


def test_the_form_has_a_column_for_every_field_of_the_dictionary_that_is_not_made_of_another():
    headers = [origin.headers[0].text for origin in origins(Records).values() if origin.kind == "header"]
    assert headers == [text(f"field.{field}") for field in FIELDS if field not in MADE]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("教师培训记录_甲校_2024年.xlsx", "2024-1"),
        ("教师培训记录_甲校_2024年上半年_更正.xlsx", "2024上半年-2"),
        ("教师培训记录_甲校_2024年3月更正2.csv", "2024-03-3"),
    ],
)
def test_reporter_period_and_version_stand_in_the_files_name(name, label):
    found = place(name, "")
    assert found is not None
    assert (found.label, found.reporter) == (label, "甲校")


def test_a_later_part_of_the_year_and_a_correction_come_later():
    parts = ("1月", "上半年", "春季", "9月", "下半年", "秋季", "")
    places = [place(f"教师培训记录_甲校_2024年{part}.xlsx", "") for part in parts]
    orders = [found.order for found in places if found]
    assert len(orders) == len(parts)
    assert orders == sorted(orders)
    again = place("教师培训记录_甲校_2024年_更正.xlsx", "")
    assert again is not None
    assert again.order > orders[-1]


def test_another_name_tells_nothing():
    assert place("培训记录2024.xlsx", "") is None
