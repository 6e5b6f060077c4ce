"""Text of cells: trimming, full-width letters, folding for comparison. All String → String."""

from __future__ import annotations

import polars as pl

from etl_core.expressions.let import let

# White space of Unicode and the zero-width characters that web pages and WPS leave in cells.
BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\u180e\u200b\u200c\u200d\u2060\ufeff"
)
BLANK_RUN = f"[{BLANKS}]+"
_FULL_WIDTH = [chr(point + 0xFEE0) for point in range(0x21, 0x7F)] + ["\u3000"]
_ASCII = [chr(point) for point in range(0x21, 0x7F)] + [" "]


def column(e: str | pl.Expr) -> pl.Expr:
    """Let every function of this package take a column's name or an expression."""
    return pl.col(e) if isinstance(e, str) else e


def clean(e: str | pl.Expr) -> pl.Expr:
    """Trim a cell; null when nothing is left, so that `is_not_null` means «something is written here».

    ASCII, U+3000, no-break and zero-width blanks are trimmed at both ends, one leading ' (Excel's mark of
    text) is removed, a lone ' is empty (ruling 28). Inner text, line breaks included, is kept (ruling 64).
    """
    text = column(e).str.strip_chars(BLANKS).str.strip_prefix("'").str.strip_chars(BLANKS)
    return let(lambda left: pl.when((left != "") & (left != "'")).then(left), text)


def halfwidth(e: str | pl.Expr) -> pl.Expr:
    """Turn full-width ASCII (U+FF01…U+FF5E) and U+3000 into ASCII.

    Not NFKC, which would also turn Ⅱ into II and ① into 1 in school names.
    """
    return column(e).str.replace_many(_FULL_WIDTH, _ASCII)


def fold(e: str | pl.Expr) -> pl.Expr:
    """Take all white space out, for comparing names that are kept as given (ruling 64)."""
    return column(e).str.replace_all(BLANK_RUN, "")


def plain(e: str | pl.Expr) -> pl.Expr:
    """Reduce a cell to what patterns expect: clean, half-width, without blanks; null when empty."""
    return fold(halfwidth(clean(e)))


def key(e: str | pl.Expr) -> pl.Expr:
    """Reduce a word to what it is looked up by: plain, upper case, every dash one «-».

    A whole number that a spreadsheet wrote as a float («10.0») loses its fraction.
    """
    text = plain(e).str.to_uppercase().str.replace_all("[—–―‐‑−]+", "-")
    return text.str.replace(r"^([0-9]+)\.0+$", "$1")
