"""Where a large text file can be cut, so that its parts read one by one give exactly the rows of the whole.

A cut stands after a LF, on a line where the reader is certain to begin a record, however it came there: no record
covers more than quoting.LINES lines, so only those lines before it matter, and none of them, taken as the beginning
of a record, gives one that reaches beyond the cut. Whether each of them really begins a record need not be known.
The line before a cut is not empty, for a part has no empty rows at its end (ruling 1).

In the encodings that are cut, a line end is no byte of a longer character: after it the text decodes as if the file
began there. The line before a cut has no damage, because a decoder that finds half a character at the end of its bytes
may take the line end for more of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import BinaryIO

from etl_core.errors import DeliveryError
from etl_core.readers import packed, quoting, text
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.records import Part

DIVISIBLE = frozenset({"utf-8", "gb18030", "gbk", "gb2312", "big5"})

# Bytes looked at on either side of a place to cut; where fewer than quoting.LINES lines lie in them, it is not cut.
# So many lines also keep the rows among which a header is searched together, in the first part.
WINDOW = 1 << 21

# What stands between the fields of a text besides the comma, and what people take for it; lines that tell which it is.
OTHERS = ("\t", ";", "|")
WIDE = ("，", "；", "、", "｜")
FIRST = 20

_PIECE = 1 << 20
_LONE = re.compile(rb"\r(?!\n)")


def whole(path: File, options: ReadOptions) -> Part:
    """The file as one part.

    Raises DeliveryError("unreadable") where the bytes are no text, or no known mark stands between its fields.
    """
    encoding = text.recognise(path, options.encoding)
    head = next(text.blocks(path, encoding, size=1 << 16), b"")
    return Part(encoding.mark, None, 1, encoding, _delimiter(head, options.delimiter))


def parts(path: File, options: ReadOptions, count: int) -> tuple[Part, ...]:
    """At most `count` parts of about the same size that follow one another and make up the whole file.

    Fewer where no certain place to cut lies near, one where the encoding cannot be cut at all.
    Raises DeliveryError("unreadable") where the bytes are no text.
    """
    one = whole(path, options)
    if one.encoding.codec not in DIVISIBLE:
        return (one,)
    size = packed.size(path)
    with path.open("rb") as file:
        wanted = (one.start + (size - one.start) * index // count for index in range(1, count))
        found = {cut for at in wanted if (cut := _cut(file, at, one)) is not None and cut < size}
        starts = [one.start, *sorted(found)]
        firsts = accumulate((_line_ends(file, *span) for span in pairwise(starts)), initial=1)
        spans = zip(starts, [*starts[1:], None], firsts, strict=True)
        return tuple(Part(*span, one.encoding, one.delimiter) for span in spans)


def _delimiter(head: bytes, stated: str) -> str:
    """The stated delimiter; instead of the comma a mark that surely stands in its place.

    That is one of OTHERS where the first lines hold it and no comma, or where every one of them holds it as often (and twice
    at least), which in the cells of a table no mark does.
    Raises DeliveryError("unreadable") where a full-width mark is written for it, which no program takes for one.
    """
    if stated != ",":
        return stated
    lines = [line for line in head.decode("utf-8", "ignore").splitlines()[:FIRST] if line.strip()]
    if not any("," in line for line in lines):
        found = [mark for mark in OTHERS if any(mark in line for line in lines)]
        if not found:
            _demand_ascii(lines)
        return "\t" if "\t" in found else max(found, key="".join(lines).count, default=stated)
    counts = {mark: {line.count(mark) for line in lines} for mark in (stated, *OTHERS)}
    regular = [mark for mark, found in counts.items() if len(found) == 1 and min(found) > 1]
    return regular[0] if len(regular) == 1 else stated


def _demand_ascii(lines: Sequence[str]) -> None:
    for mark in WIDE:
        count, often = Counter(line.count(mark) for line in lines).most_common(1)[0] if lines else (0, 0)
        if count > 1 and often > max(1, len(lines) // 2):
            raise DeliveryError("unreadable", separator=mark)


def _cut(file: BinaryIO, at: int, one: Part) -> int | None:
    """The first certain place to cut at or after the byte `at`, within the next quoting.LINES lines."""
    window = _window(file, at, one.start)
    lines = [text.decoded(line, one.encoding) for line in window.lines]
    place, reach = window.start, 0
    for line, end in enumerate(_ends(lines, one.delimiter, window.final)):
        if line > window.before + quoting.LINES:
            return None
        certain = line >= max(window.before, quoting.LINES) and reach <= line
        if certain and window.lines[line - 1].endswith(b"\n") and _tells(lines[line - 1], one.delimiter):
            return place
        place, reach = place + len(window.lines[line]), max(reach, end)
    return None


@dataclass(frozen=True, slots=True)
class _Window:
    """Whole lines around a place, `before` of them before it; start: byte of the first; final: no line follows."""

    start: int
    lines: list[bytes]
    before: int
    final: bool


def _window(file: BinaryIO, at: int, first: int) -> _Window:
    """quoting.LINES lines before the byte `at` and twice as many after it, or what of them stands in WINDOW bytes."""
    start = max(first, at - WINDOW)
    file.seek(start)
    data = file.read(at + WINDOW - start)
    final = not file.read(1)
    head = data.find(b"\n") + 1 if start > first else 0
    lines = data[head : len(data) if final else data.rfind(b"\n") + 1].splitlines(keepends=True)
    starts = [start + head, *accumulate(map(len, lines), initial=start + head)][1:]
    before = bisect_left(starts, at, hi=len(lines))
    low, high = max(0, before - quoting.LINES), before + 2 * quoting.LINES
    return _Window(starts[low], lines[low:high], before - low, final and high >= len(lines))


def _ends(lines: Sequence[str], delimiter: str, final: bool) -> Iterator[int]:
    """For each line, the line after the record that begins there if one does; beyond all where that is not known."""
    widths = [quoting.width(line, delimiter) for line in lines]
    for line, width in enumerate(widths):
        if width is not None:
            yield line + 1
            continue
        found, _ = quoting.irregular(lines, [line], widths, delimiter, final)
        yield found[0].end if found else len(lines) + 1


def _tells(line: str, delimiter: str) -> bool:
    """Whether the line surely gives a row that is not empty, and no damage."""
    return text.DAMAGE not in line and bool(set(line) - {delimiter, '"', "\r", "\n"})


def _line_ends(file: BinaryIO, start: int, end: int) -> int:
    """Number of lines of the bytes [start, end), which end with a LF."""
    file.seek(start)
    found = 0
    while piece := file.read(min(_PIECE, end - file.tell())):
        if piece.endswith(b"\r"):  # perhaps half of a CRLF
            piece += file.read(1)
        found += piece.count(b"\n") + len(_LONE.findall(piece))
    return found
