"""dBASE tables (.dbf: dBASE III and IV, FoxPro, Clipper) → Grids: records of fixed length, numbered as their programs number them.

dbfread makes Python objects of every cell and reports a half character at the end of a field like damage inside it; here a
record is one object, and a column is decoded by its distinct values.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.readers.slices import PADDING, Field, Records, framed
from etl_core.records import Grid

# First bytes of the tables that are read: III, IV, FoxPro 2, Visual FoxPro; without and with memo file.
_VERSIONS = b"\x03\x04\x30\x31\x32\x43\x63\x83\x8b\xcb\xf5"

# Bytes of the header before the descriptors of the fields, each as long, which end with a mark.
HEAD = 32
_DESCRIPTOR = struct.Struct("<11sc4xBB14x")
_END = b"\r"
# Visual FoxPro keeps the path of its database between the descriptors and the records.
_BACKLINK = 263

# Types whose bytes are text: characters, digits, floating digits, dates as YYYYMMDD, truth values as a letter.
_TEXTUAL = "CNFDL"
# The language byte that says something else than its default of nothing (0) or what every program writes anyhow.
_LANGUAGES = {0x4F: "cp950", 0x78: "cp950"}
_DEFAULT = "gb18030"

# Bytes read at a time.
CHUNK = 4 << 20


@dataclass(frozen=True, slots=True)
class _Head:
    """What a table says of itself: `begin` and `length` of its records in bytes, and how many there are."""

    begin: int
    length: int
    count: int
    language: int

    @property
    def end(self) -> int:
        """The byte after the last record."""
        return self.begin + self.count * self.length


def recognised(head: bytes) -> bool:
    """Whether the first 32 bytes of a file are those of a table, whole or not: no text has bytes like these."""
    if len(head) < HEAD or head[0] not in _VERSIONS or head[2] > 12 or head[3] > 31:
        return False
    found = _head(head)
    return head[30:32] == b"\0\0" and found.begin > HEAD and found.length > 0


def grids(path: File, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the records; `row` is the number of the record, deleted ones counted, which have the kind "deleted".

    The names of the fields are the grid's `headers`. Cells are without the padding; a half character at the end of a full
    field is dropped, and its column stands in `cut` (ruling 22); other invalid bytes and NULs are the fault "text.undecodable",
    a record that begins with neither mark is "row.malformed".
    The encoding is options.encoding, else Big5 where the language byte says so, else GB18030: two bytes of it are often valid
    UTF-8, too, and names are short, so that UTF-8 must be declared.
    A column that is no text by itself (a memo stands in another file, which is no part of the delivery) is empty, and its
    header tells the type, «BZ(M)»: no contract that promises it is content with that.
    Raises DeliveryError("unreadable"): a file cut short, or longer than its records; a header that contradicts itself.
    """
    with path.open("rb") as file:
        head = _head(_exactly(file, HEAD))
        fields = _fields(_exactly(file, max(0, head.begin - HEAD)), head)
        filled = _filled(file, head)
        codec = options.encoding or _LANGUAGES.get(head.language) or _DEFAULT
        headers = tuple(field.name for field in fields)
        rows = max(1, min(batch, CHUNK // head.length))
        file.seek(head.begin)
        for first in range(1, filled + 1, rows):
            block = _exactly(file, min(rows, filled + 1 - first) * head.length)
            yield Grid(_frame(block, first, head, fields, codec), headers=headers)


def _head(data: bytes) -> _Head:
    count, begin, length = struct.unpack_from("<IHH", data, 4)
    return _Head(begin, length, count, data[29])


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise DeliveryError("unreadable")
    return data


def _fields(data: bytes, head: _Head) -> list[Field]:
    """The columns, whose lengths must make up the record's."""
    end = next((at for at in range(0, len(data), HEAD) if data[at : at + 1] == _END), None)
    if not end or (data[end + 1 :] not in (b"", b"\0") and len(data) - end - 1 != _BACKLINK):
        raise DeliveryError("unreadable")
    told = [_DESCRIPTOR.unpack_from(data, at) for at in range(0, end, HEAD)]
    for clipper in (False, True):
        fields = _placed(told, clipper)
        if fields[-1].start + fields[-1].length == head.length:
            return fields
    raise DeliveryError("unreadable")


def _placed(told: list[tuple[bytes, bytes, int, int]], clipper: bool) -> list[Field]:
    """Columns one after the other. Clipper's text is longer than 255 bytes where its decimals say so."""
    fields, start = [], 1  # the first byte of a record is its deletion mark
    for name, kind, short, decimals in told:
        length = short + (decimals << 8 if clipper and kind == b"C" else 0)
        label, letter = _label(name), kind.decode("latin-1")
        textual = letter in _TEXTUAL
        fields.append(Field(label if textual else f"{label}({letter})", start, length, textual))
        start += length
    return fields


def _label(name: bytes) -> str:
    return name.partition(b"\0")[0].decode(_DEFAULT, "replace").strip()


def _filled(file: BinaryIO, head: _Head) -> int:
    """Number of records up to the last one that is not empty (ruling 1).

    Raises DeliveryError("unreadable") where the file has fewer records than it claims, or more: a program that was
    killed has written them without counting them, and whoever goes by the count would lose them.
    """
    size = file.seek(0, 2)
    file.seek(head.end)
    after = file.read(1)
    if size < head.end or (after in (b" ", b"*") and size - head.end >= head.length):
        raise DeliveryError("unreadable")
    end = head.end
    while end > head.begin:
        start = max(head.begin, end - CHUNK)
        file.seek(start)
        held = file.read(end - start).rstrip(PADDING.encode())
        if held:
            return -(-(start + len(held) - head.begin) // head.length)
        end = start
    return 0


def _frame(block: bytes, first: int, head: _Head, fields: list[Field], codec: str) -> pl.DataFrame:
    """The records of a block as records.Grid describes them; the first byte of each is its deletion mark."""
    starts = range(0, len(block), head.length)
    records = pl.Series([block[start : start + head.length] for start in starts], dtype=pl.Binary)
    mark = pl.col("mark")
    told = pl.DataFrame({"mark": records.bin.slice(0, 1)}).select(
        shifted=~mark.is_in([b" ", b"*"]), kind=pl.when(mark == b"*").then(pl.lit("deleted"))
    )
    numbers = pl.Series(range(first, first + len(records)), dtype=pl.Int64)
    return framed(Records(numbers, records, *told), fields, codec)
