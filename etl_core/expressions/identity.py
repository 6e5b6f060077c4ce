"""Identity numbers (GB 11643-1999) and sex (GB/T 2261.1).

A resident number is 17 digits and a check digit: Σ digit·weight + check ≡ 1 (mod 11), where X stands for 10.
The area code is never judged (ruling 29). No expression here compares with today's date.
"""

from __future__ import annotations

import polars as pl

from etl_core.expressions.text import clean, column, fold, halfwidth
from etl_core.expressions.words import lookup

# Weights of GB 11643 for the first 17 digits, left to right.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Cyrillic Х, × and full-width Ｘ are typed for X (ruling 28); upper-casing comes first.
_CROSSES = ["Х", "×", "✕"]
_MASK = r"\*|[X●•#]{3,}"
_FLOAT = r"^\d+(?:\.\d+)?E\+?\d+$|^\d{16,}\.0*$"


def masked(e: str | pl.Expr) -> pl.Expr:
    """Tell whether part of a number is hidden by * or a run of three X, ●, • or # (rulings 24, 25): Boolean, never null."""
    return _resident_text(e).str.contains(_MASK).fill_null(False)


def id_number(e: str | pl.Expr, id_type: pl.Expr | None = None) -> pl.Expr:
    """Normalise an identity number: String, null when empty, masked or (resident_id) faulty.

    Args:
        e: the cell.
        id_type: canonical id_type words of the rows; every row is resident_id without it.

    Returns:
        18 characters for resident_id, X in upper case, 15-digit numbers upgraded with 19 and a check digit
        (rulings 26, 28); for other types the cleaned text in upper case (ruling 31).
    """
    number = _upgraded(_resident_text(e))
    resident = pl.when(_sound(number)).then(number)
    other = pl.when(~masked(e)).then(fold(halfwidth(clean(e))).str.to_uppercase())
    return pl.when(_is_resident(id_type)).then(resident).otherwise(other)


def id_fault(e: str | pl.Expr, id_type: pl.Expr | None = None) -> pl.Expr:
    """Name what is wrong with a resident number: String reason code of contract §3, or null.

    id_number.damaged (a float or its trace, ruling 27) before id_number.length (neither 15 nor 18 characters) before
    id_number.checksum (wrong check digit or impossible birth date, ruling 30). An empty or masked number has no fault,
    nor has a number of another id_type (ruling 31).
    """
    text = _resident_text(e)
    length = text.str.len_chars()
    judged = text.is_not_null() & ~masked(e) & _is_resident(id_type)
    return (
        pl.when(~judged).then(None)
        .when(text.str.contains(_FLOAT)).then(pl.lit("id_number.damaged"))
        .when(~length.is_in([15, 18])).then(pl.lit("id_number.length"))
        .when(~_sound(_upgraded(text)).fill_null(False)).then(pl.lit("id_number.checksum"))
    )


def sex_of(number: str | pl.Expr) -> pl.Expr:
    """Read the sex from the 17th digit of a normalised resident number: Int16 1 (odd) or 2 (even), else null (GB 11643)."""
    digit = column(number).str.extract(r"^\d{16}(\d)[\dX]$", 1).cast(pl.Int16)
    return 2 - digit % 2


def sex(e: str | pl.Expr) -> pl.Expr:
    """Read a stated sex: Int16 0 1 2 9 of GB/T 2261.1 from 男, 女, 1, 2, 未知 …; null when empty or unknown."""
    return lookup(e, "sex", pl.Int16)


def _resident_text(e: str | pl.Expr) -> pl.Expr:
    """Mend what ruling 28 lists without judging: blanks, full-width digits, the look-alikes of X."""
    text = fold(halfwidth(clean(e))).str.to_uppercase().str.replace_many(_CROSSES, ["X"] * len(_CROSSES))
    return text.str.replace(r"^(\d{15})\.0+$", "$1")


def _is_resident(id_type: pl.Expr | None) -> pl.Expr:
    return pl.lit(True) if id_type is None else id_type.eq_missing(pl.lit("resident_id"))


def _weighted(body: pl.Expr) -> pl.Expr:
    """Sum digit·weight over a 17-digit Int64."""
    terms = [body // 10 ** (16 - place) % 10 * weight for place, weight in enumerate(WEIGHTS)]
    return pl.sum_horizontal(terms)


def _upgraded(text: pl.Expr) -> pl.Expr:
    """Put 19 and the check digit into 15-digit numbers (ruling 26); leave every other text as it is."""
    short = text.str.contains(r"^\d{15}$")
    body = text.str.slice(0, 6) + "19" + text.str.slice(6)
    check = (12 - _weighted(pl.when(short).then(body).cast(pl.Int64, strict=False)) % 11) % 11
    return pl.when(short).then(body + check.cast(pl.String).str.replace("^10$", "X")).otherwise(text)


def _sound(number: pl.Expr) -> pl.Expr:
    """Judge shape, birth date (1900-2099) and check digit of 18 characters: Boolean, null where the shape is wrong."""
    whole = pl.when(number.str.contains(r"^\d{6}(?:19|20)\d{9}[\dX]$")).then(number)
    born = whole.str.slice(6, 8).str.to_date("%Y%m%d", strict=False).is_not_null()
    last = whole.str.slice(17).str.replace("X", "10").cast(pl.Int64)
    return born & ((_weighted(whole.str.slice(0, 17).cast(pl.Int64)) + last) % 11 == 1)
