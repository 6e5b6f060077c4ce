"""`etl records`: find a record by its place; what stood at a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl

from etl_core import config as configuration
from etl_core.cli import export, screen, settings
from etl_core.cli.deliveries import number
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.later import TABLE
from etl_core.cli.say import Lang, title
from etl_schemas.messages import text

PLACED = ("record_id", "file", "sheet", "row", "project_name", "hours", "credits", "state")


def found(lang: Lang, delivery: str, row: int, *, sheet: str | None, config: Path, shape: str) -> int:
    """The records of one row of a delivery: their numbers, and enough to tell them apart; nobody's name."""
    with settings.existing(configuration.load(config)) as warehouse:
        records = warehouse.records(number(warehouse, delivery)).filter(row=row)
    if sheet is not None:
        records = records.filter(sheet=sheet)
    shown = records.select(PLACED).with_columns(pl.col("hours", "credits").cast(pl.String))
    if shape == TABLE:
        words = {
            name: text(f"state.{name}", lang) for name in ("current", "withdrawn", "superseded", "cancelling")
        }
        shown = shown.with_columns(pl.col("state").replace(words))
    screen.listing(shown.iter_rows(named=True), PLACED, shape, lang)
    if records.is_empty():
        screen.note(
            "这一行没有入库的记录；`etl deliveries rows` 列出每一行的去向｜no record was loaded from this row; see `etl deliveries rows`"
        )
        return PARTLY
    return DONE


def as_of(
    lang: Lang, config: Path, source: str | None, *, valid: datetime | None, known: datetime | None, out: Path
) -> int:
    """Write the records that stood at a point of both times, for their owner's eyes only."""
    with settings.existing(configuration.load(config)) as warehouse:
        records = warehouse.as_of(moment(known), day(valid), source).filter(state="current")
    keys = [name for name, dtype in records.schema.items() if dtype == pl.Binary]
    told = records.drop(*keys, "net_x100", "state")
    export.write(told, out)
    screen.note(f"{title('exported', lang)}: {out} ({told.height})")
    screen.note(title("personal", lang))
    return DONE


def moment(typed: datetime | None) -> datetime | None:
    """What a person means by a day that something was known on: its end, by the clock on the wall."""
    if typed is None:
        return None
    end = typed + timedelta(days=1, microseconds=-1) if typed.time() == time() else typed
    return end.astimezone(UTC)


def day(typed: datetime | None) -> date | None:
    """A typed day as a date."""
    return None if typed is None else typed.date()
