"""From the agency's frame to the unified one: the plugin's expressions, then the rules that hold for every source."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from etl_core.expressions import identity, words
from etl_core.records import CARRIED, PLACE
from etl_core.source import Source
from etl_schemas.training import FIELDS

# Unified columns stand beside the contract's until the variants are told apart; the mark keeps their names distinct.
_MARK = "="


def interpret(raw: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The raw frame with the plugin's unified columns beside it, one row per physical row."""
    return raw.lazy().with_columns(_marked(source.normalise)).collect()


def records(interpreted: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Canonical records (PLACE, TrainingRecord's fields, CARRIED), in row order; a wide row gives one per kind present."""
    lazy = interpreted.lazy().with_row_index("_order")
    if not source.variants:
        return complete(lazy)
    kinds = [
        lazy.filter(variant.when).with_columns(_marked(variant.fields)).with_columns(_kind=pl.lit(number))
        for number, variant in enumerate(source.variants)
    ]
    return complete(pl.concat(kinds, how="diagonal").sort("_order", "_kind"))


def key_fields(interpreted: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Canonical columns of the rows as they are before a wide row is told apart: enough for a row's own key."""
    return complete(interpreted.lazy())


def _marked(fields: Mapping[str, pl.Expr]) -> list[pl.Expr]:
    return [value.alias(_MARK + name) for name, value in fields.items()]


def complete(lazy: pl.LazyFrame) -> pl.DataFrame:
    """Unmark the unified columns, fill in what follows from others by rule, and give every column its type.

    mode follows mode_detail (ruling 50); sex the identity number's 17th digit where the file is silent, else 0; an absent
    hours or credits has basis none; credits without a kind are unspecified (ruling 55); training_year is the year of
    end_date wherever there is one (ruling 37).
    """
    given = {name[1:] for name in lazy.collect_schema().names() if name.startswith(_MARK)}
    types = {**FIELDS, **CARRIED}
    cells = {name: pl.col(_MARK + name) if name in given else pl.lit(None, types[name]) for name in types}
    return (
        lazy.select(*PLACE, **cells)
        .with_columns(**_implied(given))
        .with_columns(pl.col(name).cast(kind) for name, kind in types.items())
        .collect()
    )


def _implied(given: set[str]) -> dict[str, pl.Expr]:
    implied = {
        "sex": pl.coalesce(pl.col("sex"), identity.sex_of(pl.col("id_number")), pl.lit(0, pl.Int16)),
        "hours_basis": _basis("hours", given),
        "credits_basis": _basis("credits", given),
        "credit_kind": pl.when(pl.col("credits").is_not_null()).then(
            pl.col("credit_kind").fill_null("unspecified")
        ),
        "training_year": pl.coalesce(pl.col("end_date").dt.year().cast(pl.Int16), pl.col("training_year")),
    }
    if "mode" not in given:
        implied["mode"] = words.mode_of(pl.col("mode_detail"))
    return implied


def _basis(amount: str, given: set[str]) -> pl.Expr:
    """«none» without an amount; else what the plugin says, or stated."""
    basis = f"{amount}_basis"
    stated = pl.col(basis).fill_null("stated") if basis in given else pl.lit("stated")
    return pl.when(pl.col(amount).is_null()).then(pl.lit("none")).otherwise(stated)
