"""How a form's sheet is laid out: lines above the header, a header of one or two rows, and a column for each cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from etl_core import header
from etl_core.contract import Origin, member, origins
from etl_core.source import Source

Cells = list[str | None]


@dataclass(frozen=True, slots=True)
class Slot:
    """A column of a form.

    field   the contract's field, for one of several columns its member («days[1]»); "" where the column is there for its twin alone
    header  its header as it is spelt today, both levels of it joined by «/»
    """

    field: str
    header: str
    origin: Origin

    @property
    def name(self) -> str:
        """The contract's field."""
        return self.field.partition("[")[0]


@dataclass(frozen=True, slots=True)
class Sheet:
    """titles: lines above the header, each once, with the fields that are read from them; slots: the columns from left to right."""

    titles: Mapping[str, tuple[str, ...]]
    slots: tuple[Slot, ...]

    @property
    def groups(self) -> frozenset[str]:
        """Upper headers that stand over several columns; none: the header has one row."""
        counted = Counter(_levels(slot)[0] for slot in self.slots if "/" in slot.header)
        of_several = {_levels(slot)[0] for slot in self.slots if slot.origin.kind == "columns"}
        return frozenset(group for group, count in counted.items() if count > 1 or group in of_several)

    @property
    def heads(self) -> list[Cells]:
        """The header's physical rows; of merged cells the first has the text."""
        groups = self.groups
        if not groups:
            return [[slot.header for slot in self.slots]]
        upper: Cells = []
        lower: Cells = []
        last = None
        for slot in self.slots:
            group, below = _levels(slot)
            grouped = group in groups
            upper.append(None if grouped and group == last else group if grouped else slot.header)
            lower.append(below if grouped else None)
            last = group if grouped else None
        return [upper, lower]

    def lines(self, rows: Sequence[Mapping[str, str]]) -> Iterator[Cells]:
        """The whole sheet, with rows whose cells are given by Slot.field."""
        blank: Cells = [None] * (len(self.slots) - 1)
        yield from ([title, *blank] for title in self.titles)
        yield from self.heads
        yield from ([row.get(slot.field) or None for slot in self.slots] for row in rows)


def _levels(slot: Slot) -> tuple[str, str | None]:
    upper, _, lower = slot.header.partition("/")
    return upper, lower or None


def sheet(source: Source, on: date) -> Sheet:
    """The sheet that a source's files have at a date."""
    titles: dict[str, tuple[str, ...]] = {}
    slots: list[Slot] = []
    for field, origin in origins(source.contract).items():
        if origin.kind == "title":
            line = origin.example or origin.shown
            titles[line] = (*titles.get(line, ()), field)
        slots += _slots(field, origin, on)
    return Sheet(titles, tuple(_twinned(slots, source)))


def _slots(field: str, origin: Origin, on: date) -> list[Slot]:
    if origin.kind == "columns":
        return [Slot(member(field, at), each, origin) for at, each in enumerate(origin.members)]
    if origin.kind == "header":
        today = [each.text for each in origin.headers if each.holds(on)]
        return [Slot(field, (today or [origin.shown])[0], origin)]
    return []


def _twinned(slots: list[Slot], source: Source) -> Iterator[Slot]:
    """The columns, and at the end those that are not read, but without which nobody knows which of two «姓名» is which."""
    yield from (replace(slot, header=slot.header.partition("#")[0]) for slot in slots)
    names = {header.normal(slot.header) for slot in slots}
    for each in (*source.ignored, *source.dropped):
        text, _, number = each.partition("#")
        if number and header.normal(text) in names:
            yield Slot("", text, Origin("header"))
