"""`etl status`: where each source stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from etl_core import config as configuration
from etl_core.cli import export, screen, settings
from etl_core.cli.exits import DONE
from etl_core.cli.later import TABLE
from etl_core.cli.records import day, moment
from etl_core.cli.say import Lang, title
from etl_core.night import Judged, conditions
from etl_core.warehouse import Warehouse
from etl_schemas.messages import text

COLUMNS = ("source", "file", "label", "loaded_at", *("read", "loaded", "quarantined", "skipped", "records"))
STANDING = ("deliveries", "current", "withdrawn", "open", "refused")
CALENDAR = ("due", "following", "expected")

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
    chosen = configuration.load(config)
    with settings.existing(chosen) as warehouse:
        wanted = then or measures is not None
        figures = warehouse.measures(source, moment(known), day(valid)) if wanted else {}
        said = {} if then else conditions.calendar(chosen, warehouse, datetime.now().astimezone().date())
        table = lang if shape == TABLE else None
        rows = [] if then else list(expected(standing(warehouse, source), said, source, table))
    if measures is not None:
        export.write(pl.DataFrame({"measure": list(figures), "value": list(figures.values())}), measures)
    if then:
        lines = ({"measure": name, "value": value} for name, value in figures.items())
        screen.listing(lines, ("measure", "value"), shape, lang)
        return DONE
    screen.listing(rows, (*COLUMNS, *STANDING, *(CALENDAR if said else ())), shape, lang)
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


def expected(
    rows: Iterable[Row], said: Mapping[str, Judged], only: str | None, lang: Lang | None
) -> Iterator[Row]:
    """The same rows with what the calendar says of each source; a source that never delivered has one, too, if it should.

    Without a language the word is fine, late or shrunken.
    """
    waited = {name: one for name, one in said.items() if only in (None, name)}
    for row in rows:
        yield row | _expected(waited.pop(str(row["source"]), None), lang)
    for name, one in waited.items():
        yield {"source": name, **dict.fromkeys(STANDING, 0)} | _expected(one, lang)


def _expected(one: Judged | None, lang: Lang | None) -> Row:
    """The days, and one word: in time, late or shrunken with its numbers."""
    if one is None:
        return {}
    word = "late" if one.late else "shrunken" if one.shrunken else "fine"
    if lang is not None:
        word = text(f"expected.{word}", lang, days=one.days, rows=one.rows, usual=one.usual or 0)
    return {"due": one.due, "following": one.following, "expected": word}


def _last(loaded: pl.DataFrame) -> Row:
    """The delivery that was loaded last; nothing where none was."""
    if loaded.is_empty():
        return {}
    last = loaded.row(-1, named=True)
    rows = {name: last[f"rows_{name}"] for name in ("read", "loaded", "quarantined", "skipped")}
    return {**{name: last[name] for name in ("file", "label", "loaded_at", "records")}, **rows}
