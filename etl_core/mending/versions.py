"""The rows of a delivery through all of its mendings: what a masked cell stands for, and what an agency sees next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path

from etl_core import header, protocol
from etl_core.errors import DeliveryError
from etl_core.extract import Key
from etl_core.marker import Marker
from etl_core.masking import shown, starlike
from etl_core.mending.original import Cells, Original, Row, kept, numbers, original
from etl_core.mending.sheets import Sent, Sheet, bare, sent
from etl_core.mending.sheets import marked as marker_of
from etl_core.records import Grid
from etl_core.source import Source

# The grids of a file, and the day on which it arrived.
Open = Callable[[Path], Iterable[Grid]]

MISMATCH = "mending.mismatch"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a mending in the columns of the original: its number, the row that it stands for (None: it is new), its cells,
    and why it is refused as a row."""

    number: int
    label: str | None
    row: Row | None
    key: Key
    cells: Cells
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """A delivery and the cells that each of its mendings gives its rows: fingerprint → label → cells, in order."""

    original: Original
    mendings: Mapping[str, Mapping[str, Cells]] = field(default_factory=dict)

    def before(self, label: str | None, after: Sequence[str]) -> list[Cells]:
        """The versions of a row that a mending made `after` others has seen, the latest first."""
        row = self.original.rows.get(label or "")
        seen = [self.mendings[each].get(label or "") for each in reversed(after)]
        return [cells for cells in (*seen, row.cells if row else None) if cells is not None]

    def latest(self, label: str) -> Cells:
        """A row as it stands after all mendings."""
        return self.before(label, tuple(self.mendings))[0]


def marked(grids: Iterator[Grid]) -> tuple[Marker | None, Iterator[Grid]]:
    """The marker of a mending, where the file is one, and the grids with the one looked at put back."""
    first = next(grids, None)
    if first is None:
        return None, iter(())
    return marker_of(first), chain([first], grids)


def versions(
    originals: Sequence[protocol.Original],
    source: Source,
    opened: Open,
    arrived: Callable[[float], date],
    wanted: Collection[str],
) -> Versions:
    """Read a delivery (the first of `originals`) and its mendings, for the `wanted` rows and those that the mendings name.

    Raises DeliveryError mending.unknown where a mending is of another delivery, or after one that is not there.
    """
    first, *later = originals
    day = arrived(first.modified)
    sents = {each.fingerprint: sent(opened(Path(each.path)), source, day) for each in later}
    named = set(wanted).union(*(each.wanted for each in sents.values()))
    found = Versions(original(opened(Path(first.path)), source, first.name, day, named))
    known: dict[str, Mapping[str, Cells]] = {}
    for fingerprint, each in sents.items():
        if each.marker.mends != first.fingerprint:
            raise DeliveryError("mending.unknown")
        told = lines(each, Versions(found.original, known), source)
        known[fingerprint] = {line.label: line.cells for line in told if line.label and line.row}
    return Versions(found.original, known)


def lines(of: Sent, known: Versions, source: Source) -> Iterator[Line]:
    """Every row of a mending below its headers, in the columns of the original.

    Raises DeliveryError schema.missing_column where a column is gone that the original has.
    """
    if not all(each in known.mendings for each in of.marker.after):
        raise DeliveryError("mending.unknown")
    seen: set[str] = set()
    for sheet in of.sheets:
        if sheet.layout is not None:
            yield from _lines(sheet, of.marker, known, source, seen)


def home(sheet: Sheet, known: Original) -> Key:
    """The table that new rows of a sheet belong to: the one of its name, else the first."""
    named = [key for key in known.tables if key[1] == sheet.grid.sheet]
    told = [known.rows[label].key for label in sheet.labels if label and label in known.rows]
    return (told or named or list(known.tables))[0]


def _lines(sheet: Sheet, told: Marker, known: Versions, source: Source, seen: set[str]) -> Iterator[Line]:
    places = {
        key: (_places(sheet, key, known.original, source), numbers(of, source))
        for key, of in known.original.tables.items()
    }
    own = home(sheet, known.original)
    beside = bare(sheet)
    rows = sheet.grid.rows.slice(sheet.end)
    cells = [name for name in rows.columns if name[0] == "c" and name[1:].isdecimal()]
    for label, number, values in zip(
        sheet.labels, rows["row"].to_list(), rows.select(cells).iter_rows(), strict=True
    ):
        row = known.original.rows.get(label or "")
        key = row.key if row else own
        at, identities = places[key]
        of = known.original.tables[key]
        count = len(of.layout.texts)
        more = [values[each] if each < len(values) else None for each in beside]
        placed = dict.fromkeys(range(count)) | {to: values[each] for each, to in at.items()}
        overhang = of.width is not None and any(more)
        raw = tuple(placed.values()) + (tuple(more) if overhang else ())
        restored, sound = _restored(raw, identities, known.before(label, told.after))
        lost = label is not None and (row is None or label in seen)
        wrong = MISMATCH if lost or not sound else None
        seen |= {label} if label else set()
        yield Line(number, label, None if lost else row, key, restored, wrong or _overhung(overhang))


def _overhung(overhang: bool) -> str | None:
    return "row.malformed" if overhang else None


def _places(sheet: Sheet, key: Key, known: Original, source: Source) -> dict[int, int]:
    """Column of the sheet → column of the original's table, by their labels."""
    assert sheet.layout is not None
    there = {header.normal(label): at for at, label in kept(known.tables[key], source).items()}
    here = {header.normal(label): at for at, label in header.labels(sheet.layout.texts).items()}
    missing = [label for label in there if label not in here]
    if missing and key == home(sheet, known):
        raise DeliveryError("schema.missing_column", sheet=sheet.grid.sheet or "", column=missing[0])
    return {here[label]: at for label, at in there.items() if label in here}


def _restored(cells: Cells, identities: frozenset[int], before: list[Cells]) -> tuple[Cells, bool]:
    """The cells with what each masked one stands for, and whether all of them stand for something."""
    told = [_stands(text, at, at in identities, identities, before) for at, text in enumerate(cells)]
    return tuple(text for text, _ in told), all(sound for _, sound in told)


def _stands(
    text: str | None, at: int, number: bool, identities: frozenset[int], before: list[Cells]
) -> tuple[str | None, bool]:
    """What a cell stands for: the cell of an earlier version, in its own column first, that is shown like this."""
    if not text or "*" not in text:
        return text, True
    for cells in before:
        near = [at, *(each for each in range(len(cells)) if each != at)]
        for each in near:
            cell = cells[each] if each < len(cells) else None
            if cell and text in (cell, shown(cell, each in identities)):
                return cell, True
    return text, not (number or starlike(text))
