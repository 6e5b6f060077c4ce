"""Divisions of provinces 50 and 51 by date (GB/T 2260): a code without a date is not a key.

28 codes have named more than one place, and 2025-11-06 ended 500105 and 500112; hence every expression here
takes the date of the record. Where a record has no date, 31 December of its training_year serves.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from etl_core.expressions import gazetteer
from etl_core.expressions.let import let
from etl_core.expressions.text import plain

# What stands in a column 市 for counties directly under Chongqing.
_NO_PREFECTURE = ["市辖区", "县", "直辖"]
_PROVINCES = {"重庆市": "50", "重庆": "50", "四川省": "51", "四川": "51"}
_PROVINCE = "^(四川省|四川|重庆市|重庆)([^省市].*)$"


def division(
    county: str | pl.Expr,
    on: pl.Expr,
    prefecture: str | pl.Expr | None = None,
    province: str | pl.Expr | None = None,
) -> pl.Expr:
    """Find the code of a county or prefecture that is valid on a date (ruling 60): String(6) or null.

    Null where the county is empty, outside 50/51, a zone without a code (遂宁高新区), or not unique at that date
    (市中区 without its prefecture), and where the stated province does not hold it. The name of a county that
    has ended means its heir, where it has exactly one (潼南县 → 潼南区).

    Args:
        county: its name in full, behind its prefecture (遂宁市安居区), or short (石柱县, 安居).
        on: the record's Date.
        prefecture: the column 市, where the format has one; null rows are read without.
        province: the column 省, likewise.
    """
    return in_era(county, era(on), prefecture, province)


def era(on: pl.Expr) -> pl.Expr:
    """Number the era of a date: UInt32, the count of changes among the divisions up to it."""
    return pl.lit(_starts()).search_sorted(on, side="right")


def in_era(
    county: str | pl.Expr,
    at: pl.Expr,
    prefecture: str | pl.Expr | None = None,
    province: str | pl.Expr | None = None,
) -> pl.Expr:
    """As `division`, in an era (`era`) instead of on a date."""
    whole = plain(county)
    stated = plain(province) if province is not None else pl.lit(None, pl.String)
    name = _bare(whole)
    if prefecture is not None:
        name = _behind(_bare(plain(prefecture)), name)
    code = let(_code, _spelt(name, at))
    return pl.when(_holds(stated, code) & _holds(whole.str.extract("^四川", 0), code)).then(code)


def division_valid(code: str | pl.Expr, on: pl.Expr) -> pl.Expr:
    """Keep a code of any level that is in force on a date (ruling 60): String(6), else null."""
    text = plain(code).str.extract(r"^([0-9]{6})(?:\.0+)?$", 1)
    return pl.when(_spelt(text, era(on)).is_in(_valid())).then(text)


def _bare(name: pl.Expr) -> pl.Expr:
    """Take the province off where more follows it."""
    return name.str.replace(_PROVINCE, "$2")


def _behind(prefecture: pl.Expr, county: pl.Expr) -> pl.Expr:
    """Put a county behind its prefecture, unless it stands there already or there is none."""
    alone = prefecture.is_null() | prefecture.is_in(_NO_PREFECTURE) | county.str.starts_with(prefecture)
    return pl.when(alone).then(county).otherwise(prefecture + county)


def _holds(province: pl.Expr, code: pl.Expr) -> pl.Expr:
    """Whether a code lies in a stated province; null (not stated) holds every code."""
    first = province.replace_strict(_PROVINCES, default="", return_dtype=pl.String)
    return province.is_null() | (code.str.slice(0, 2) == first)


def _spelt(text: pl.Expr, at: pl.Expr) -> pl.Expr:
    """Spell the keys of the gazetteer: «text@era»."""
    return pl.concat_str(text, at, separator="@")


@cache
def _starts() -> pl.Series:
    return pl.Series(gazetteer.starts(), dtype=pl.Date)


def _code(key: pl.Expr) -> pl.Expr:
    """Search the sorted keys of the gazetteer: to hash all of them for the few names of a batch would take longer."""
    keys, codes = _codes()
    at = pl.lit(keys).search_sorted(key)
    return pl.when(pl.lit(keys).gather(at) == key).then(pl.lit(codes).gather(at))


@cache
def _codes() -> tuple[pl.Series, pl.Series]:
    """The gazetteer by sorted key; the last one, greater than any text, stands for a key that would come after all."""
    found = pl.DataFrame({"key": list(gazetteer.codes()), "code": list(gazetteer.codes().values())}).sort(
        "key"
    )
    return found["key"].extend_constant("\U0010ffff", 1), found["code"].extend_constant(None, 1)


@cache
def _valid() -> pl.Series:
    return pl.Series(sorted(gazetteer.valid_codes())).implode()
