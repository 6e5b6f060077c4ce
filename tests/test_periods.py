from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.periods import beside, kinds, loose, told


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [
        ("璧山区继续教育登记_2024上.csv", "half", "2024上半年"),
        ("登记２０２４（下）.xlsx", "half", "2024下半年"),
        ("登记二〇二四年下半年.xlsx", "half", "2024下半年"),
        ("登记2024年上期教师.xlsx", "half", "2024上半年"),
        ("登记2024年第一学期.xlsx", "term", "2024第1学期"),
        ("登记2023-2024学年上期.xlsx", "school_year+half", "2023-2024上期"),
        ("登记23-24学年度第二学期.xlsx", "school_year+term", "2023-2024第2学期"),
        ("石柱县2023年春季晒课登记_160.xlsx", "season", "2023春"),
        ("2024年暑期台账.csv", "season", "2024暑"),
        ("登记2024年第2季度.xlsx", "quarter", "2024第2季度"),
        ("登记2024Q3.xlsx", "quarter", "2024第3季度"),
        ("登记（第三批）2024.xlsx", "batch", "2024第3批"),
        ("登记2024年第十二期.csv", "batch", "2024第12期"),
        ("西南大学国培结业数据_2023_第1批.csv", "batch", "2023第1批"),
        ("2024年上半年第二批.csv", "half+batch", "2024上半年第2批"),
        ("登记2024.3-6.xlsx", "months", "2024-03~06"),
        ("登记2024年3月至6月.xlsx", "months", "2024-03~06"),
        ("台账2023.9-2024.2.csv", "months", "2023-09~次年02"),
        ("台账2023年11月.xls", "month", "2023-11"),
        ("市培学分_202307.xml", "month", "2023-07"),
        ("pull_20231008", "day", "2023-10-08"),
        ("国培2023学员学习情况_20231225.xlsx", "year+day", "2023-12-25"),
        ("台账2024.3.1-2024.3.15.csv", "days", "2024-03-01~03-15"),
        ("学分2022-2023年度.csv", "school_year", "2022-2023"),
        ("规划2021-2025.csv", "years", "2021-2025"),
        ("PX2022.DBF", "year", "2022"),
        ("万州区2024年信息技术能力提升工程2.0培训结业名册.xlsx", "year", "2024"),
        ("2024年送教下乡台账.xlsx", "year", "2024"),
    ],
)
def test_the_name_of_a_file_tells_its_period(name, kind, label):
    found = told(name, "2020年上半年")
    assert found is not None
    assert (found.kind, found.label, found.where, found.left) == (kind, label, "name", ())
    assert told(name, "", kind) == found


@pytest.mark.parametrize(
    "name", ["台账.xls", "500199198001.csv", "编号120239.csv", "上半年.csv", "2024年2月31日.csv"]
)
def test_other_numbers_and_days_that_do_not_exist_are_no_period(name):
    assert told(name) is None


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("2024上教师登记.csv", ("上",)),
        ("2024年二次名单.xlsx", ("次",)),
        ("登记_2024_2.csv", ("2",)),
        ("2024年末批.csv", ("批",)),
    ],
)
def test_a_word_that_may_tell_a_period_is_left_over_and_answered_by_nobody_but_a_person(name, left):
    found = told(name)
    assert found is not None
    assert found.left == left
    assert told(name, "", "year") is None
    assert told(name, "", "year", beside(left)) == found


def test_a_person_may_say_that_a_word_is_the_half_year():
    assert kinds("2024上教师登记.csv") == ("year", "half")
    halves = [told(f"2024{word}教师登记.csv", "", "half") for word in "上下"]
    assert [each and each.label for each in halves] == ["2024上半年", "2024下半年"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("2024年上半年台账.xls", "year"),
        ("2024年台账.xls", "half"),
        ("2024年上半年第2批.xls", "half"),
        ("2024年7月.xls", "year"),
    ],
)
def test_a_name_that_tells_more_or_less_than_the_form_is_in_no_slot(name, kind):
    assert told(name, "", kind) is None


def test_the_title_is_asked_where_the_name_is_silent_and_the_dates_of_the_table_itself_are_not():
    found = told("台账.xls", "填表时间：2022.7.20\n某区2023年下半年台账")
    assert found is not None
    assert (found.kind, found.where, found.text, found.label) == (
        "half",
        "title",
        "2023年下半年",
        "2023下半年",
    )


def test_the_days_of_a_training_are_its_period_where_nothing_else_is_told():
    found = told("签到.xls", "填表时间：2022.7.20\n培训时间：2024.3.1-3.5")
    assert found is not None
    assert (found.kind, found.where) == ("days", "title")


def test_a_title_that_says_which_part_of_the_year_is_believed_before_a_name_that_does_not():
    found = told("2023年台账.xls", "某区2023年下半年台账")
    assert found is not None
    assert (found.where, found.label) == ("title", "2023下半年")


def test_name_and_title_tell_a_period_together():
    halves = [told(f"登记（{word}）.xls", "某县2024年台账", "half") for word in "上下"]
    assert [each and each.label for each in halves] == ["2024上半年", "2024下半年"]


@pytest.mark.parametrize(
    ("name", "version"),
    [("台账2024", 1), ("台账2024更正", 2), ("台账2024补正2", 3), ("台账2024第二次更正", 3)],
)
def test_a_version_is_no_period(name, version):
    found = told(name + ".xlsx")
    assert found is not None
    assert (found.label, found.version) == ("2024", version)


NUMERALS = "一二三四五六七八九"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def written(number: int, how: str) -> str:
    """A number up to 19 in digits, in full width or in Chinese."""
    if how == "wide":
        return str(number).translate(WIDE)
    if how == "han":
        return ("十" if number > 9 else "") + ("" if number == 10 else NUMERALS[number % 10 - 1])
    return str(number)


# Form of the name with year and number → how many numbers there are; «上下» stand for two of them.
FORMS = {
    **dict.fromkeys(
        (
            "登记_{y}{h}.csv",
            "登记{y}（{h}）.xls",
            "{y}年{h}半年登记.xls",
            "{y}-{z}学年{h}期登记.csv",
            "{y}年度{h}学期登记",
        ),
        2,
    ),
    **dict.fromkeys(("登记{y}年第{n}学期.csv", "登记{y}-{z}学年第{n}学期.csv"), 3),
    **dict.fromkeys(("登记{y}年第{n}季度.csv", "{y}年{n}季度登记.csv"), 4),
    **dict.fromkeys(
        (
            "（第{n}批）{y}登记.xls",
            "{y}年国培第{n}期.csv",
            "{y}_第{n}批次_登记.csv",
            "{y}年第{n}轮.csv",
            "{y}第{n}班名册.csv",
        ),
        19,
    ),
    **dict.fromkeys(
        (
            "登记{y}年{n}月.csv",
            "{y}年{n}月份登记.csv",
            "登记{y}年{n}-12月.csv",
            "登记{y}年{n}月至12月.csv",
            "登记{y}年{n}月5日.csv",
        ),
        12,
    ),
}
MONTHLY = "登记{y}.{n}-{m}.xlsx"


@given(
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(["plain", "wide", "han"]),
    st.integers(2019, 2031),
    st.integers(2019, 2031),
)
def test_names_of_one_form_with_different_periods_never_share_a_slot(form, how, one, other):
    names = {
        form.format(
            y=str(year).translate(WIDE) if how == "wide" else year,
            z=year + 1,
            n=written(number, how),
            h="上下"[number % 2],
        )
        for year in {one, other}
        for number in range(1, FORMS[form] + 1)
    }
    found = [told(name) for name in sorted(names)]
    assert len({each.kind for each in found if each}) == 1
    assert (
        len({each.label for each in found if each})
        == len({each.order for each in found if each})
        == len(names)
    )


def test_no_two_ranges_of_months_share_a_slot():
    ranges = list(combinations(range(1, 13), 2))
    found = {told(MONTHLY.format(y=2024, n=first, m=last)).label for first, last in ranges}  # type: ignore[union-attr]
    assert len(found) == len(ranges)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_the_pattern_of_a_name_does_not_freeze_its_period(name):
    one = name.format(y=2024, z=2025, n=1, h="上")
    pattern = ".*".join(re.escape(part) for part in loose(one, "half"))
    assert re.search(pattern, name.format(y=2031, z=2032, n=2, h="下"))
