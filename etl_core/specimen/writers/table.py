"""Pages → a dBASE table with the fields of the original, deletion marks and half characters included."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from etl_core.specimen.rows import Line, Page
from etl_core.specimen.writers.form import Form

_HEAD = 32
_END = b"\r"
_FOX = (0x30, 0x31, 0x32)
_BACKLINK = 263

# The first byte of a character of two, and a byte that no character begins with.
_HALF, _BAD = b"\xb5", b"\xff"


def write(pages: Sequence[Page], form: Form) -> bytes:
    """Header, records, end mark. Of the old header only fields, version and language are taken over."""
    lines = [line for page in pages for line in page.lines]
    fields = _fields(form.head)
    length = 1 + sum(size for _, size, _ in fields)
    closing = _END + (bytes(_BACKLINK) if form.head[0] in _FOX else b"")
    begin = _HEAD * (len(fields) + 1) + len(closing)
    opening = form.head[:1] + b"\x64\x01\x01" + struct.pack("<IHH", len(lines), begin, length)
    opening = opening.ljust(29, b"\0") + form.head[29:30] + b"\0\0"
    records = (_record(line, fields, form.codec) for line in lines)
    return b"".join([opening, *(field for field, _, _ in fields), closing, *records, b"\x1a"])


def _fields(head: bytes) -> list[tuple[bytes, int, str]]:
    """Descriptor, bytes and type of each field; nothing else of the old descriptor."""
    fields, at = [], _HEAD
    length = struct.unpack_from("<H", head, 10)[0]
    while head[at : at + 1] != _END:
        name, kind, size, decimals = struct.unpack_from("<11sc4xBB", head, at)
        bare = name.partition(b"\0")[0].ljust(11, b"\0")
        fields.append((struct.pack("<11sc4xBB14x", bare, kind, size, decimals), size, kind.decode("latin-1")))
        at += _HEAD
    if 1 + sum(size for _, size, _ in fields) != length:  # Clipper: long texts
        return [(field, size + (field[17] << 8 if kind == "C" else 0), kind) for field, size, kind in fields]
    return fields


def _record(line: Line, fields: Sequence[tuple[bytes, int, str]], codec: str) -> bytes:
    mark = b"*" if line.deleted else b"?" if line.fault == "row.malformed" else b" "
    cells = [_cell(line, at, size, kind, codec) for at, (_, size, kind) in enumerate(fields)]
    return mark + b"".join(cells)


def _cell(line: Line, at: int, size: int, kind: str, codec: str) -> bytes:
    text = (line.cells[at] or "") if at < len(line.cells) else ""
    data = text.encode(codec, "replace")
    if at in line.cut:
        return _fitting(data, size - 1, codec).ljust(size - 1, b"x") + _HALF
    data = _fitting(data, size, codec)
    if line.fault == "text.undecodable" and line.fault_at == at:
        data = _fitting(data, size - 2, codec) + _BAD + b"x"
    return data.rjust(size) if kind in "NF" else data.ljust(size)


def _fitting(data: bytes, size: int, codec: str) -> bytes:
    """As many whole characters as there is room for."""
    return data[: max(0, size)].decode(codec, "ignore").encode(codec)
