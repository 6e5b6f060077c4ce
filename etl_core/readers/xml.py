"""XML → Grids: each element of one name is a record, whatever stands around it and in whatever namespace.

The bytes are decoded here (text.py), since expat knows no Chinese encoding, and are parsed as they come (elements.py): no
tree is made.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from xml.parsers import expat

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers import text
from etl_core.readers.batches import FIXED, framed, settled, told
from etl_core.readers.elements import Cells, Census, Reading, parser
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.records import Encoding, Grid

# Bytes of a file that tell whether it is XML and in which encoding, and that tell which of its elements is a record.
HEAD = 4096
CENSUS = 1 << 20

# Bytes parsed at a time, and records that become a frame at a time: few enough to stay in the processor's cache.
PIECE = 1 << 20
BLOCK = 2_000

# Records from which the columns are known before the first one is told, however small the batches; cells that are only
# further down widen the grids that come then.
SETTLED = 10_000

# Bytes of one record or tag, which no register comes near, and of the frames that are kept until a batch is full.
SPAN = 1 << 24
FRAME = 1 << 26

# Encodings of which a declaration is believed where the bytes are no UTF-8. That of another says no more than the bytes do:
# GB2312 and GBK are the beginnings of GB18030, and what declares itself UTF-8 is perhaps none.
_DECLARABLE = {"big5", "big5hkscs", "cp950", "iso8859-1", "cp1252"}
_DECLARED = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_WIDE = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+([^\s>\[]+)", re.IGNORECASE)
_NAME = re.compile(rb"<([A-Za-z_:\x80-\xff][^\s/>]*)[\s/>]")
_HTML = (b"html", b"head", b"body", b"meta", b"title", b"style", b"table")
_OTHER = (b"<?", b"?>"), (b"<!--", b"-->")


def recognised(head: bytes) -> bool:
    """Whether a file begins like XML and not like HTML, which is no XML even where it says so."""
    start = _plain(head).lstrip()
    root = _after(start)
    kind = _DOCTYPE.match(root) or _NAME.match(root)
    return kind[1].lower() not in _HTML if kind else start.startswith(b"<?xml")


def grids(path: File, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the records; `row` is the ordinal of the record in the document (ruling 5).

    A record is each element of the local name options.record, or of the name that `likely` finds. Its columns are its
    attributes and elements by local name, what is deeper joined by «/» («单位/代码»), and the attributes of the elements
    around it with their name («批次/层次», ruling 7); what comes a second time in one record is «学科#2».
    `headers` may be longer in a later grid than in the ones before, the columns of which stay what they are.
    Undecodable bytes and NULs are the fault "text.undecodable" of the record that they stand in.
    Raises DeliveryError: "unreadable" (truncated or not well-formed, ruling 17), "unsafe" (a document type, entities, or
    deeper, wider or longer than any register; ruling 18).
    """
    encoding = _encoding(path, options.encoding)
    record = options.record or likely(path, encoding)
    if record is None:
        return
    reading = Reading(record)
    for rows in settled(_gathered(_frames(path, encoding, reading), batch), batch):
        yield Grid(rows, headers=tuple(islice(reading.labels, rows.width - len(FIXED))))


def likely(path: File, encoding: Encoding) -> str | None:
    """The local name of what is most likely a record: the most frequent element with elements of text in it.

    Where none repeats, the most frequent one with attributes; of equally frequent ones the outermost. None: no such element.
    """
    census = Census()
    with suppress(expat.ExpatError):  # what stands before it tells as well
        parser(census).Parse(next(text.blocks(path, encoding, size=CENSUS), b""), False)
    seen = census.seen
    for known in (census.holding, census.marked):
        repeated = [name for name in seen if name in known and seen[name] > 1]
        if repeated:
            return max(repeated, key=seen.__getitem__)
    return next((name for known in (census.holding, census.marked) for name in seen if name in known), None)


def _plain(head: bytes) -> bytes:
    """The beginning of a file in an encoding in which ASCII is ASCII, without its mark."""
    for lead, codec in _WIDE:
        if head.startswith(lead):
            return head.decode(codec, "ignore").removeprefix("\ufeff").encode("utf-8", "replace")
    return head.removeprefix(codecs.BOM_UTF8).removeprefix(b"\x84\x31\x95\x33")


def _after(start: bytes) -> bytes:
    """What follows declaration, instructions and comments; nothing, where one of them does not end."""
    while lead := next((pair for pair in _OTHER if start.startswith(pair[0])), None):
        _, ended, start = start.partition(lead[1])
        start = start.lstrip() if ended else b""
    return start


def _encoding(path: File, stated: str | None) -> Encoding:
    """How the file is to be decoded: by its mark, or as its source states, or as valid UTF-8, or as it declares itself."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    wide = next((codec for lead, codec in _WIDE if head.startswith(lead)), None)
    found = text.recognise(path, stated or wide)
    if stated or wide or found.mark or found.valid:
        return found
    return replace(found, codec=_declared(head) or found.codec)


def _declared(head: bytes) -> str | None:
    """The codec of the encoding that a file declares; None where it says no more than the bytes do."""
    declared = _DECLARED.match(head.lstrip())
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name if declared else ""
    except LookupError:
        return None
    return name if name in _DECLARABLE else None


def _frames(path: File, encoding: Encoding, reading: Reading) -> Iterator[pl.DataFrame]:
    """The records in frames of at most BLOCK rows, each with all columns that are known by then."""
    row, damaged = 1, False
    for piece in _pieces(path, encoding, reading):
        damaged = damaged or text.DAMAGE.encode() in piece
        records, reading.records = reading.records, []
        for at in range(0, len(records), BLOCK):
            frame = _frame(records[at : at + BLOCK], row + at, list(reading.labels))
            yield told(frame, text.DAMAGE) if damaged else frame
        row += len(records)


def _pieces(path: File, encoding: Encoding, reading: Reading) -> Iterator[bytes]:
    """Parse the file; each piece comes when its records are among those of `reading`."""
    elements = parser(reading)
    fed = complete = 0
    try:
        for piece in text.blocks(path, encoding, size=PIECE):
            elements.Parse(piece, False)
            fed += len(piece)
            if not reading.inside:
                reading.pieces.clear()
            if reading.records or not reading.inside:
                complete = max(0, elements.CurrentByteIndex)
            if fed - complete > SPAN:
                raise DeliveryError("unsafe")
            yield piece
        elements.Parse(b"", True)
    except expat.ExpatError:
        raise DeliveryError("unreadable") from None


def _frame(records: list[Cells], first: int, labels: list[str]) -> pl.DataFrame:
    columns = ([record.get(label) for record in records] for label in labels)
    return framed(range(first, first + len(records)), columns)


def _gathered(frames: Iterable[pl.DataFrame], batch: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of about a batch; the first is of SETTLED rows, whatever the batch, so that it has the same columns."""
    kept: list[pl.DataFrame] = []
    rows, size = 0, 0
    wanted = SETTLED
    for frame in frames:
        kept.append(frame)
        rows += frame.height
        size += int(frame.estimated_size())
        if rows >= wanted or size >= FRAME:
            yield pl.concat(kept, how="diagonal")
            kept, rows, size, wanted = [], 0, 0, batch
    if kept:
        yield pl.concat(kept, how="diagonal")
