"""Fixed width text → Grids: the fields of each line stand where the source says that they do (options.FixedWidth).

Widths are bytes of the encoding that the old system writes, GB18030 (cp936) unless the source states another. A file that was
saved anew in another one (a byte order mark, or valid UTF-8 with more than ASCII in it: ruling 23) is put back into that
encoding line by line, so that the places are right again.

What is a whole line (ruling 21): one as long as the layout; a longer one whose surplus is blank; a shorter one that has its
line end and reaches into the last field that may not be missing (FixedWidth.spare), because editors trim trailing blanks. Any
other is row.malformed: cut in the middle, or at the end of the file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers import text
from etl_core.readers.batches import settled
from etl_core.readers.options import FixedWidth, ReadOptions
from etl_core.readers.packed import File
from etl_core.readers.slices import Field, Records, framed
from etl_core.records import Encoding, Grid

# Bytes read at a time; a line that is longer is no record.
CHUNK = 4 << 20
LONGEST = 1 << 20

# Bytes of a file among whose lines at least one must be whole.
_LOOKED = 1 << 16

_DEFAULT = "gb18030"
# Two bytes of these are the same characters in GB18030, which has every other character too.
_WITHIN = {"gbk", "gb2312"}
_BLANK = b" \t\0"
_DELIMITERS = re.compile("[,;|\t，；]")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line in the encoding of the layout, without its end; `ended`: it had one; `sound`: nothing of it was lost on the way."""

    data: bytes
    ended: bool
    sound: bool = True


def fits(path: File, options: ReadOptions) -> bool:
    """Whether one of the first lines is a whole record of the layout, and none names half of its fields between delimiters.

    Otherwise the file is of another kind: as delimited text it is read, or fails with the name of the header that is missing.
    """
    layout, found = _layout(options), _recognised(path, options)
    first = next(_lines(path, found, _LOOKED), [])
    lines = [_put_back(line, found, options) for line in first]
    codec = _codec(options)
    if any(_names(line, layout, codec) for line in lines):
        return False
    return any(line.data.strip(_BLANK) and not _cut(line, layout, codec) for line in lines)


def _names(line: _Line, layout: FixedWidth, codec: str) -> bool:
    """Whether a line is the header of delimited text."""
    cells = {cell.strip(' "') for cell in _DELIMITERS.split(line.data.decode(codec, "replace"))}
    return len(cells) > 1 and 2 * len(cells & {name for name, _ in layout.fields}) >= len(layout.fields)


def grids(path: File, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the lines; `row` is the number of the line from 1, and the names of the fields are the grid's `headers`.

    Lines of the file's own header have the kind "header", trailer lines "total"; an empty line is an empty row. Cells are without
    the blanks at their end; a half character at the end of a full field is dropped, and its column stands in `cut` (ruling
    22); other invalid bytes and NULs are the fault "text.undecodable" with their column.
    Raises DeliveryError: "unreadable" (no text), "unsafe" (a line over LONGEST bytes).
    """
    headers = tuple(name for name, _ in _layout(options).fields)
    for rows in settled(_frames(path, options), batch):
        yield Grid(rows, headers=headers)


def _layout(options: ReadOptions) -> FixedWidth:
    assert options.fixed is not None
    return options.fixed


def _frames(path: File, options: ReadOptions) -> Iterator[pl.DataFrame]:
    layout, found = _layout(options), _recognised(path, options)
    starts = accumulate((width for _, width in layout.fields), initial=0)
    fields = [Field(name, start, width) for (name, width), start in zip(layout.fields, starts, strict=False)]
    number = 1
    for raw in _lines(path, found, CHUNK):
        lines = [_put_back(line, found, options) for line in raw]
        yield _frame(lines, number, layout, fields, _codec(options))
        number += len(lines)


def _frame(
    lines: list[_Line], first: int, layout: FixedWidth, fields: list[Field], codec: str
) -> pl.DataFrame:
    trailer = layout.trailer.encode(codec)
    kinds: list[str | None] = [
        "header"
        if number <= layout.header
        else "total"
        if trailer and line.data.startswith(trailer)
        else None
        for number, line in enumerate(lines, first)
    ]
    malformed = [
        kind is None and bool(line.data.strip(_BLANK)) and _cut(line, layout, codec)
        for kind, line in zip(kinds, lines, strict=True)
    ]
    padded = [line.data.ljust(layout.width) for line in lines]
    records = Records(
        numbers=pl.Series(range(first, first + len(lines)), dtype=pl.Int64),
        data=pl.Series(padded, dtype=pl.Binary),
        malformed=pl.Series(malformed, dtype=pl.Boolean),
        kinds=pl.Series(kinds, dtype=pl.String),
    )
    frame = framed(records, fields, codec)
    lost = pl.Series([not line.sound for line in lines], dtype=pl.Boolean)
    return _lost(frame, lost) if lost.any() else frame


def _lost(frame: pl.DataFrame, lost: pl.Series) -> pl.DataFrame:
    """Lines that could not be put back: their bytes are damaged, and so are the places of what follows."""
    return frame.with_columns(
        pl.when(lost).then(pl.lit("text.undecodable")).otherwise("fault").alias("fault"),
        pl.when(~lost).then("fault_at").alias("fault_at"),
    )


def _cut(line: _Line, layout: FixedWidth, codec: str) -> bool:
    """Whether a line is no whole record."""
    size = len(line.data)
    if size >= layout.width:
        return bool(line.data[layout.width :].strip(_BLANK))
    return not line.ended or size < layout.least or _halved(line.data, codec)


def _halved(data: bytes, codec: str) -> bool:
    """Whether bytes end within a character."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    decoder.decode(data)
    return bool(decoder.getstate()[0])


def _codec(options: ReadOptions) -> str:
    stated = codecs.lookup(options.encoding or _DEFAULT).name
    return _DEFAULT if stated in _WITHIN else stated


def _recognised(path: File, options: ReadOptions) -> Encoding:
    """What the file is written in; the few GB18030 names that are also valid UTF-8 are known by the length of their lines."""
    found = text.recognise(path, options.encoding)
    if found.codec != "utf-8" or found.mark or options.encoding:
        return found
    layout = _layout(options)
    lines = [line.rstrip(b"\r\n") for line in next(_lines(path, found, _LOOKED), [])[layout.header :]]
    sizes = {len(line) for line in lines if not line.isascii()}
    return Encoding(_DEFAULT) if sizes == {layout.width} else found


def _put_back(line: bytes, found: Encoding, options: ReadOptions) -> _Line:
    """A line as the old system wrote it, whatever the encoding it came in."""
    bare = line.rstrip(b"\r\n")
    ended, codec = bare != line, _codec(options)
    if found.codec in (codec, *_WITHIN) or bare.isascii():
        return _Line(bare, ended)
    try:
        return _Line(bare.decode("utf-8" if _wide(found) else found.codec).encode(codec), ended)
    except UnicodeError:
        return _Line(bare, ended, sound=False)


def _wide(found: Encoding) -> bool:
    """Whether a line end has several bytes."""
    return found.codec.startswith(("utf-16", "utf-32"))


def _lines(path: File, found: Encoding, size: int) -> Iterator[list[bytes]]:
    """The lines with their ends, as many at a time as stand in about `size` bytes."""
    rest, number = b"", 1
    for piece in _pieces(path, found, size):
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST or any(len(line) > LONGEST for line in lines):
            raise DeliveryError("unsafe", row=number)
        number += len(lines)
        if lines:
            yield [line + b"\n" for line in lines]
    if rest:
        yield [rest]


def _pieces(path: File, found: Encoding, size: int) -> Iterator[bytes]:
    """The bytes of the file; of UTF-16 its text in UTF-8."""
    if _wide(found):
        yield from text.blocks(path, found, size)
        return
    with path.open("rb") as file:
        file.seek(found.mark)
        while piece := file.read(size):
            yield piece
