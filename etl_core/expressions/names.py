"""Names of persons (rulings 34-36)."""

from __future__ import annotations

import polars as pl

from etl_core.expressions.let import let
from etl_core.expressions.text import BLANK_RUN, clean, fold

_INTERPUNCTS = "[·•・‧．]"
_SUFFIX = r"(?:[（(][^（()）]*[)）])+$"
_NAMESAKE = r"[（(]\s*([大小])\s*[)）]"
# Private-use characters are rare Han characters of old fonts.
_HAN = r"^[\p{Han}\p{Co}·]+$"


def person_name(e: str | pl.Expr) -> pl.Expr:
    """Normalise a person's name: String, null when the cell is empty or nothing but a suffix.

    Interpunct variants become · (ruling 35), suffixes in brackets such as (男) or （大） go (ruling 34),
    blanks inside Han names go (ruling 36); a name with other letters keeps single blanks between words.
    """
    text = clean(e).str.replace_all(_INTERPUNCTS, "·").str.replace(_SUFFIX, "")
    return let(_joined, clean(text))


def namesake(e: str | pl.Expr) -> pl.Expr:
    """Read the «大» or «小» in brackets that tells namesakes of one school apart, else null (ruling 34)."""
    return clean(e).str.extract(_NAMESAKE, 1)


def _joined(name: pl.Expr) -> pl.Expr:
    han = fold(name)
    words = name.str.replace_all(BLANK_RUN, " ").str.replace_all(" ?· ?", "·")
    return pl.when(han.str.contains(_HAN)).then(han).otherwise(words)
