"""How far the cells of a worksheet reach, told from its XML before calamine lays out the full rectangle.

Two cells in opposite corners of a sheet would cost half a terabyte there, and the process its life. Cells
without a value do not count, so the styled tail that WPS leaves down to row 1048576 does no harm.
"""

from __future__ import annotations

import re

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
        if self.row * self.column > CELLS:
            raise DeliveryError("unsafe", row=self.row)


def _column(letters: bytes) -> int:
    """Number of a column from 1: A → 1, XFD → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
