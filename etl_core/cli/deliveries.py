"""`etl deliveries list` and `etl deliveries rows`."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl

from etl_core import config as configuration
from etl_core.cli import export, screen, settings
from etl_core.cli.exits import DONE
from etl_core.cli.later import TABLE
from etl_core.cli.say import Lang, title
from etl_core.warehouse import Warehouse
from etl_schemas.messages import text

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
    with settings.existing(configuration.load(config)) as warehouse:
        found = warehouse.deliveries(source)
    whole = found.filter(pl.col("mends").is_null(), result="loaded")
    ids = whole.select("source", mends="fingerprint", number="delivery_id")
    named = found.join(ids, on=["source", "mends"], how="left", maintain_order="left")
    numbered = named.drop("mends").rename({f"rows_{name}": name for name in NUMBERS} | {"number": "mends"})
    if shape == TABLE:
        words = {result: text(f"result.{result}", lang) for result in ("loaded", "rejected", "failed")}
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
        click.echo(export.text(found), nl=False)
    else:
        export.write(found, out)
    return DONE


def number(warehouse: Warehouse, wanted: str) -> int:
    """The number of a delivery that is named by it or by its file. Raises click's usage error for none or several."""
    known = warehouse.deliveries()
    for same in (pl.col("delivery_id").cast(pl.String) == wanted, pl.col("file") == wanted):
        ids = known.filter(same)["delivery_id"].to_list()
        if len(ids) == 1:
            return int(ids[0])
        if ids:
            several = ", ".join(map(str, ids))
            raise click.UsageError(
                f"有几份报送同名，请写编号｜several deliveries have this name, give a number: {several}"
            )
    raise click.UsageError("没有这份报送｜there is no such delivery; `etl deliveries list` names them")
