"""Rows of texts as lines of a table that fits: as it is, with its widest column folded, or as a paragraph a row.

A column is as wide as its widest cell, a Chinese character counting for two. Numbers stand right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

GAP = "   "
INDENT = "  "
# A column is not folded to fewer cells than this: a file name of one character a line can be read by nobody.
LEAST = 24

Cells = Sequence[str]


def laid(heads: Cells, rows: Sequence[Cells], right: Sequence[bool], width: int | None) -> Iterator[str]:
    """The lines of a table that is at most `width` cells wide; one line a row where that is None."""
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    total = sum(widths) + len(GAP) * (len(widths) - 1)
    if width is not None and total > width:
        widest = widths.index(max(widths))
        room = widths[widest] - (total - width)
        if room < LEAST:
            yield from _paragraphs(heads, rows, width)
            return
        widths[widest] = room
    yield from _table([heads], widths, right)
    yield "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    yield from _table(rows, widths, right)


def _table(rows: Sequence[Cells], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    for row in rows:
        folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
        for at in range(max(map(len, folded))):
            parts = (lines[at] if at < len(lines) else "" for lines in folded)
            yield GAP.join(map(_filled, parts, widths, right)).rstrip()


def _folded(cell: str, width: int) -> list[str]:
    return [cell] if cell_len(cell) <= width else chop_cells(cell, width)


def _filled(text: str, width: int, right: bool) -> str:
    blank = " " * (width - cell_len(text))
    return blank + text if right else text + blank


def _paragraphs(heads: Cells, rows: Sequence[Cells], width: int) -> Iterator[str]:
    """Every row as «head: cell» one after another, broken between them; empty cells are left out."""
    for row in rows:
        line = ""
        for head, cell in zip(heads, row, strict=True):
            part = f"{head}: {cell}" if cell else ""
            if line and part and cell_len(line + GAP + part) > width:
                yield line
                line = INDENT + part
            else:
                line = GAP.join(filter(None, (line, part)))
        yield line
