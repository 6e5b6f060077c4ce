"""Small factories of the checks that contracts are made of.

A check is one boolean polars expression and a reason code. It calls nothing of its frame but `select`, so a
validator can capture the expression by handing it a recording frame, and evaluate all checks in one pass.
A null result passes: whether a value may be missing is what `nullable` says (reason `required.FIELD`).
"""

from __future__ import annotations

from functools import reduce
from operator import add

import pandera.polars as pa
import polars as pl

from etl_schemas.enums import ENUMS

# GB 11643: the last character is the check digit of ISO 7064 MOD 11-2 over the seventeen before it.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def rule(code: str, holds: pl.Expr) -> pa.Check:
    """A check that refuses the rows where `holds` is false, for the reason `code`."""

    def test(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(holds)

    return pa.Check(test, name=code, error=code)


def coded(field: str, agrees: pl.Expr | None = None) -> pa.Check:
    """The value of `field` is a code of its list (etl_schemas.enums), else code.unknown.FIELD.

    `agrees` says in which rows the code also fits the columns that it explains.
    """
    listed = pl.col(field).is_in([member.value for member in ENUMS[field]])
    return rule(f"code.unknown.{field}", listed if agrees is None else listed & agrees)


def filled(field: str) -> pa.Check:
    """The text of `field` is more than white space, else required.FIELD."""
    return rule(f"required.{field}", pl.col(field).str.contains(r"\S"))


def both_or_neither(one: str, other: str) -> pl.Expr:
    """Whether two columns are given together or missing together."""
    return pl.col(one).is_null() == pl.col(other).is_null()


def resident_number(number: pl.Expr) -> pl.Expr:
    """Whether an 18-character number holds by GB 11643: digits, check digit, a birth date that exists.

    The area code is not looked up (ruling 29); the birth date counts (ruling 30). Null stays null.
    """
    well_formed = number.str.contains(r"^[0-9]{17}[0-9X]$")
    born = number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False).is_not_null()
    last = number.str.slice(17, 1).replace("X", "10").cast(pl.Int64, strict=False)
    checked = (_weighted(number.str.slice(0, 17).cast(pl.Int64, strict=False)) + last) % 11 == 1
    return pl.when(number.is_not_null()).then(well_formed & born & checked)


def _weighted(body: pl.Expr) -> pl.Expr:
    """Sum digit·weight over a 17-digit Int64, which is named so that it is made once and not for each digit."""
    digits = (pl.field("body") // 10 ** (16 - place) % 10 * weight for place, weight in enumerate(WEIGHTS))
    return pl.struct(body=body).struct.with_fields(sum=reduce(add, digits)).struct.field("sum")
