"""`etl check`: one file through the whole way, into a warehouse that is gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from etl_core import pipeline
from etl_core.cli import screen, settings, summary
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, counted, reason, title
from etl_core.cli.watch import Bar, facts
from etl_core.pool import Pool
from etl_core.records import ASIDE, SKIP_KINDS, HeaderAccount, Outcome
from etl_schemas.messages import text

if TYPE_CHECKING:
    from etl_core.warehouse import Warehouse

Problem = dict[str, object]

PIECES = 8  # of the rows of one kind so many runs are named


def check(lang: Lang, file: Path, config: Path | None, shape: str) -> int:
    """Print every problem of a file with its cell, then the counts and what became of its headers."""
    hello, seconds = settings.reading(config)
    with Pool(hello, seconds) as pool:
        from etl_core.warehouse import Warehouse  # beside the imports of the child

        with Warehouse.memory() as warehouse:
            with Bar() as bar:
                outcome = pipeline.check(file, pool, warehouse, bar)
            found, passed = list(problems(warehouse, lang)), list(skipped(warehouse, lang))
    tell = _piped if shape == JSON else _shown
    tell(outcome, found, passed, lang)
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


def skipped(warehouse: Warehouse, lang: Lang) -> Iterator[Problem]:
    """The rows of the only delivery in a warehouse that are no records, by sheet and kind: which they are, and what the kind means."""
    loaded = warehouse.deliveries().filter(pl.col("result") != "failed")
    if loaded.is_empty():
        return
    rows = warehouse.outcomes(loaded["delivery_id"][0]).filter(outcome="skipped")
    kinds = rows.with_columns(kind=pl.col("reasons").str.strip_prefix("skip:"))
    for (file, sheet, kind), group in kinds.group_by("file", "sheet", "kind", maintain_order=True):
        numbers = group["row"].sort().to_list()
        where = {"file": file, "sheet": sheet, "kind": kind, "count": len(numbers), "rows": spans(numbers)}
        severity = "warning" if kind in ASIDE else "info"
        yield {**where, "severity": severity, "message": text(f"skipped.{kind}", lang)}


def spans(numbers: Sequence[int]) -> str:
    """Row numbers as people write them: «1–3, 7»; of many pieces the first ones."""
    starts = [each for each, before in zip(numbers, (None, *numbers), strict=False) if before != each - 1]
    ends = [each for each, after in zip(numbers, (*numbers[1:], None), strict=True) if after != each + 1]
    pieces = [f"{one}" if one == two else f"{one}–{two}" for one, two in zip(starts, ends, strict=True)]
    return ", ".join(pieces[:PIECES]) + (" …" if len(pieces) > PIECES else "")


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


def _piped(outcome: Outcome, found: list[Problem], passed: list[Problem], lang: Lang) -> None:
    for problem in found:
        screen.line(screen.dumps({"event": "problem", **problem}))
    for kind in passed:
        screen.line(screen.dumps({"event": "skipped", **kind}))
    for account in outcome.accounts:
        screen.line(screen.dumps({"event": "headers", **asdict(account)}))
    screen.line(screen.dumps({"event": "delivery.finished", **facts(outcome)}))


def _shown(outcome: Outcome, found: list[Problem], passed: list[Problem], lang: Lang) -> None:
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
    for said in left(passed, lang):
        screen.line(screen.shown(said))
    for account in outcome.accounts:
        for said in headers(account, lang):
            screen.line(screen.shown(said))


def place(problem: Problem) -> str:
    """«file:sheet:row: column: code: message», as compilers tell it."""
    where = ":".join(str(problem[name]) for name in ("file", "sheet", "row") if problem[name] is not None)
    said = (where, problem["column"], f"{problem['code']} ({problem['severity']})", problem["message"])
    return ": ".join(str(part) for part in said if part)


def left(passed: Iterable[Problem], lang: Lang) -> Iterator[str]:
    """«跳过行: 合计行 2 (行 语文:59, 数学:60): …» for each kind, and a line of its own for each sheet that was passed over."""
    found = [one for one in passed if one["kind"] not in ASIDE]
    for kind in (each for each in SKIP_KINDS if any(one["kind"] == each for one in found)):
        same = [one for one in found if one["kind"] == kind]
        number = sum(int(str(one["count"])) for one in same)
        where = ", ".join(_where(one) for one in same)
        said = f"{counted({kind: number}, 'skip', lang)} ({title('row', lang)} {where}): {text(f'skipped.{kind}', lang)}"
        yield f"{title('skipped', lang)}: {said}"
    for one in (one for one in passed if one["kind"] in ASIDE):
        number = int(str(one["count"]))
        said = f"{_sheet(one)}: {counted({str(one['kind']): number}, 'skip', lang)}: {one['message']}"
        yield f"{title('aside', lang)}: {said}"


def _where(one: Problem) -> str:
    return ":".join(filter(None, (_sheet(one), str(one["rows"]))))


def _sheet(one: Problem) -> str:
    """The sheet, of an archive behind its member."""
    return "/".join(filter(None, (str(one["file"]).partition("/")[2], str(one["sheet"] or ""))))


def headers(account: HeaderAccount, lang: Lang) -> Iterator[str]:
    """What became of every header of a table: what nobody knows comes last, where it is seen."""
    member = account.file.partition("/")[2]  # of an archive
    sheet = "".join(f"{part}: " for part in (member, account.sheet) if part)
    for kind in ("mapped", "ignored", "dropped", "unknown"):
        texts = getattr(account, kind)
        yield f"{sheet}{title(kind, lang)} {len(texts)}{': ' if texts else ''}{', '.join(texts)}"
