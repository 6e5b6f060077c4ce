"""How far the cells of a worksheet reach, told from its XML before calamine lays out the full rectangle.

Two cells in opposite corners of a sheet would cost half a terabyte there, and the process its life. Cells
without a value do not count, so the styled tail that WPS leaves down to row 1048576 does no harm.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from etl_core.errors import DeliveryError

# Cells of a rectangle: a million rows of sixty columns; calamine takes 24 bytes for each.
CELLS = 1 << 26

_VALUED = re.compile(rb' r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*(?<!/)>')
_FAR = re.compile(rb' r="(?:[A-Z]{2}|[A-Z][0-9]{6})')
_OVERLAP = 512


class Extent:
    """Watches the pieces of one worksheet go by; raises DeliveryError("unsafe") beyond CELLS."""

    def __init__(self) -> None:
        self.row = self.column = 0
        self._tail = b""

    def see(self, piece: bytes) -> None:
        """Take the next piece of the XML."""
        text, self._tail = self._tail + piece, piece[-_OVERLAP:]
        # Rows ascend: where no cell lies beyond column Z or row 99,999, the last one tells enough.
        places = _VALUED.findall(text, 0 if _FAR.search(text) else max(0, text.rfind(b"<c ")))
        for letters in {letters for letters, _ in places}:
            self.column = max(self.column, 26, _column(letters))
        self.row = max([self.row, *(int(row) for _, row in places)])
        bounded(self.row, self.column)


class Repeats:
    """Watches the content of an .ods go by, whose rows and cells say how often they are repeated.

    Raises DeliveryError("unsafe") for a sheet beyond CELLS. `broken`: it is no XML, because it is encrypted or damaged.
    """

    def __init__(self) -> None:
        self.broken = False
        self._row = self._times = self._column = self._end = self._widest = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._ended

    def see(self, piece: bytes) -> None:
        """Take the next piece of the XML."""
        try:
            if not self.broken:
                self._parser.Parse(piece, False)
        except expat.ExpatError:
            self.broken = True

    def _start(self, name: str, told: dict[str, str]) -> None:
        if name == "table:table":
            self._row = self._widest = 0
        elif name == "table:table-row":
            self._times = _times(told, "table:number-rows-repeated")
            self._column = self._end = 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._column += _times(told, "table:number-columns-repeated")
            if "office:value-type" in told:
                self._end = self._column

    def _ended(self, name: str) -> None:
        if name == "table:table-row":
            self._row += self._times
            self._widest = max(self._widest, self._end)
            if self._end:  # rows without a value count once a valued one follows
                bounded(self._row, self._widest)


def bounded(rows: int, columns: int) -> None:
    """Refuse a rectangle beyond CELLS.

    Raises DeliveryError("unsafe").
    """
    if rows * columns > CELLS:
        raise DeliveryError("unsafe", row=rows)


def _times(told: dict[str, str], name: str) -> int:
    written = told.get(name, "1")
    if not written.isdecimal() or len(written) > 10:
        raise DeliveryError("unsafe")
    return int(written)


def _column(letters: bytes) -> int:
    """Number of a column from 1: A → 1, XFD → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
