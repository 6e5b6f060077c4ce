"""dBASE tables (.dbf: dBASE III and IV, FoxPro, Clipper) → Grids: records of fixed length, numbered as their programs number them.

dbfread makes Python objects of every cell and reports a half character at the end of a field like damage inside it; here a
record is one object, and a column is decoded by its distinct values.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers.batches import FIXED
from etl_core.readers.options import ReadOptions
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
_PADDING = " \0"

# The language byte that says something else than its default of nothing (0) or what every program writes anyhow.
_LANGUAGES = {0x4F: "cp950", 0x78: "cp950"}
_DEFAULT = "gb18030"

# Bytes read at a time.
CHUNK = 4 << 20

Told = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class _Field:
    """One column: its name as a header, its place in a record (the first byte is the deletion mark), whether it is text."""

    name: str
    start: int
    length: int
    textual: bool


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


def grids(path: Path, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
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


def _fields(data: bytes, head: _Head) -> list[_Field]:
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


def _placed(told: list[tuple[bytes, bytes, int, int]], clipper: bool) -> list[_Field]:
    """Columns one after the other. Clipper's text is longer than 255 bytes where its decimals say so."""
    fields, start = [], 1
    for name, kind, short, decimals in told:
        length = short + (decimals << 8 if clipper and kind == b"C" else 0)
        label, letter = _label(name), kind.decode("latin-1")
        textual = letter in _TEXTUAL
        fields.append(_Field(label if textual else f"{label}({letter})", start, length, textual))
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
        held = file.read(end - start).rstrip(_PADDING.encode())
        if held:
            return -(-(start + len(held) - head.begin) // head.length)
        end = start
    return 0


def _frame(block: bytes, first: int, head: _Head, fields: list[_Field], codec: str) -> pl.DataFrame:
    """The records of a block as records.Grid describes them."""
    starts = range(0, len(block), head.length)
    records = pl.Series([block[start : start + head.length] for start in starts], dtype=pl.Binary)
    columns = [_column(records, field, codec) for field in fields]
    texts = {f"c{at}": text for at, (text, _) in enumerate(columns)}
    states = {at: state for at, (_, state) in enumerate(columns) if state.null_count() < len(state)}
    rows = pl.DataFrame({"mark": records.bin.slice(0, 1), **{str(at): state for at, state in states.items()}})
    nothing = pl.lit(None, pl.Int64)
    shifted = ~pl.col("mark").is_in([b" ", b"*"])
    bad = pl.when(~shifted).then(pl.coalesce(nothing, *_where(states, "text.undecodable")))
    told = rows.select(
        pl.int_range(first, first + pl.len()).cast(FIXED["row"]).alias("row"),
        pl.lit(None, FIXED["width"]).alias("width"),
        pl.when(shifted)
        .then(pl.lit("row.malformed"))
        .when(bad.is_not_null())
        .then(pl.lit("text.undecodable"))
        .alias("fault"),
        bad.alias("fault_at"),
        pl.when(pl.col("mark") == b"*").then(pl.lit("deleted")).alias("kind"),
        pl.concat_list(nothing, *_where(states, "text.cut")).list.drop_nulls().alias("cut"),
    )
    return told.hstack(pl.DataFrame(texts))


def _where(states: Iterable[int], state: str) -> Iterator[pl.Expr]:
    """For each column its number, in the rows in which it has that state."""
    for at in states:
        yield pl.when(pl.col(str(at)) == state).then(pl.lit(at, pl.Int64))


def _column(records: pl.Series, field: _Field, codec: str) -> tuple[pl.Series, pl.Series]:
    """Text of a column, null where nothing stands in it, and what is wrong with it: null, or a reason code."""
    nothing = pl.repeat(None, len(records), dtype=pl.String, eager=True)
    if not field.textual:
        return nothing, nothing
    cells = records.bin.slice(field.start, field.length)
    text = _ascii(cells)
    state = nothing
    if text is None:
        known = cells.unique()
        told = [_decoded(cell, codec) for cell in known.to_list()]
        texts, states = (pl.Series(each, dtype=pl.String) for each in zip(*told, strict=True))
        text, state = (cells.replace_strict(known, each, return_dtype=pl.String) for each in (texts, states))
    bare = text.str.strip_chars_end(_PADDING)
    holds_nul = bare.str.contains("\0", literal=True)
    if holds_nul.any():
        state = state.set(holds_nul, "text.undecodable")
        bare = bare.str.replace_all("\0", "\ufffd", literal=True)
    return bare.set(bare == "", None), state


def _ascii(cells: pl.Series) -> pl.Series | None:
    """The cells as text, where all of them are ASCII: nothing needs to be decoded, as in columns of numbers and dates."""
    try:
        text = cells.cast(pl.String)
    except pl.exceptions.ComputeError:  # not even UTF-8
        return None
    return text if (text.str.len_bytes() == text.str.len_chars()).all() else None


def _decoded(cell: bytes, codec: str) -> Told:
    """A whole field as text, padding included, and what is wrong with it."""
    try:
        return cell.decode(codec), None
    except UnicodeDecodeError:
        pass
    try:  # what an unfinished decoder still waits for is a half character, and the field ends with it
        return codecs.getincrementaldecoder(codec)().decode(cell), "text.cut"
    except UnicodeDecodeError:
        return cell.decode(codec, "replace"), "text.undecodable"
