from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from etl_core.expressions import divisions, gazetteer
from etl_schemas import tables


def find(
    county: str | None, on: str | None, prefecture: str | None = None, province: str | None = None
) -> object:
    frame = pl.DataFrame(
        {"county": [county], "on": [on], "prefecture": [prefecture], "province": [province]},
        schema_overrides=dict.fromkeys(("county", "on", "prefecture", "province"), pl.String),
    )
    day = pl.col("on").str.to_date()
    return frame.select(divisions.division("county", day, "prefecture", "province")).item()


def test_the_divisions_in_force_are_exactly_those_of_the_current_table() -> None:
    current = {(row["code"], row["name"]) for row in tables.rows("divisions_50_51_current_2026")}
    known = tables.divisions()
    assert {(each.code, each.name) for each in known if each.until is None} == current


def test_every_county_in_force_is_found_by_its_name_behind_its_prefecture() -> None:
    counties = [each for each in tables.divisions() if each.until is None and each.level == "县级"]
    frame = pl.DataFrame(
        {
            "county": [each.name for each in counties],
            "prefecture": [
                each.province if each.prefecture == "直辖" else each.prefecture for each in counties
            ],
        }
    )
    found = frame.select(divisions.division("county", pl.lit(date(2026, 1, 1)), "prefecture"))
    assert found.to_series().to_list() == [each.code for each in counties]
    assert len(counties) > 200


@pytest.mark.parametrize(
    ("county", "code"),
    [
        ("安居区", "510904"),
        ("遂宁市安居区", "510904"),
        ("四川省遂宁市安居区", "510904"),
        ("安居", "510904"),
        ("潼南区", "500152"),
        ("重庆市潼南区", "500152"),
        ("潼 南 区", "500152"),
        ("石柱土家族自治县", "500240"),
        ("石柱县", "500240"),
        ("石柱", "500240"),
        ("彭水县", "500243"),
        ("开州", "500154"),
        ("阿坝州汶川县", "513221"),
        ("峨边县", "511132"),
        ("遂宁市", "510900"),
        ("内江市市中区", "511002"),
        ("乐山市中区", "511102"),
    ],
)
def test_full_and_short_names_mean_the_code_of_their_date(county: str, code: str) -> None:
    assert find(county, "2023-09-01") == code


@pytest.mark.parametrize(
    "county",
    [
        "市中区",
        "遂宁高新区",
        "镇雄县",
        "天府新区",
        "两江新区",
        "万盛经开区",
        "重庆市",
        "四川省潼南区",
        "广安",
        "开",
        "",
        None,
    ],
)
def test_zones_other_provinces_and_ambiguous_names_have_no_code(county: str | None) -> None:
    assert find(county, "2023-09-01") is None


@pytest.mark.parametrize(
    ("county", "on", "code"),
    [
        ("开县", "2015-09-01", "500234"),
        ("开县", "2016-03-01", "500234"),
        ("开州区", "2016-10-01", "500154"),
        ("綦江县", "2011-05-01", "500222"),
        ("綦江区", "2011-12-01", "500110"),
        ("綦江", "2011-05-01", "500110"),
        ("万盛区", "2010-01-01", "500110"),
        ("枳城区", "1996-01-01", "511402"),
        ("东坡区", "2020-01-01", "511402"),
        ("垫江县", "1996-01-01", "511421"),
        ("仁寿县", "2020-01-01", "511421"),
        ("北碚区", "1990-01-01", "510215"),
        ("简阳市", "2015-06-01", "512081"),
        ("简阳市", "2017-06-01", "510185"),
        ("开州区", "2010-01-01", None),
        ("北碚区", "1970-01-01", None),
        ("北碚区", None, None),
    ],
)
def test_a_name_means_what_it_meant_on_the_day(county: str, on: str | None, code: str | None) -> None:
    assert find(county, on) == code


@pytest.mark.parametrize(
    ("county", "code"), [("潼南县", "500152"), ("郫县", "510117"), ("开县", "500154"), ("达县", None)]
)
def test_an_ended_county_means_its_heir_where_it_has_one(county: str, code: str | None) -> None:
    assert find(county, "2023-09-01") == code


def test_the_change_of_6_november_2025_counts_from_that_day_on() -> None:
    assert [find(name, "2025-11-05") for name in ("江北区", "渝北区", "两江新区")] == [
        "500105",
        "500112",
        None,
    ]
    assert [find(name, "2025-11-06") for name in ("江北区", "渝北区", "两江新区")] == [
        "500157",
        None,
        "500157",
    ]


@pytest.mark.parametrize(
    ("county", "prefecture", "province", "code"),
    [
        ("市中区", "内江市", "四川省", "511002"),
        ("北碚区", "重庆市", "重庆市", "500109"),
        ("北碚区", "市辖区", "重庆", "500109"),
        ("汶川县", "阿坝藏族羌族自治州", "四川", "513221"),
        ("遂宁市安居区", "遂宁市", None, "510904"),
        ("江北区", "宁波市", "浙江省", None),
        ("江北区", None, "浙江省", None),
        ("潼南区", None, "四川省", None),
        ("安居区", "成都市", "四川省", None),
        ("习水县", "遵义市", "贵州省", None),
        ("安居区", "", "", "510904"),
    ],
)
def test_a_stated_prefecture_and_province_must_hold_the_county(
    county: str, prefecture: str | None, province: str | None, code: str | None
) -> None:
    assert find(county, "2023-09-01", prefecture, province) == code


def test_a_code_is_kept_only_where_it_is_in_force() -> None:
    cells = [
        "511702",
        "511702.0",
        " ５１１７０２",
        "510799",
        "500105",
        "500157",
        "500234",
        "511400",
        "abc",
        None,
    ]
    frame = pl.DataFrame({"code": cells})
    before, after = pl.lit(date(2023, 1, 1)), pl.lit(date(2025, 11, 6))
    out = frame.select(
        before=divisions.division_valid("code", before), after=divisions.division_valid("code", after)
    )
    kept = ["511702", "511702", "511702", None]
    assert out["before"].to_list() == [*kept, "500105", None, None, "511400", None, None]
    assert out["after"].to_list() == [*kept, None, "500157", None, "511400", None, None]


def test_eras_begin_in_order_and_no_name_means_two_codes() -> None:
    starts = gazetteer.starts()
    assert list(starts) == sorted(set(starts)) and date(2025, 11, 6) in starts
    meant = {f"{code}@{name.split('@')[1]}" for name, code in gazetteer.codes().items()}
    assert meant <= gazetteer.valid_codes()
