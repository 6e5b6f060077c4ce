"""The rows of a delivery through all of its mendings: what a masked cell stands for, and what an agency sees next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from etl_core import header, protocol
from etl_core.errors import DeliveryError
from etl_core.extract import Key
from etl_core.marker import LONGEST, Marker
from etl_core.masking import shown, starlike
from etl_core.mending.original import Cells, Original, Row, kept, numbers, original
from etl_core.mending.sheets import Sent, Sheet, bare, sent
from etl_core.mending.sheets import marked as marker_of
from etl_core.records import Grid
from etl_core.source import Source
from etl_core.table import names

# The grids of a file, and the day on which it arrived.
Open = Callable[[protocol.Original], Iterable[Grid]]

MISMATCH = "mending.mismatch"
DAMAGE = "\ufffd"  # what the readers show in the place of bytes that are no text: nobody types it


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a mending in the columns of the original: its number, the row that it stands for (None: it is new), its cells,
    why it is refused as a row, and at which cell."""

    number: int
    label: str | None
    row: Row | None
    key: Key
    cells: Cells
    fault: str | None = None
    at: int | None = None

    @property
    def sure(self) -> bool:
        """Whether it is certain what the row says; else what was known before is what the next mending goes by."""
        return self.row is not None and self.fault != MISMATCH


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
    sents = {each.fingerprint: sent(opened(each), source, day) for each in later}
    named = set(wanted).union(*(each.wanted for each in sents.values()))
    found = Versions(original(opened(first), source, first.name, day, named))
    known: dict[str, Mapping[str, Cells]] = {}
    for fingerprint, each in sents.items():
        if each.marker.mends != first.fingerprint:
            raise DeliveryError("mending.unknown")
        told = lines(each, Versions(found.original, known), source)
        known[fingerprint] = {line.label: line.cells for line in told if line.label and line.sure}
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


@dataclass(frozen=True, slots=True)
class _Shape:
    """How cells of a sheet stand in a table of the original: column there → column here, and what stands beside them.

    textual: the container's rows have a number of fields, so that one more is a fault.
    """

    key: Key
    texts: tuple[str | None, ...]
    places: Mapping[int, int]
    beside: Sequence[int]
    identities: frozenset[int]
    textual: bool

    def overhang(self, cells: Cells) -> Cells:
        """What stands in no column of the original's, where that is a fault."""
        more = tuple(cells[at] for at in self.beside)
        return more if self.textual and any(more) else ()

    def shaped(self, cells: Cells) -> Cells:
        """The cells in the columns of the original."""
        more = self.overhang(cells)
        free = [
            at for at in range(len(self.texts) + len(more)) if at not in self.places and not self._headed(at)
        ]
        at = {there: cells[here] for there, here in self.places.items()} | dict(zip(free, more, strict=False))
        return tuple(at.get(each) for each in range(max([len(self.texts), *(each + 1 for each in at)])))

    def _headed(self, at: int) -> bool:
        return at < len(self.texts) and self.texts[at] is not None


def _lines(sheet: Sheet, told: Marker, known: Versions, source: Source, seen: set[str]) -> Iterator[Line]:
    tables = known.original.tables
    shapes = {key: _shape(sheet, key, known.original, source) for key in tables}
    own = home(sheet, known.original)
    rows = sheet.grid.rows.slice(sheet.end)
    for label, number, cells in zip(
        sheet.labels, rows["row"].to_list(), rows.select(names(rows)).iter_rows(), strict=True
    ):
        row = known.original.rows.get(label or "")
        shape = shapes[row.key if row else own]
        restored, sound = _restored(shape.shaped(cells), shape.identities, known.before(label, told.after))
        lost = label is not None and (row is None or label in seen)
        seen |= {label} if label else set()
        broken = bool(shape.overhang(cells)) or _unchanged(restored, row)
        fault = MISMATCH if lost or not sound else "row.malformed" if broken else None
        at = next((each for each, text in enumerate(restored) if text and DAMAGE in text), None)
        if fault is None and at is not None:
            fault = "text.undecodable"
        yield Line(number, label, None if lost else row, shape.key, restored, fault, at)


def _unchanged(cells: Cells, row: Row | None) -> bool:
    """Whether a row came back as malformed as it was: its cells are nobody's, whatever they happen to say."""
    return row is not None and row.malformed and _filled(cells) == _filled(row.cells)


def _filled(cells: Cells) -> Cells:
    """The cells up to the last one that is not empty."""
    end = max((at for at, text in enumerate(cells, 1) if text), default=0)
    return cells[:end]


def _shape(sheet: Sheet, key: Key, known: Original, source: Source) -> _Shape:
    of = known.tables[key]
    return _Shape(
        key,
        of.layout.texts,
        _places(sheet, key, known, source),
        bare(sheet),
        numbers(of, source),
        of.width is not None,
    )


def _places(sheet: Sheet, key: Key, known: Original, source: Source) -> dict[int, int]:
    """Column of the original's table → column of the sheet, by their labels."""
    assert sheet.layout is not None
    there = {header.normal(label): at for at, label in kept(known.tables[key], source).items()}
    here = {header.normal(label): at for at, label in header.labels(sheet.layout.texts).items()}
    missing = [label for label in there if label not in here]
    if missing and key == home(sheet, known):
        raise header.unmet(missing, [label for label in here if label not in there], sheet.grid.sheet)
    return {at: here[label] for label, at in there.items() if label in here}


def _restored(cells: Cells, identities: frozenset[int], before: list[Cells]) -> tuple[Cells, bool]:
    """The cells with what each masked one stands for, and whether all of them stand for something."""
    told = [_stands(text, at, at in identities, identities, before) for at, text in enumerate(cells)]
    return tuple(text for text, _ in told), all(sound for _, sound in told)


def _stands(
    text: str | None, at: int, number: bool, identities: frozenset[int], before: list[Cells]
) -> tuple[str | None, bool]:
    """What a cell stands for: the cell of an earlier version, in its own column first, that is shown like this."""
    if not text or ("*" not in text and len(text) < LONGEST):
        return text, True
    for cells in before:
        near = [at, *(each for each in range(len(cells)) if each != at)]
        for each in near:
            cell = cells[each] if each < len(cells) else None
            if cell and text in (cell, shown(cell, each in identities)[:LONGEST]):
                return cell, True
    return text, not (number or starlike(text))
