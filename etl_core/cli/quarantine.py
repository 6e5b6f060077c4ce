"""`etl quarantine list`, and `etl quarantine export` as CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import polars as pl

from etl_core import config as configuration
from etl_core.cli import export, mend, screen, settings
from etl_core.cli.deliveries import number
from etl_core.cli.exits import DONE
from etl_core.cli.say import Lang, reason, title
from etl_core.masking import identity, masked, starred
from etl_schemas.messages import fields
from etl_schemas.messages import text as title_of

# The warehouse keeps amounts as hundredths.
SCALED = "_x100"

LISTED = ("source", "delivery_id", "file", "sheet", "row", "column", "code", "message")
HEADS = ("文件", "工作表", "行", "列", "原因代码", "说明", "原文")

Cells = dict[str, str | None]


def listed(lang: Lang, config: Path, source: str | None, delivery: str | None, shape: str) -> int:
    """Every reason with its place, and not a single cell."""
    loaded = configuration.load(config)
    with settings.existing(loaded) as warehouse:
        settings.delivered(loaded, warehouse, source)
        found = warehouse.reasons(source, number(warehouse, delivery) if delivery else None)
    lines = (
        {**one, "message": reason(one["code"], lang, json.loads(one["detail"]))}
        for one in found.iter_rows(named=True)
    )
    screen.listing(lines, LISTED, shape, lang)
    return DONE


def exported(lang: Lang, config: Path, source: str, out: Path, delivery: str | None = None) -> int:
    """Write the refused rows of a source for its sender: workbooks to mend (mend.py), or a list as CSV."""
    suffix = out.suffix.lower()
    if suffix not in (".xlsx", ".csv"):
        raise click.UsageError(
            f"--out {out}：只能写 .xlsx（补正表）或 .csv（清单）｜only .xlsx (to mend) or .csv (a list) can be written"
        )
    if suffix == ".xlsx":
        return mend.exported(lang, config, source, out, delivery)
    return _listed(lang, config, source, out, delivery)


def _listed(lang: Lang, config: Path, source: str, out: Path, delivery: str | None) -> int:
    """One line per reason, then the whole row's cells."""
    loaded = configuration.load(config)
    with settings.existing(loaded, sealed=True) as warehouse:
        settings.delivered(loaded, warehouse, source)
        asked = number(warehouse, delivery) if delivery else None
        found = warehouse.quarantined(source, asked).filter(pl.col("state") == "open")
        found = found.sort("delivery_id", "file", "sheet", "row")
    table = sheet(found, lang)
    export.write(table, out, excel=True)
    screen.note(f"{title('exported', lang)}: {out} ({table.height})")
    screen.note(title("personal", lang))
    return DONE


def sheet(found: pl.DataFrame, lang: Lang) -> pl.DataFrame:
    """The list that a sender gets: HEADS, then every header that occurs among the rows; all text, numbers masked.

    A header that is called like one of HEADS is told apart by «#».
    """
    rows = [(one, headed(masked_cells(one))) for one in found.iter_rows(named=True)]
    headers = list(dict.fromkeys(header for _, cells in rows for header in cells))
    lines = [
        (*told, *(cells.get(header) for header in headers))
        for one, cells in rows
        for told in _told(one, cells, lang)
    ]
    names = [f"{header}#" if header in HEADS else header for header in headers]
    return pl.DataFrame(lines, schema=dict.fromkeys([*HEADS, *names], pl.String), orient="row")


def masked_cells(row: dict[str, Any]) -> Cells:
    """The cells of a refused row without the middle of any identity number."""
    faulty = {each["column"] for each in json.loads(row["reasons"]) if each["code"].startswith("id_number.")}
    cells: Cells = json.loads(row["cells"])
    return {
        header: starred(text) if text and (header in faulty or identity(header)) else text and masked(text)
        for header, text in cells.items()
    }


def headed(cells: Cells) -> Cells:
    """The cells under headings that a sender knows.

    A row that contradicts another is kept as its record: its fields get the titles of the data dictionary, amounts their
    decimal point. A malformed row is kept by position (refused.py), which is counted from 1. Other rows have their headers.
    """
    if "hours_basis" in cells:  # no record is without one
        return {
            _titled(name): _amount(text) if name.endswith(SCALED) else text for name, text in cells.items()
        }
    if all(map(str.isdecimal, cells)):
        return {f"第{int(name) + 1}格": text for name, text in cells.items()}
    return cells


def _titled(name: str) -> str:
    field = {"id_masked": "id_number"}.get(name, name.removesuffix(SCALED))
    return title_of(f"field.{field}") if field in fields() else name


def _amount(text: str | None) -> str | None:
    return text and " / ".join(f"{int(part) / 100:g}" for part in text.split(" / "))


def _told(row: dict[str, Any], cells: Cells, lang: Lang) -> Iterator[tuple[str | None, ...]]:
    for each in json.loads(row["reasons"]):
        said = reason(each["code"], lang, each["detail"])
        at = each["column"]
        yield (
            row["file"],
            row["sheet"],
            str(row["row"]),
            at,
            each["code"],
            said,
            cells.get(at) if at else None,
        )
