from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.expressions import names

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4)


def one(expression: pl.Expr, cell: str | None) -> object:
    return pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String}).select(expression).item()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("张 三", "张三"),
        ("张　三", "张三"),
        ("'廖  浩", "廖浩"),
        ("𬀩 䶮", "𬀩䶮"),
        ("勒伍・尔古", "勒伍·尔古"),
        ("卓玛•拉姆", "卓玛·拉姆"),
        ("吉克‧阿依", "吉克·阿依"),
        ("阿尔．日哈", "阿尔·日哈"),
        ("买买提 · 阿不都热依木", "买买提·阿不都热依木"),
        ("覃建华（男）", "覃建华"),
        ("文春梅(女)", "文春梅"),
        ("王伟（大）", "王伟"),
        ("张三（男）（大）", "张三"),
        ("John  Smith", "John Smith"),
        ("J. Smith（男）", "J. Smith"),
        ("（男）", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_loses_blanks_suffixes_and_variant_interpuncts(cell: str | None, expected: str | None) -> None:
    assert one(names.person_name("cell"), cell) == expected


@given(HAN, st.lists(st.sampled_from([" ", "　", "\u00a0", "  "]), min_size=5, max_size=5))
def test_blanks_anywhere_in_a_han_name_change_nothing(name: str, blanks: list[str]) -> None:
    spaced = "".join(blank + letter for blank, letter in zip(blanks, name, strict=False))
    assert one(names.person_name("cell"), spaced) == name


@given(HAN)
def test_a_normalised_name_stays_as_it_is(name: str) -> None:
    assert one(names.person_name("cell"), name) == name


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("王伟（大）", "大"),
        ("王伟( 小 )", "小"),
        ("张三（男）（大）", "大"),
        ("王伟（男）", None),
        ("王大", None),
        (None, None),
    ],
)
def test_only_the_elder_and_younger_mark_tells_namesakes_apart(
    cell: str | None, expected: str | None
) -> None:
    assert one(names.namesake("cell"), cell) == expected
