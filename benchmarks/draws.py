"""Random numbers as polars expressions: a function of seed, row and purpose alone, so that any chunking gives the same."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

# splitmix64 (Steele, Lea & Flood 2014); polars multiplies unsigned integers modulo 2**64.
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
PURPOSES = 256


def draw(number: pl.Expr, purpose: int, seed: int) -> pl.Expr:
    """UInt64, uniform and independent for each `number` (UInt64) and `purpose` (below PURPOSES)."""
    start = number * _word(PURPOSES) + _word(purpose)
    mixed = (start + _word(1)) * _word(_GOLDEN) + _word(seed * _SECOND)
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        mixed = (mixed ^ (mixed // _word(1 << shift))) * _word(factor)
    return mixed ^ (mixed // _word(1 << 31))


def below(number: pl.Expr, purpose: int, seed: int, end: int) -> pl.Expr:
    """UInt64 in [0, end), by remainder: uniform enough for cells."""
    return draw(number, purpose, seed) % _word(end)


def pick(index: pl.Expr, words: Sequence[str | None]) -> pl.Expr:
    """The word at the index, which is taken round and round."""
    return pl.lit(pl.Series(words, dtype=pl.String)).gather(index % _word(len(words)))


def _word(value: int) -> pl.Expr:
    return pl.lit(value % (1 << 64), pl.UInt64)
