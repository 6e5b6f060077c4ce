"""Where records begin and end among the lines of a text file, and which of them have broken quoting.

RFC 4180, read as Python's csv does in its strict mode: a field that begins with a quote ends with one, quotes
inside it are doubled, and it may hold line ends; a quote inside an unquoted field is text.

A record is broken when its quoting is, or when it stays open over more than LINES lines or CHARACTERS characters.
Then its first line alone is malformed and reading resumes at the next line, so that a lost quote costs one row
and swallows no other. For the same reason a record over several lines is not believed when one of its inner lines
is by itself a record of the same width (PROOF fields or more): two lost quotes, not a cell that holds a table.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

# Excel allows 253 line breaks and 32,767 characters a cell; csv itself refuses fields over 131,072.
LINES = 1_000
CHARACTERS = 1 << 24
PROOF = 4


class Lines(Protocol):
    """Lines by number, with their line ends: a list or a column of text."""

    def __len__(self) -> int: ...

    def __getitem__(self, line: int, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Irregular:
    """A record that is not one plain line: lines [line, end), its cells, whether its quoting is broken."""

    line: int
    end: int
    cells: list[str]
    broken: bool = False


def regular(delimiter: str) -> str:
    """Regular expression of a line that is a whole record by itself, every quoted field properly closed."""
    mark = f"\\x{ord(delimiter):02x}"
    cell = f'(?:"[^"]*(?:""[^"]*)*"|[^"{mark}]*)'
    return f"^{cell}(?:{mark}{cell})*$"


def width(line: str, delimiter: str) -> int | None:
    """Fields of a line (with or without its end): 0 where it is empty, None where it is not regular."""
    bare = line.rstrip("\r\n")
    if '"' in bare:
        if not re.fullmatch(regular(delimiter), bare):
            return None
        bare = re.sub('"[^"]*"', "", bare) or '"'
    return bare.count(delimiter) + 1 if bare else 0


def irregular(
    lines: Lines, suspects: Iterable[int], widths: Sequence[int | None], delimiter: str, final: bool
) -> tuple[list[Irregular], int]:
    """Read the records that begin on the `suspects` (ascending lines that are not regular).

    lines: all lines of a chunk with their line ends; widths: fields of each regular line, None for the others;
    final: no lines follow the chunk. Returns the records, and the line from which the next chunk must go on
    because the record that begins there is still open (len(lines) where none is).
    """
    found: list[Irregular] = []
    resume = 0
    for line in suspects:
        if line < resume:
            continue
        record = _read(lines, line, delimiter, final)
        if record is None:
            return found, line
        if _swallows(record, widths):
            record = _broken(lines, line, delimiter)
        found.append(record)
        resume = record.end
    return found, len(lines)


class _Feed(Iterator[str]):
    """Lines for csv.reader from `first` on, up to the limits of a record; `dry` once there is none left."""

    def __init__(self, lines: Lines, first: int) -> None:
        self.dry = False
        self._lines, self._next = lines, first
        self._last, self._characters = first + LINES, 0

    def __next__(self) -> str:
        self.dry = self._next == len(self._lines)
        if self.dry or self._next == self._last or self._characters > CHARACTERS:
            raise StopIteration
        line = self._lines[self._next]
        self._next += 1
        self._characters += len(line)
        return line


def _read(lines: Lines, line: int, delimiter: str, final: bool) -> Irregular | None:
    """The record that begins on `line`; None while it is open at the end of a chunk that is not the last."""
    feed = _Feed(lines, line)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration):
        return None if feed.dry and not final else _broken(lines, line, delimiter)
    return Irregular(line, line + reader.line_num, cells)


def _broken(lines: Lines, line: int, delimiter: str) -> Irregular:
    return Irregular(line, line + 1, lines[line].rstrip("\r\n").split(delimiter), broken=True)


def _swallows(record: Irregular, widths: Sequence[int | None]) -> bool:
    """Whether an inner line of the record is by itself a record of the same width."""
    width = len(record.cells)
    return width >= PROOF and width in widths[record.line + 1 : record.end - 1]
