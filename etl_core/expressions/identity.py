"""Identity numbers (GB 11643-1999) and sex (GB/T 2261.1).

A resident number is 17 digits and a check digit: Σ digit·weight + check ≡ 1 (mod 11), where X stands for 10.
The area code is never judged (ruling 29), and nothing here compares with today's date.
"""

from __future__ import annotations

import polars as pl

from etl_core.expressions.let import let
from etl_core.expressions.text import column, plain
from etl_core.expressions.words import lookup

# Weights of GB 11643 for the first 17 digits, left to right.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# Cyrillic Х and × are typed for X (ruling 28); full-width Ｘ and lower case are mended before.
_CROSSES = ["Х", "×", "✕"]
_MASK = r"\*|[X●•#]{3,}"
_FLOAT = r"^[0-9]+(?:\.[0-9]+)?E\+?[0-9]+$|^[0-9]{16,}\.0*$"
_SHORT = r"^[0-9]{15}$"
_BORN = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_LIKE = (
    rf"^[1-9][0-9]{{5}}(?:(?:19|20){_BORN}[0-9]{{3}}[0-9XХ×]|{_BORN}[0-9]{{3}})$"
    r"|^[1-9][0-9]{2,13}\*{6,}[0-9X]{0,4}$|^[1-9](?:\.[0-9]+)?E\+?1[4-7]$|^[1-9][0-9]{15,17}\.0*$"
)
_SHAPE = r"^[0-9]{6}(?:19|20)[0-9]{9}[0-9X]$"


def document(e: str | pl.Expr, id_type: pl.Expr | None = None) -> pl.Expr:
    """Read an identity number once: Struct{number String, fault String, masked Boolean}.

    number: normalised; null when empty, masked or (resident_id) faulty. For resident_id 18 characters, X in upper
        case, 15-digit numbers upgraded with 19 and a check digit (rulings 26, 28); for other types the cleaned text in
        upper case (ruling 31).
    fault: what is wrong with a resident number, a reason code of contract §3, or null. id_number.damaged (a float or
        its trace, ruling 27) comes before id_number.length (neither 15 nor 18 characters) and id_number.checksum (wrong
        check digit or impossible birth date, ruling 30). An empty or masked number has no fault, nor has a number of
        another id_type (ruling 31).
    masked: a part is hidden by * or a run of three X, ●, • or # (rulings 24, 25); never null.

    Args:
        e: the cell.
        id_type: canonical id_type words of the rows; every row is resident_id without it.
    """
    resident = pl.lit(True) if id_type is None else id_type.eq_missing(pl.lit("resident_id"))
    return let(_document, plain(e).str.to_uppercase(), resident)


def sound(e: str | pl.Expr, id_type: pl.Expr | None = None) -> pl.Expr:
    """Tell a faultless resident number of 18 characters as it stands, which `document` gives back unchanged: Boolean."""
    whole = _sound(column(e))
    return whole if id_type is None else whole & (id_type == "resident_id")


def like(e: str | pl.Expr) -> pl.Expr:
    """Whether a whole cell looks like a resident number, be it faulty, masked or damaged: Boolean, never null.

    Asked of cells whose column nobody knows, so the birth date must be possible; lengths that are nobody's are no numbers.
    """
    return plain(e).str.to_uppercase().str.contains(_LIKE).fill_null(False)


def masked(e: str | pl.Expr) -> pl.Expr:
    """The part masked of `document`: Boolean, never null."""
    return document(e).struct.field("masked")


def id_number(e: str | pl.Expr, id_type: pl.Expr | None = None) -> pl.Expr:
    """The part number of `document`: String."""
    return document(e, id_type).struct.field("number")


def id_fault(e: str | pl.Expr, id_type: pl.Expr | None = None) -> pl.Expr:
    """The part fault of `document`: String."""
    return document(e, id_type).struct.field("fault")


def sex_of(number: str | pl.Expr) -> pl.Expr:
    """Read the sex from the 17th digit of a normalised resident number (GB 11643): Int16 1, 2 or null."""
    digit = column(number).str.extract(r"^[0-9]{16}([0-9])[0-9X]$", 1).cast(pl.Int16, strict=False)
    return (digit + 1) % 2 + 1


def sex(e: str | pl.Expr) -> pl.Expr:
    """Read a stated sex (男, 女, 1, 2, 未知 …): Int16 0 1 2 9 of GB/T 2261.1; null when empty or unknown."""
    return lookup(e, "sex", pl.Int16)


def _document(other: pl.Expr, resident: pl.Expr) -> pl.Expr:
    def judged(text: pl.Expr, other: pl.Expr, resident: pl.Expr) -> pl.Expr:
        return let(_sounded, text, _upgraded(text), other, resident)

    return let(judged, _mended(other), other, resident)


def _sounded(text: pl.Expr, number: pl.Expr, other: pl.Expr, resident: pl.Expr) -> pl.Expr:
    hidden = text.str.contains(_MASK).fill_null(False)
    return let(_parts, text, number, _sound(number).fill_null(False), hidden, other, resident)


def _parts(  # noqa: PLR0917 (the values that `let` has named)
    text: pl.Expr, number: pl.Expr, sound: pl.Expr, hidden: pl.Expr, other: pl.Expr, resident: pl.Expr
) -> pl.Expr:
    own = pl.when(resident & sound).then(number).when(~resident & ~hidden).then(other)
    fault = pl.when(resident & ~hidden).then(_fault(text, sound))
    return pl.struct(own.alias("number"), fault.alias("fault"), hidden.alias("masked"))


def _mended(text: pl.Expr) -> pl.Expr:
    """Mend what ruling 28 lists, and a 15-digit number that a spreadsheet wrote as a float (ruling 26)."""
    crossed = text.str.replace_many(_CROSSES, ["X"] * len(_CROSSES))
    return crossed.str.replace(r"^([0-9]{15})\.0+$", "$1")


def _fault(text: pl.Expr, sound: pl.Expr) -> pl.Expr:
    return (
        pl.when(text.str.contains(_FLOAT))
        .then(pl.lit("id_number.damaged"))
        .when(~text.str.len_chars().is_in([15, 18]))
        .then(pl.lit("id_number.length"))
        .when(text.is_not_null() & ~sound)
        .then(pl.lit("id_number.checksum"))
    )


def _weighted(body: pl.Expr) -> pl.Expr:
    """Sum digit·weight over a 17-digit Int64."""
    return pl.sum_horizontal(
        [body // 10 ** (16 - place) % 10 * weight for place, weight in enumerate(WEIGHTS)],
        ignore_nulls=False,
    )


def _upgraded(text: pl.Expr) -> pl.Expr:
    """Put 19 and the check digit into 15-digit numbers (ruling 26); leave every other text as it is."""

    def upgrade(text: pl.Expr) -> pl.Expr:
        body = pl.when(text.str.contains(_SHORT)).then(text.str.slice(0, 6) + "19" + text.str.slice(6))
        return let(lambda body, text: pl.coalesce(body + _check_digit(body), text), body, text)

    return let(upgrade, text)


def _check_digit(body: pl.Expr) -> pl.Expr:
    weighted = let(_weighted, body.cast(pl.Int64, strict=False))
    return ((12 - weighted % 11) % 11).cast(pl.String).str.replace("^10$", "X")


def _sound(number: pl.Expr) -> pl.Expr:
    """Judge shape, birth date (1900-2099) and check digit: Boolean, null where the shape is wrong."""

    def judge(whole: pl.Expr) -> pl.Expr:
        born = whole.str.slice(6, 8).str.to_date("%Y%m%d", strict=False).is_not_null()
        last = whole.str.slice(17).str.replace("X", "10").cast(pl.Int64, strict=False)
        return born & ((let(_weighted, whole.str.slice(0, 17).cast(pl.Int64, strict=False)) + last) % 11 == 1)

    return let(judge, pl.when(number.str.contains(_SHAPE)).then(number))
