"""The cells of refused rows, kept so that their agency can mend them (they are sealed before they are stored)."""

from __future__ import annotations

import polars as pl

from etl_core import header
from etl_core.records import ISSUES, PLACE, REFUSED
from etl_core.source import Source
from etl_core.table import names

Texts = tuple[str | None, ...]

FAULT = "_fault"


def refused(rows: pl.DataFrame, texts: Texts, source: Source) -> pl.DataFrame:
    """Cells as JSON (records.REFUSED) by header; columns that may not be kept are left out (ruling 62).

    A malformed row's cells have no certain header: they are kept by position, or not at all where the source drops columns.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=REFUSED)
    malformed = pl.col(FAULT).eq_missing(pl.lit("row.malformed"))
    placed = [] if source.dropped else [pl.col(name).alias(name[1:]) for name in names(rows)]
    cells = pl.when(malformed).then(_json(placed)).otherwise(_json(_headed(rows, texts, source)))
    return rows.select(*PLACE, cells=cells).cast(REFUSED)


def _headed(rows: pl.DataFrame, texts: Texts, source: Source) -> list[pl.Expr]:
    there = set(names(rows))
    dropped = {header.normal(each) for each in source.dropped}
    called = header.called(texts)
    return [
        pl.col(f"c{at}").alias(label)
        for at, label in header.labels(texts).items()
        if f"c{at}" in there and not called[at] & dropped
    ]


def _json(columns: list[pl.Expr]) -> pl.Expr:
    return pl.struct(columns).struct.json_encode() if columns else pl.lit("{}")


def faults(rows: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """The reasons (records.ISSUES) of rows that are refused as rows; only an undecodable one names its column (ruling 21)."""
    named = pl.when(pl.col(FAULT) == "text.undecodable").then(pl.col("column"))
    found = _named(rows.select(*PLACE, FAULT, at="fault_at"), texts)
    return found.select(
        *PLACE, code=FAULT, column=named, severity=pl.lit("error"), word=pl.lit(None, pl.String)
    ).cast(ISSUES)


def cuts(rows: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """The warnings (records.ISSUES) of cells that have lost their end for want of room (ruling 22)."""
    if "cut" not in rows.columns:
        return pl.DataFrame(schema=ISSUES)
    each = rows.select(*PLACE, at="cut").filter(pl.col("at").list.len() > 0).explode("at")
    code, severity = (
        pl.lit(word).alias(name) for name, word in (("code", "text.cut"), ("severity", "warning"))
    )
    word = pl.lit(None, pl.String).alias("word")
    return _named(each, texts).select(*PLACE, code, "column", severity, word).cast(ISSUES)


def _named(cells: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """The header of each cell, as `column`, by its position `at`."""
    headers = pl.DataFrame(
        {"at": range(len(texts)), "column": texts}, schema={"at": pl.Int64, "column": pl.String}
    )
    return cells.join(headers, on="at", how="left", maintain_order="left")
