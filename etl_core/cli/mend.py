"""`etl quarantine export --out FILE.xlsx`: the rows that wait, a workbook for each delivery, in the layout of the delivery.

Only the child reads the delivery; what it answers has its ID numbers masked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from etl_core import config as configuration
from etl_core import marker, originals
from etl_core.archive import Archive
from etl_core.cli import export, screen, settings, workbook
from etl_core.cli.deliveries import number
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.say import Lang, reason, title
from etl_core.errors import DeliveryError
from etl_core.inbox import workroom
from etl_core.keys import Keys
from etl_core.marker import Marker
from etl_core.masking import identity, shown
from etl_core.protocol import Job
from etl_core.records import Excerpt, Heading
from etl_core.supervisor import Supervisor

if TYPE_CHECKING:
    from etl_core.warehouse import Warehouse

Line = dict[str, Any]
Faults = dict[str, list[workbook.Fault]]


@dataclass(slots=True)
class Waiting:
    """What waits of one delivery: the ledger's line of it, and the faults of its rows by their label (marker.place)."""

    line: Line
    faults: Faults = field(default_factory=dict)


def exported(lang: Lang, config: Path, source: str, out: Path, delivery: str | None) -> int:
    """Write a workbook for every delivery of a source that has rows to mend, and say which."""
    loaded = configuration.load(config)
    with settings.existing(loaded, sealed=True) as warehouse:
        asked = number(warehouse, delivery) if delivery else None
        settings.delivered(loaded, warehouse, source)
        every, lost = waiting(warehouse, source, lang)
        found = [each for each in every if asked in (None, each.line["delivery_id"])]
        wholly = [line for line in lost if asked in (None, line["delivery_id"])]
        for line in wholly:
            key = "placeless" if line["mends"] else "whole_again"
            screen.note(f"{screen.shown(line['file'])}: {title(key, lang)}")
        if wholly:
            listing = ("--config", config, "--source", source, "--out", out.with_suffix(".csv"))
            screen.note(f"{title('next', lang)}: {screen.typed('etl', 'quarantine', 'export', *listing)}")
        if not found:
            if not wholly:
                screen.note(title("nothing_waits", lang))
            return PARTLY if wholly else DONE
        with (
            Supervisor(settings.hello(loaded), loaded.limits.seconds) as child,
            workroom(loaded.work) as room,
        ):
            desk = Desk(
                warehouse, child, Archive(loaded.kept, Keys.load(loaded.key_file, create=False)), room
            )
            for each in found:
                desk.write(each, _path(out, each, len(found)), lang)
    screen.note(title("personal", lang))
    return DONE


def _path(out: Path, of: Waiting, count: int) -> Path:
    return out if count == 1 else out.with_name(f"{out.stem}-{of.line['delivery_id']}{out.suffix}")


def waiting(warehouse: Warehouse, source: str, lang: Lang) -> tuple[list[Waiting], list[Line]]:
    """What waits of a source, by the delivery that has it or that its mendings are of; and the deliveries that have no workbook."""
    lines = {line["delivery_id"]: line for line in warehouse.deliveries(source).iter_rows(named=True)}
    roots = {line["fingerprint"]: Waiting(line) for line in lines.values() if _whole(line)}
    stands = {tuple(row[:4]): tuple(row[4:]) for row in warehouse.mended(source).iter_rows()}
    lost: set[int] = set()
    for one in warehouse.reasons(source).iter_rows(named=True):
        line = lines[one["delivery_id"]]
        own = tuple(one[name] for name in ("file", "sheet", "row"))
        place = stands.get((one["delivery_id"], *own)) if line["mends"] else own
        root = roots.get(line["mends"] or line["fingerprint"])
        if root is None or place is None:
            lost.add(one["delivery_id"])
        else:
            fault = workbook.Fault(one["column"], reason(one["code"], lang, json.loads(one["detail"])))
            root.faults.setdefault(_label(root.line["file"], *place), []).append(fault)
    return [root for root in roots.values() if root.faults], [lines[each] for each in sorted(lost)]


def _whole(line: Line) -> bool:
    return line["result"] == "loaded" and line["mends"] is None


def _label(name: str, file: str, sheet: str | None, row: int) -> str:
    return marker.place(None if file == name else file.removeprefix(f"{name}/"), sheet, row)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where workbooks are made: the warehouse and the archive to look things up in, the child that reads, a private room."""

    warehouse: Warehouse
    child: Supervisor
    archive: Archive
    room: Path

    def write(self, of: Waiting, out: Path, lang: Lang) -> None:
        """Write the workbook of one delivery; without its original in the archive, a list of the sealed cells."""
        line = of.line
        family = self.warehouse.family(line["source"], line["fingerprint"])
        try:
            with originals.taken(self.archive, family, self.room) as taken:
                wanted = tuple(of.faults)
                job = Job(
                    "", line["file"], line["modified"], source=line["source"], originals=taken, wanted=wanted
                )
                parts = list(self.child.excerpts(job))
            after = tuple(each["fingerprint"] for each in family[1:])
            told: Marker | None = Marker(line["source"], line["fingerprint"], line["file"], after)
        except DeliveryError as fault:
            if fault.code != "mending.unarchived":
                raise
            parts, told = self._sealed(of), None
            screen.note(f"{screen.shown(line['file'])}: {title('no_original', lang)}")
        with export.owned(out) as file:
            workbook.write(file, parts, of.faults, told, lang)
        screen.note(f"{title('mending', lang)}: {out} ({screen.shown(line['file'])}: {len(of.faults)})")

    def _sealed(self, of: Waiting) -> list[Excerpt]:
        """The rows as they were sealed: without titles, and by the headers that they had."""
        found = self.warehouse.quarantined(of.line["source"], of.line["delivery_id"])
        rows = {
            _label(of.line["file"], one["file"], one["sheet"], one["row"]): json.loads(one["cells"])
            for one in found.iter_rows(named=True)
        }
        mine = {label: cells for label, cells in rows.items() if label in of.faults}
        headers = list(dict.fromkeys(header for cells in mine.values() for header in cells))
        columns = tuple(Heading(at, header) for at, header in enumerate(headers))
        schema = {f"c{at}": pl.String() for at in range(len(headers))}
        lines = [
            (label, *(_masked(header, cells.get(header)) for header in headers))
            for label, cells in mine.items()
        ]
        below = pl.DataFrame(lines, schema={"place": pl.String(), **schema}, orient="row")
        return [Excerpt("", columns, 1, pl.DataFrame([headers], schema=schema, orient="row"), below)]


def _masked(header: str, text: str | None) -> str | None:
    return text and shown(text, identity(header))
