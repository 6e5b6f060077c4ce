"""`etl deliveries`: list, rows, show and diff."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import polars as pl

from etl_core import config as configuration
from etl_core.archive import Archive
from etl_core.cli import export, screen, settings, summary
from etl_core.cli.check import headers
from etl_core.cli.exits import DONE
from etl_core.cli.later import JSON, TABLE
from etl_core.cli.say import Lang, counted, reason, title
from etl_core.config import Config
from etl_core.errors import KeyFileError
from etl_core.keys import Keys
from etl_core.records import Aside, HeaderAccount
from etl_core.warehouse import Warehouse
from etl_schemas.messages import text

RESULTS = ("loaded", "rejected", "failed", "revoked", "replaced", "restored")
NUMBERS = ("read", "loaded", "quarantined", "skipped")
COLUMNS = (
    "delivery_id",
    "source",
    "file",
    "label",
    "mends",
    "result",
    "error",
    *NUMBERS,
    "records",
    "loaded_at",
)


def listed(lang: Lang, config: Path, source: str | None, shape: str) -> int:
    """Every line of the run ledger."""
    loaded = configuration.load(config)
    with settings.existing(loaded) as warehouse:
        settings.delivered(loaded, warehouse, source)
        found = pl.concat([warehouse.deliveries(source), warehouse.formers(source)])
    whole = found.filter(pl.col("mends").is_null(), result="loaded")
    ids = whole.select("source", mends="fingerprint", number="delivery_id")
    named = found.sort("source", "sort_key", "delivery_id").join(
        ids, on=["source", "mends"], how="left", maintain_order="left"
    )
    numbered = named.drop("mends").rename({f"rows_{name}": name for name in NUMBERS} | {"number": "mends"})
    if shape == TABLE:
        words = {result: text(f"result.{result}", lang) for result in RESULTS}
        numbered = numbered.with_columns(pl.col("result").replace(words))
    screen.listing(numbered.select(COLUMNS).iter_rows(named=True), COLUMNS, shape, lang)
    if found.is_empty():
        screen.note(title("nothing", lang))
    return DONE


def rows(lang: Lang, delivery: str, config: Path, out: Path | None) -> int:
    """What became of every row of one delivery, as CSV."""
    with settings.existing(configuration.load(config)) as warehouse:
        found = warehouse.outcomes(number(warehouse, delivery))
    if out is None:
        screen.page(export.text(found))
    else:
        export.write(found, out)
    return DONE


FACTS = (
    *("delivery_id", "source", "file", "label", "slot", "reporter", "dated", "result", "error", "semantics"),
    *(
        "plugin",
        "software",
        "run_id",
        "loaded_at",
        "left_at",
        "restored_at",
        "size",
        "fingerprint",
        "archived",
        "allowed",
    ),
)
COUNTED = ("states", "reasons", "warnings", "skips")


def show(lang: Lang, delivery: str, config: Path, shape: str) -> int:
    """Everything about one delivery, be it a former one, and not a single cell."""
    chosen = configuration.load(config)
    with settings.existing(chosen) as warehouse:
        told = warehouse.about(number(warehouse, delivery, former=True))
    assert told is not None
    told |= {name: told[f"rows_{name}"] for name in NUMBERS}
    told["archived"] = _archived(chosen, told["fingerprint"])
    told["result"] = _result(told)
    if shape == JSON:
        names = (
            *FACTS,
            *NUMBERS,
            "records",
            *COUNTED,
            "open",
            "inserted",
            "updated",
            "detail",
            "accounts",
            "asides",
        )
        screen.line(screen.dumps({name: told[name] for name in names}))
    else:
        for line in _said(told, lang):
            screen.line(screen.shown(line))
    return DONE


def _result(told: dict[str, Any]) -> str:
    if told["way"] is None:
        return str(told["result"])
    return "restored" if told["restored_at"] is not None else str(told["way"])


def _archived(config: Config, fingerprint: str) -> bool:
    """Whether the archive has it; without the key nobody can say more than that it has no use."""
    try:
        return fingerprint in Archive(config.kept, Keys.load(config.key_file, create=False))
    except KeyFileError:
        return False


def _said(told: dict[str, Any], lang: Lang) -> Iterator[str]:
    """One line for each thing that is known."""
    shown = told | {
        "result": text(f"result.{told['result']}", lang),
        "archived": title("yes" if told["archived"] else "no", lang),
        "allowed": title("yes", lang) if told["allowed"] else "",
    }
    for name in FACTS:
        if shown[name] not in (None, ""):
            yield f"{title(name, lang)}: {screen.cell(shown[name])}"
    if told["error"]:
        yield f"  {reason(told['error'], lang, told['detail'])}"
    yield summary.equation({name: told[name] for name in summary.ROWS}, lang)
    yield f"{title('inserted', lang)} {told['inserted']}, {title('updated', lang)} {told['updated']}"
    yield f"{title('states', lang)}: {counted(told['states'], 'state', lang)}"
    for name in ("reasons", "warnings"):
        for code, rows in told[name].items():
            yield f"{title(name, lang)}: {code} {rows}: {reason(code, lang)}"
    if told["skips"]:
        yield f"{title('skipped', lang)}: {counted(told['skips'], 'skip', lang)}"
    yield from summary.asides([Aside(**each) for each in told["asides"]], lang)
    yield f"{title('open', lang)}: {told['open']}"
    for account in told["accounts"]:
        yield from headers(HeaderAccount(**account), lang)


def diff(lang: Lang, first: str, second: str, *, config: Path, out: Path | None, shape: str) -> int:
    """What the second delivery says otherwise: places and fields; values go to a private file only."""
    with settings.existing(configuration.load(config)) as warehouse:
        found = warehouse.differences(number(warehouse, first), number(warehouse, second))
    places = found.group_by("change", "file", "sheet", "row", "former_row", maintain_order=True)
    lines = places.agg(pl.col("field").drop_nulls().unique(maintain_order=True).alias("fields"))
    if shape == TABLE:
        words = {name: text(f"change.{name}", lang) for name in ("added", "changed", "withdrawn")}
        shown = lines.with_columns(pl.col("change").replace(words))
    else:
        shown = lines
    screen.listing(shown.iter_rows(named=True), shown.columns, shape, lang)
    if shape == TABLE:
        totals = {name: lines.filter(change=name).height for name in ("added", "changed", "withdrawn")}
        screen.line(counted(totals, "change", lang))
    if out is not None:
        export.write(found, out)
        screen.note(f"{title('exported', lang)}: {out} ({found.height})")
        screen.note(title("personal", lang))
    return DONE


def number(warehouse: Warehouse, wanted: str, former: bool = False) -> int:
    """The number of a delivery that is named by it or by its file, with `former` also of one that left where none is there.

    Raises click's usage error for none or several.
    """
    by = (pl.col("delivery_id").cast(pl.String) == wanted, pl.col("file") == wanted)
    for known in [warehouse.deliveries(), *([warehouse.formers()] if former else [])]:
        for same in by:
            ids = known.filter(same)["delivery_id"].to_list()
            if len(ids) == 1:
                return int(ids[0])
            if ids:
                several = ", ".join(map(str, ids))
                raise click.UsageError(
                    f"有几份报送同名，请写编号｜several deliveries have this name, give a number: {several}"
                )
    raise click.UsageError("没有这份报送｜there is no such delivery; `etl deliveries list` names them")
