"""Cross-tables for officials: recognised, passed trainings of trainees, each event once, by year and by other fields.

A cell with fewer persons than `least` tells no number (threshold of published cross-tables). There are no totals; still, what a year adds up to may be
known from another table, so a further cell of the year hides with the small ones where it would tell them (secondary suppression).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from etl_schemas import tables
from etl_schemas.enums import ENUMS
from etl_schemas.messages import text
from etl_schemas.tables import Division

YEAR, DIVISION = "training_year", "employer_division"
CROSSED: Mapping[str, tuple[str, ...]] = {
    "by_level_mode": (YEAR, "level", "mode_detail"),
    "by_stage": (YEAR, "stage"),
    "by_division": (YEAR, DIVISION),
}
"""The tables, by the fields that their cells are told apart by. They share the year alone: two that shared more would tell each other's cells."""

NUMBERS = ("trainings", "persons", "hours")
HIDDEN = "*"


def shown(cells: pl.DataFrame, least: int) -> pl.DataFrame:
    """A cross-table as it is published: all columns text, headings and codes in words.

    cells: fields of the table, then NUMBERS (warehouse/view.py). Of a small cell only «<5» persons is told; where another
    one hides with it, or a number would tell persons, stands HIDDEN.
    """
    fields = [name for name in cells.columns if name not in NUMBERS]
    veiled = cells.with_columns(hidden(cells, least))
    told = veiled.select(
        *(_worded(name, cells) for name in fields), *(_veiled(name, least) for name in NUMBERS)
    )
    heads = {name: text(f"field.{name}", "both") for name in (*fields, "hours")}
    return told.rename(heads | {name: text(f"ui.{name}", "both") for name in ("trainings", "persons")})


def hidden(cells: pl.DataFrame, least: int) -> pl.Series:
    """Which cells tell no number: `hidden`, Boolean, in the order of the cells."""
    years = cells.with_row_index("at").group_by(YEAR, maintain_order=True)
    veiled = {rows["at"][at] for _, rows in years for at in _hidden(rows["persons"].to_list(), least)}
    return pl.Series("hidden", [at in veiled for at in range(cells.height)], dtype=pl.Boolean)


def _hidden(persons: Sequence[int], least: int) -> list[int]:
    """The small cells of a year; with the smallest other one that protects them, or all of them where none does."""
    small = [at for at, number in enumerate(persons) if number < least]
    others = sorted((at for at in range(len(persons)) if at not in small), key=lambda at: (persons[at], at))
    tries = [small, *([*small, other] for other in others)]
    safe = (each for each in tries if _safe([persons[at] for at in each], least))
    return next(safe, list(range(len(persons))))


def _safe(numbers: Sequence[int], least: int) -> bool:
    """Whether the sum of hidden cells leaves every small one of them anything from 1 to least - 1."""
    small = sum(number < least for number in numbers)
    large = len(numbers) - small
    lowest = 1 if large else sum(numbers) - (small - 1) * (least - 1)
    highest = sum(numbers) - (small - 1) - large * least
    return not small or (lowest <= 1 and highest >= least - 1)


def _veiled(name: str, least: int) -> pl.Expr:
    told = pl.when(pl.col("hidden")).then(pl.lit(HIDDEN)).otherwise(pl.col(name).cast(pl.String)).alias(name)
    if name != "persons":
        return told
    return pl.when(pl.col(name) < least).then(pl.lit(f"<{least}")).otherwise(told).alias(name)


def _worded(name: str, cells: pl.DataFrame) -> pl.Expr:
    """A code with its word: «10 国家级», «500103 重庆市渝中区» as it was called in that year; null stays empty."""
    code = pl.col(name).cast(pl.String)
    if name == DIVISION:
        dated = pl.concat_str(YEAR, name, separator=" ")
        word = dated.replace_strict(_places(cells[YEAR].unique()), default=None, return_dtype=pl.String)
    else:
        words = {str(each.value): each.label for each in ENUMS.get(name, ())}
        word = code.replace_strict(words, default=None, return_dtype=pl.String)
    return (code + (pl.lit(" ") + word).fill_null("")).alias(name)


def _places(years: Iterable[int]) -> dict[str, str]:
    """«2023 510903» → «四川省遂宁市船山区»: the latest name that was in force in the year."""
    known = sorted(tables.divisions(), key=lambda each: each.since)
    return {
        f"{year} {each.code}": _place(each)
        for year in years
        for each in known
        if each.since.year <= year <= (each.until or date.max).year
    }


def _place(division: Division) -> str:
    """«四川省遂宁市船山区»; what stands directly under the province has no prefecture."""
    above = (division.province, division.prefecture)
    return "".join(name for name in above if name not in ("直辖", division.name)) + division.name
