"""Elements of an XML document as expat tells them: which of them are records, and the cells of each.

A document type is refused as soon as it is seen, before expat could expand or fetch anything (ruling 18).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from xml.parsers import expat

from etl_core.errors import DeliveryError

# No register comes near these: elements in one another, their names, columns, and the characters that each of the records
# has from the elements around it.
DEPTH = 64
NAMES = 10_000
COLUMNS = 1_000
AROUND = 1 << 14

# Stands between namespace and name.
_BETWEEN = "}"

Cells = dict[str, str | None]


class Elements(ABC):
    """What a parser tells of a document. Texts come in pieces; they pile up in `pieces`, whatever element they stand in."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._locals: dict[str, str] = {}

    @abstractmethod
    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    @abstractmethod
    def end(self, name: str) -> None:
        """It ends."""

    def _local(self, name: str) -> str:
        """A name without its namespace."""
        found = self._locals.get(name)
        if found is None:
            found = self._locals[name] = name.rpartition(_BETWEEN)[2]
            if len(self._locals) > NAMES:
                raise DeliveryError("unsafe")
        return found


def parser(elements: Elements) -> expat.XMLParserType:
    """A parser of UTF-8 that knows no document types."""
    made = expat.ParserCreate("utf-8", _BETWEEN)
    made.buffer_text = True
    made.StartDoctypeDeclHandler = made.EntityDeclHandler = _refuse
    made.StartElementHandler = elements.start
    made.EndElementHandler = elements.end
    made.CharacterDataHandler = elements.pieces.append
    return made


def _refuse(*_: object) -> None:
    raise DeliveryError("unsafe")


class Census(Elements):
    """How often each element comes, which ones hold elements of text (`holding`), and which have attributes (`marked`)."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()
        self.holding: set[str] = set()
        self.marked: set[str] = set()
        self._open: list[str] = []
        self._leaf = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """One more of its name."""
        local = self._local(name)
        self.seen[local] += 1
        if attributes:
            self.marked.add(local)
        self._open.append(local)
        self._leaf = True

    def end(self, name: str) -> None:
        """Whoever holds it holds text, if it has no elements itself."""
        self._open.pop()
        if self._leaf and self._open:
            self.holding.add(self._open[-1])
        self._leaf = False


class Reading(Elements):
    """Records as they end: `records` are those that have not been taken, `labels` the headers of all so far, in order."""

    def __init__(self, record: str) -> None:
        super().__init__()
        self.records: list[Cells] = []
        self.labels: dict[str, None] = {}
        self.inside = False
        self._record = record
        self._around: list[Cells] = [{}]
        self._cells: Cells = {}
        self._again: Counter[str] = Counter()
        self._path: list[str] = []
        self._leaf = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A record, something in it, or something around it."""
        local = self._local(name)
        if self.inside:
            above = self._path[-1]
            label = f"{above}/{local}" if above else local
            if self.pieces:
                self._text(above or self._record)
        elif local == self._record:
            label = ""
            self._begin()
        else:
            self._surround(local, attributes)
            return
        self._path.append(label)
        self._leaf = True
        for attribute, value in attributes.items():
            own = self._local(attribute)
            self._put(f"{label}/{own}" if label else own, value)
        if len(self._path) + len(self._around) > DEPTH:
            raise DeliveryError("unsafe")

    def end(self, name: str) -> None:
        """The text of an element without others in it is a cell, be it empty."""
        if not self.inside:
            self._around.pop()
            return
        label = self._path.pop()
        if self._leaf and label:
            self._put(label, "".join(self.pieces))
            self.pieces.clear()
        elif self.pieces:
            self._text(label or self._record)
        self._leaf = False
        if not label:
            self._finish()

    def _text(self, label: str) -> None:
        """Text that stands between elements is a cell if it is not blank."""
        data = "".join(self.pieces)
        self.pieces.clear()
        if data.strip():
            self._put(label, data)

    def _surround(self, local: str, attributes: dict[str, str]) -> None:
        """An element around records: what it says is said of each of them."""
        own = {f"{local}/{self._local(name)}": value or None for name, value in attributes.items()}
        facts = {**self._around[-1], **own}
        self._around.append(facts)
        said = sum(len(value) for value in facts.values() if value)
        if said > AROUND or len(facts) > COLUMNS or len(self._around) > DEPTH:
            raise DeliveryError("unsafe")

    def _begin(self) -> None:
        self.inside = True
        self.pieces.clear()
        self._again.clear()
        self._cells = self._around[-1].copy()

    def _put(self, label: str, value: str) -> None:
        cells = self._cells
        if label in cells:
            self._again[label] += 1
            label = f"{label}#{self._again[label] + 1}"
        cells[label] = value or None
        if len(cells) > COLUMNS:
            raise DeliveryError("unsafe")

    def _finish(self) -> None:
        self.inside = False
        cells, around = self._cells, self._around[-1]
        if not cells.keys() <= self.labels.keys():
            # A record's own columns stand before those that it shares with others.
            self.labels.update(dict.fromkeys(sorted(cells, key=around.__contains__)))
            if len(self.labels) > COLUMNS:
                raise DeliveryError("unsafe")
        self.records.append(cells)
