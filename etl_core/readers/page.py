"""The tables of an HTML page, followed tag by tag: what a browser or Excel makes of them, row by row."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from etl_core.errors import DeliveryError

# Columns that Excel has. Spans beyond these are cut, as the HTML standard says (4.9.11).
WIDEST = 1 << 14
_SPANS = {"colspan": 1_000, "rowspan": 65_534}

# Cells of the rectangle that all rows of a page lie in: a million rows of thirty columns.
CELLS = 1 << 25

# Tables inside tables: pages are laid out in a few.
DEEPEST = 100

# A tag, a comment or a text that goes on for more characters belongs to no table.
LONGEST = 1 << 20

# White space that a browser shows as one blank (no-break and ideographic ones are text); breaks stay until it is folded.
_BLANKS = re.compile("[ \t\r\n\f]+")
_BREAK = "\0"
_AROUND = re.compile(f" ?(?:{_BREAK} ?)+")
_BREAKING = {"br", "p", "div", "li"}
_SILENT = {"script", "style"}
_CELL = {"td", "th"}

Attributes = Mapping[str, str | None]


@dataclass(slots=True)
class Row:
    """A <tr>: its ordinal in the page, its cells, whether it has ended."""

    number: int
    cells: list[str | None] = field(default_factory=list)
    ended: bool = False


@dataclass(slots=True)
class _Table:
    """A table that has not ended.

    at       ordinal of the row that is open, or was
    start    column of the cell that is open
    covered  for each column the last row that a cell from above reaches
    """

    at: int = -1
    row: Row | None = None
    start: int = 0
    text: list[str] | None = None
    covered: dict[int, int] = field(default_factory=dict)

    def begin_row(self, row: Row) -> None:
        self.end_row()
        self.at += 1
        self.row = row

    def begin_cell(self, row: Row, attributes: Attributes) -> None:
        self.end_cell()
        while self.covered and self.covered.get(len(row.cells), -1) >= self.at:
            row.cells.append(None)
        self.start, self.text = len(row.cells), []
        row.cells.append(None)
        if not attributes.keys().isdisjoint(_SPANS):
            self._span(row, attributes)

    def _span(self, row: Row, attributes: Attributes) -> None:
        """The cell that begins covers several columns of this row and of those that follow."""
        columns, rows = (_spanned(attributes.get(name), most) for name, most in _SPANS.items())
        row.cells.extend([None] * (columns - 1))
        if rows > 1:
            reached = range(self.start, len(row.cells))
            self.covered.update(dict.fromkeys(reached, self.at + rows - 1))

    def end_cell(self) -> None:
        if self.row is not None and self.text is not None:
            self.row.cells[self.start] = _shown("".join(self.text))
        self.text = None

    def end_row(self) -> None:
        self.end_cell()
        if self.row is not None:
            self.row.ended = True
        self.row = None


class Page(HTMLParser):
    """Takes the text of a page in pieces of any size, and gives the rows of its tables in the order in which they begin.

    A cell ends where the next one begins, and a row likewise, whether their end is written or not. A table inside a cell
    has rows of its own. Raises DeliveryError: "unsafe" (entities of its own, a tag or a text over LONGEST, a row over
    WIDEST, rows over CELLS, tables over DEEPEST), "unreadable" (what the parser does not understand).
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: deque[Row] = deque()
        self._tables: list[_Table] = []
        self._number = self._widest = 0
        self._silent = False

    def rows(self, piece: str | None) -> Iterator[Row]:
        """Take the next piece, None at the end; yield the rows before the first one that has not ended."""
        try:
            self.feed(piece) if piece is not None else self._finish()
        except (
            AssertionError,
            ValueError,
            RecursionError,
        ):  # which some versions raise for broken declarations
            raise DeliveryError("unreadable") from None
        if len(self.rawdata) > LONGEST:
            raise DeliveryError("unsafe", row=self._number)
        while self._rows and self._rows[0].ended:
            yield self._rows.popleft()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A cell, a row, a table or a line break begins."""
        if tag in _CELL:
            table = self._table()
            self._cell(table, table.row or self._begun(table), dict(attrs))
        elif tag == "tr":
            self._begun(self._table())
        elif tag == "table":
            self._deeper()
        elif tag in _BREAKING:
            self.handle_data(_BREAK)
        self._silent = tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        """A cell, a row or a table ends."""
        self._silent = False
        if self._tables:
            if tag in _CELL:
                self._tables[-1].end_cell()
            elif tag in ("tr", "table"):
                self._tables[-1].end_row()
            if tag == "table":
                self._tables.pop()

    def handle_data(self, data: str) -> None:
        """Text, of a cell where one is open."""
        if self._tables and not self._silent and (text := self._tables[-1].text) is not None:
            text.append(data)

    def handle_decl(self, decl: str) -> None:
        """A document type; one that declares something of its own is no page that people export."""
        if "[" in decl:
            raise DeliveryError("unsafe")

    def _table(self) -> _Table:
        """The innermost table; rows outside of any are those of one that has no tag."""
        return self._tables[-1] if self._tables else self._deeper()

    def _deeper(self) -> _Table:
        if len(self._tables) == DEEPEST:
            raise DeliveryError("unsafe", row=self._number)
        self._tables.append(_Table())
        return self._tables[-1]

    def _begun(self, table: _Table) -> Row:
        self._number += 1
        row = Row(self._number)
        self._rows.append(row)
        table.begin_row(row)
        return row

    def _cell(self, table: _Table, row: Row, attributes: Attributes) -> None:
        table.begin_cell(row, attributes)
        self._widest = max(self._widest, len(row.cells))
        if self._widest > WIDEST or self._widest * self._number > CELLS:
            raise DeliveryError("unsafe", row=self._number)

    def _finish(self) -> None:
        self.close()
        for table in self._tables:
            table.end_row()


def _spanned(stated: str | None, most: int) -> int:
    """How many columns or rows a cell covers; anything but a number from 1 on is 1."""
    digits = (stated or "").strip()
    return max(1, min(int(digits), most)) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 1


def _shown(text: str) -> str | None:
    """The text of a cell as it is seen: white space one blank, breaks one line break."""
    if _BREAK in text or not text.isprintable() or " " in text:
        text = _AROUND.sub("\n", _BLANKS.sub(" ", text)).strip(" \n")
    return text or None
