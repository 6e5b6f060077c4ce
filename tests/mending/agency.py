"""What an agency does with a workbook of rows to mend: it looks at the colours, and types what is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Any

import polars as pl
from openpyxl import load_workbook

from etl_core import header, marker
from etl_core.archive import Archive
from etl_core.child import arrived
from etl_core.cli import mend
from etl_core.cli.workbook import AMBER, RED
from etl_core.mending.original import Original, kept, numbers, original
from etl_core.mending.sheets import sent
from etl_core.readers import read
from etl_core.recognise import gathered
from etl_core.source import Source
from etl_core.testing.bench import bench, installed, load
from etl_core.testing.folders import packed
from etl_core.warehouse import Warehouse
from tests.fakes import number

MODIFIED = 1_767_225_600.0  # 2026-01-01, when every sample of the suites arrives
PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
SOURCES = {loaded.source.name: loaded.source for loaded in installed().sources}
DATES = {"start_date", "end_date", "period"}
FRESH = count(100)


def samples(source: str) -> list[Path]:
    """The deliveries beside a plugin's tests, by name."""
    folder = PLUGINS / source / "tests" / "samples"
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


@dataclass(frozen=True, slots=True)
class Office:
    """A warehouse with its archive, and a folder for what is sent to and fro."""

    warehouse: Warehouse
    archive: Archive
    folder: Path

    def take(self, *files: Path, modified: float = MODIFIED) -> Any:
        """Load files as one run does."""
        return load(self.warehouse, files, modified, archive=self.archive)

    def workbooks(self, source: str) -> list[tuple[mend.Waiting, Path]]:
        """Every workbook of a source, with what it is for."""
        desk = mend.Desk(self.warehouse, bench(), self.archive, self.folder)
        found, _ = mend.waiting(self.warehouse, source, "zh")
        made = []
        for each in found:
            out = self.folder / f"{each.line['delivery_id']}-{next(FRESH)}.xlsx"
            desk.write(each, out, "zh")
            made.append((each, out))
        return made

    def waiting(self, source: str) -> pl.DataFrame:
        """The reasons that wait."""
        return self.warehouse.reasons(source)


def good(sample: Path, source: Source, labels: list[str]) -> Original:
    """A delivery with its good rows: what an agency knows to be right."""
    grids = gathered(read(packed(sample), source.read))
    return original(grids, source, sample.name, arrived(MODIFIED), labels)


def loaded_labels(warehouse: Warehouse, line: dict[str, Any], most: int = 40) -> list[str]:
    """Some loaded rows of a delivery."""
    rows = warehouse.outcomes(line["delivery_id"]).filter(outcome="loaded").head(2000)
    name = line["file"]
    told = rows.select("file", "sheet", "row").iter_rows()
    every = [
        marker.place(None if file == name else file.removeprefix(f"{name}/"), sheet, row)
        for file, sheet, row in told
    ]
    return every[:: max(1, len(every) // most)]


def mended(path: Path, source: Source, known: Original, whole: bool = False) -> int:
    """Mend every row of a workbook in its place: faulty cells alone, or with `whole` every cell of it; how many rows."""
    book = load_workbook(path)
    rows = 0
    for sheet in sent(read(path), source, arrived(MODIFIED)).sheets:
        if sheet.layout is None:
            continue
        page = book[sheet.grid.sheet]
        key = next((each for each in known.tables if each[1] == sheet.grid.sheet), next(iter(known.tables)))
        of = known.tables[key]
        columns = {header.normal(text): at for at, text in header.labels(sheet.layout.texts).items()}
        place = {at: columns[header.normal(label)] + 1 for at, label in kept(of, source).items()}
        models = cycle([row.cells for row in known.rows.values() if row.key == key])
        for row in range(sheet.end + 1, page.max_row + 1):
            if page.cell(row, sheet.at + 1).value:
                _row(page, row, sheet.at + 1, place, _Right(of, source, models), whole)
                rows += 1
    book.save(path)
    return rows


def colour(cell: Any) -> str:
    """The colour of a cell as workbook.py names it."""
    return f"#{cell.fill.start_color.rgb[-6:]}" if cell.fill.fill_type else ""


class _Right:
    """What is right in a table's columns, by the position in the delivery's own table."""

    def __init__(self, of: Any, source: Source, models: Iterator[Any]) -> None:
        self.fields = {at: field for field, at in of.layout.fields.items()}
        self.identities = numbers(of, source)
        self.anonymous = not self.identities
        self.models = models

    def typed(self, at: int) -> str | None:
        """What nobody else has, where a cell tells who or which; else None."""
        if at in self.identities:
            return number(next(FRESH))
        if self.fields.get(at) == "agency_record_id":
            return f"M{next(FRESH)}"
        if self.fields.get(at) == "person_name":
            return "测试" + chr(0x4E00 + next(FRESH))
        return None


def _row(page: Any, row: int, last: int, place: dict[int, int], right: _Right, whole: bool) -> None:
    red = {at for at, column in place.items() if colour(page.cell(row, column)) == RED}
    everything = whole or colour(page.cell(row, last)) == AMBER
    model = next(right.models)
    dates = {at for at in place if right.fields.get(at) in DATES}
    wanted = set(place) if everything else red | (dates if red & dates else set())
    if not everything and any(right.typed(at) is None and not model[at] for at in wanted - dates):
        wanted = {at for at in place if at not in right.identities} | red
    for column in range(1, last):
        if everything and column not in place.values():
            page.cell(row, column).value = None
    for at in wanted:
        page.cell(row, place[at]).value = right.typed(at) or model[at]
