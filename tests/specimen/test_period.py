from __future__ import annotations

import re

import pytest

from etl_core.specimen.period import AGAIN, period, titled


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("铜梁区2023年上半年教师培训台账.xls", "half"),
        ("石柱县2023年春季晒课登记_160.xlsx", "season"),
        ("西南大学国培结业数据_2023_第1批.csv", "batch"),
        ("pull_20231008", "day"),
        ("国培2023学员学习情况_20231225.xlsx", "day"),
        ("市培学分_202307.xml", "month"),
        ("台账2023年11月.xls", "month"),
        ("学分2022-2023年度.csv", "school_year"),
        ("PX2022.DBF", "year"),
    ],
)
def test_the_name_of_a_file_tells_its_period(name, kind):
    told = period(name, "2020年上半年")
    assert told is not None
    assert (told.kind, told.where) == (kind, "name")


def test_the_title_is_asked_where_the_name_is_silent():
    told = period("台账.xls", "某区2023年下半年台账")
    assert told is not None
    assert (told.kind, told.where, told.text) == ("half", "title", "2023年下半年")


@pytest.mark.parametrize("name", ["台账.xls", "500199198001.csv", "编号120239.csv"])
def test_other_numbers_are_no_period(name):
    assert period(name, "") is None


def test_a_version_is_told_by_its_word():
    assert [found[1] for found in re.finditer(AGAIN, "台账补正 台账更正2")] == ["", "2"]


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("研修时间：2023.3.6-7.14", ("研修时间", "2023.3.6-7.14")),
        ("研修时间：另行通知", ("", "")),
        ("填表时间：2023.7.20", ("", "")),
    ],
)
def test_dates_of_all_rows_stand_behind_their_label(above, told):
    assert titled(above) == told
