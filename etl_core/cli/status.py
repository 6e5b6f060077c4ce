"""`etl status`: where each source stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from etl_core import config as configuration
from etl_core.cli import export, screen, settings
from etl_core.cli.exits import DONE
from etl_core.cli.records import day, moment
from etl_core.cli.say import Lang, title
from etl_core.warehouse import Warehouse

COLUMNS = ("source", "file", "label", "loaded_at", *("read", "loaded", "quarantined", "skipped", "records"))
STANDING = ("deliveries", "current", "withdrawn", "open", "refused")

Row = dict[str, object]


def status(
    lang: Lang,
    config: Path,
    source: str | None,
    *,
    measures: Path | None,
    valid: datetime | None,
    known: datetime | None,
    shape: str,
) -> int:
    """Print one line for each source that ever delivered, or the figures of a day; write those of ruling 76 where wanted."""
    then = valid is not None or known is not None
    with settings.existing(configuration.load(config)) as warehouse:
        wanted = then or measures is not None
        figures = warehouse.measures(source, moment(known), day(valid)) if wanted else {}
        rows = [] if then else list(standing(warehouse, source))
    if measures is not None:
        export.write(pl.DataFrame({"measure": list(figures), "value": list(figures.values())}), measures)
    if then:
        lines = ({"measure": name, "value": value} for name, value in figures.items())
        screen.listing(lines, ("measure", "value"), shape, lang)
        return DONE
    screen.listing(rows, (*COLUMNS, *STANDING), shape, lang)
    if not rows:
        screen.note(title("nothing", lang))
    return DONE


def standing(warehouse: Warehouse, only: str | None) -> Iterator[Row]:
    """Each source with its last loaded delivery, what stands in the warehouse, and what waits or was refused."""
    deliveries = warehouse.deliveries(only).sort("delivery_id")
    open_rows = dict(
        warehouse.reasons(only).group_by("source").agg(pl.col("quarantine_id").n_unique()).iter_rows()
    )
    for (name,), lines in deliveries.group_by("source", maintain_order=True):
        loaded = lines.filter(pl.col("result") == "loaded")
        figures = warehouse.measures(str(name))
        yield {
            "source": name or None,
            **_last(loaded),
            "deliveries": loaded.height,
            "current": int(figures["current_records"]),
            "withdrawn": int(figures["withdrawn_records"]),
            "open": open_rows.get(name, 0),
            "refused": lines.height - loaded.height,
        }


def _last(loaded: pl.DataFrame) -> Row:
    """The delivery that was loaded last; nothing where none was."""
    if loaded.is_empty():
        return {}
    last = loaded.row(-1, named=True)
    rows = {name: last[f"rows_{name}"] for name in ("read", "loaded", "quarantined", "skipped")}
    return {**{name: last[name] for name in ("file", "label", "loaded_at", "records")}, **rows}
