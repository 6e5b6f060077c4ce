"""`etl check`: one file through the whole way, into a warehouse that is gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from etl_core import pipeline
from etl_core.cli import screen, settings, summary
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, reason, title
from etl_core.cli.watch import Bar, facts
from etl_core.pool import Pool
from etl_core.records import HeaderAccount, Outcome
from etl_schemas.messages import text

if TYPE_CHECKING:
    from etl_core.warehouse import Warehouse

Problem = dict[str, object]


def check(lang: Lang, file: Path, config: Path | None, shape: str) -> int:
    """Print every problem of a file with its cell, then the counts and what became of its headers."""
    hello, seconds = settings.reading(config)
    with Pool(hello, seconds) as pool:
        from etl_core.warehouse import Warehouse  # beside the imports of the child

        with Warehouse.memory() as warehouse:
            with Bar() as bar:
                outcome = pipeline.check(file, pool, warehouse, bar)
            found = list(problems(warehouse, lang))
    tell = _piped if shape == JSON else _shown
    tell(outcome, found, lang)
    return DONE if outcome.result == "loaded" and not outcome.counts.quarantined else PARTLY


def problems(warehouse: Warehouse, lang: Lang) -> Iterator[Problem]:
    """Errors and warnings of the only delivery in a warehouse, in the order of its rows."""
    loaded = warehouse.deliveries().filter(pl.col("result") != "failed")
    if loaded.is_empty():
        return
    errors = warehouse.reasons().select(
        "file", "sheet", "row", "code", "column", "detail", severity=pl.lit("error")
    )
    faults = pl.concat([errors, _warnings(warehouse.outcomes(loaded["delivery_id"][0]))])
    for one in faults.sort("file", "sheet", "row", maintain_order=True).iter_rows(named=True):
        detail = json.loads(one.pop("detail"))
        yield {**one, "message": reason(one["code"], lang, detail)}


def _warnings(outcomes: pl.DataFrame) -> pl.DataFrame:
    """The warnings of loaded rows, one line each: `code@column;code@column` taken apart."""
    single = (
        outcomes.drop_nulls("warnings").with_columns(pl.col("warnings").str.split(";")).explode("warnings")
    )
    parts = pl.col("warnings").str.splitn("@", 2).struct
    return single.select(
        *("file", "sheet", "row"),
        parts.field("field_0").alias("code"),
        parts.field("field_1").alias("column"),
        pl.lit("{}").alias("detail"),
        pl.lit("warning").alias("severity"),
    )


def _piped(outcome: Outcome, found: list[Problem], lang: Lang) -> None:
    for problem in found:
        screen.line(screen.dumps({"event": "problem", **problem}))
    for account in outcome.accounts:
        screen.line(screen.dumps({"event": "headers", **asdict(account)}))
    screen.line(screen.dumps({"event": "delivery.finished", **facts(outcome)}))


def _shown(outcome: Outcome, found: list[Problem], lang: Lang) -> None:
    for problem in found:
        screen.line(screen.shown(place(problem)))
    if outcome.error:
        screen.line(
            screen.shown(f"{outcome.file}: {outcome.error}: {reason(outcome.error, lang, outcome.detail)}")
        )
    known = [outcome.source, outcome.place.label if outcome.place else None]
    whose = " ".join(part for part in known if part)
    result = text(f"result.{outcome.result}", lang) if outcome.error else title("checked", lang)
    screen.line(f"{screen.shown(outcome.file)}: {f'{whose}: ' if whose else ''}{result}")
    screen.line(summary.equation(summary.rows([outcome]), lang))
    for account in outcome.accounts:
        for said in headers(account, lang):
            screen.line(screen.shown(said))


def place(problem: Problem) -> str:
    """«file:sheet:row: column: code: message», as compilers tell it."""
    where = ":".join(str(problem[name]) for name in ("file", "sheet", "row") if problem[name] is not None)
    said = (where, problem["column"], f"{problem['code']} ({problem['severity']})", problem["message"])
    return ": ".join(str(part) for part in said if part)


def headers(account: HeaderAccount, lang: Lang) -> Iterator[str]:
    """What became of every header of a table: what nobody knows comes last, where it is seen."""
    member = account.file.partition("/")[2]  # of an archive
    sheet = "".join(f"{part}: " for part in (member, account.sheet) if part)
    for kind in ("mapped", "ignored", "dropped", "unknown"):
        texts = getattr(account, kind)
        yield f"{sheet}{title(kind, lang)} {len(texts)}{': ' if texts else ''}{', '.join(texts)}"
