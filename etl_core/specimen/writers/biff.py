"""Pages → an Excel 97-2003 workbook (.xls): BIFF8 records of texts and numbers in a compound file ([MS-XLS], [MS-CFB]).

No maintained library writes this container any more. What is left out (fonts, formats, styles) no reader of ours asks for.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

from etl_core.readers.cells import number
from etl_core.specimen.rows import Page
from etl_core.specimen.writers.form import Form

_SECTOR, _SMALL = 512, 4096
_END, _FAT, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,8})(\.\d{1,4})?")


def write(pages: Sequence[Page], form: Form) -> bytes:
    """The workbook's stream, in a compound file."""
    return _compound(_workbook(pages))


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _begin(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0x41, 6))


def _text(text: str, size: str) -> bytes:
    """A string with its length and UTF-16 characters."""
    data = text.encode("utf-16-le")
    return struct.pack(f"<{size}B", len(data) // 2, 1) + data


def _workbook(pages: Sequence[Page]) -> bytes:
    sheets = [_sheet(page) for page in pages]
    font = _record(
        0x0031, struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 134, 0) + _text("宋体", "B")
    )
    style = _record(0x00E0, struct.pack("<HHHBBBBIIH", 0, 0, 0xFFF5, 32, 0, 0, 0, 0, 0, 0x20C0))
    cell = _record(0x00E0, struct.pack("<HHHBBBBIIH", 0, 0, 0x0001, 32, 0, 0, 0, 0, 0, 0x20C0))
    opening = _begin(0x0005) + _record(0x0042, struct.pack("<H", 1200)) + font * 4 + style * 15 + cell
    entries = [
        _record(0x0085, struct.pack("<IBB", 0, not page.visible, 0) + _text(str(page.name), "B"))
        for page in pages
    ]
    at = len(opening) + sum(map(len, entries)) + len(_record(0x000A))
    placed = []
    for entry, sheet in zip(entries, sheets, strict=True):
        placed.append(entry[:4] + struct.pack("<I", at) + entry[8:])
        at += len(sheet)
    return b"".join([opening, *placed, _record(0x000A), *sheets])


def _sheet(page: Page) -> bytes:
    width = max((len(line.cells) for line in page.lines), default=0)
    size = _record(0x0200, struct.pack("<IIHHH", 0, len(page.lines), 0, width, 0))
    cells = (
        _cell(at, column, cell)
        for at, line in enumerate(page.lines)
        for column, cell in enumerate(line.cells)
        if cell is not None
    )
    return b"".join([_begin(0x0010), size, *cells, _record(0x000A)])


def _cell(at: int, column: int, cell: str) -> bytes:
    place = struct.pack("<HHH", at, column, 15)
    if _NUMBER.fullmatch(cell) and number(float(cell)) == cell:
        return _record(0x0203, place + struct.pack("<d", float(cell)))
    return _record(0x0204, place + _text(cell[:4_000], "H"))


def _compound(stream: bytes) -> bytes:
    """One stream, «Workbook», in sectors one after the other: directory, stream, and the table that chains them."""
    stream = stream.ljust(_SMALL, b"\0")
    count = -(-len(stream) // _SECTOR)
    tables = 1
    while (count + 1 + tables) * 4 > tables * _SECTOR:
        tables += 1
    chain = [*range(1, count), _END, _END, *([_FAT] * tables)]
    chain += [_FREE] * (tables * _SECTOR // 4 - len(chain))
    first = range(count + 1, count + 1 + tables)
    head = struct.pack(
        "<8s16xHHHHH6xIII4xIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6),
        *(0, tables, count, _SMALL, _END, 0, _END, 0),
    )
    master = [*first, *([_FREE] * (109 - tables))]
    parts = [
        head,
        struct.pack("<109I", *master),
        stream.ljust(count * _SECTOR, b"\0"),
        b"".join(_directory(len(stream))),
    ]
    return b"".join([*parts, struct.pack(f"<{len(chain)}I", *chain)])


def _directory(size: int) -> Iterator[bytes]:
    yield _entry("Root Entry", 5, 1, _END, 0)
    yield _entry("Workbook", 2, _FREE, 0, size)
    yield from [_entry("", 0, _FREE, 0, 0)] * 2


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    label = f"{name}\0".encode("utf-16-le") if name else b""
    return struct.pack(
        "<64sHBBIII16xI16xIII", label, len(label), kind, 1, _FREE, _FREE, child, 0, start, size, 0
    )
