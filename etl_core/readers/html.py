"""HTML pages → Grids: the tables that web systems export under the name .xls (ruling 4).

Tags are told apart by the standard library's parser: it fetches nothing, expands no entities but HTML's own, and no foreign
code meets foreign bytes. lxml takes a fifth of its time; the few thousand rows of such exports do not need that.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers import text
from etl_core.readers.batches import framed, settled, told
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.readers.page import Page, Row
from etl_core.records import Encoding, Grid

# What a page begins with stands in its first HEAD bytes; what says that it is whole, in its last TAIL.
HEAD = 4_096
TAIL = 1 << 20

# Bytes read at a time: few, for a tag that is open at the end of a piece is looked at again with the next one.
PIECE = 1 << 16

# Cells of one frame.
BLOCK = 1 << 17

_MARK = rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff|\x84\x31\x95\x33)?"
_BEFORE = rb"\s*(?:<\?xml[^>]*>\s*|<!--(?:[^-]|-(?!->))*-->\s*)*"  # a comment ends in one place only, or matching never does
_TAG = rb"<(?:!doctype\s+html|html|head|meta|title|style|body|table)[\s>]"
_BEGINNING = re.compile(_MARK + _BEFORE + _TAG, re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb"<meta[^>]*charset\s*=\s*[\"']?\s*(big5|cp950)", re.IGNORECASE)
_CELL = re.compile(rb"<t[drh][\s>]")
_END = re.compile(rb"</(?:table|html)[\s>]")


def recognised(head: bytes) -> bool:
    """Whether a file that begins with `head` is a page: a tag that HTML begins with, behind comments and blanks."""
    return _BEGINNING.match(_ascii(head)) is not None


def grids(path: File, options: ReadOptions, batch: int = 50_000, piece: int = PIECE) -> Iterator[Grid]:
    """Yield the rows of every table of a page; `row` is the ordinal of the <tr> among all of the page, `width` is null.

    Cells are as a browser shows them: entities resolved, white space one blank, <br> and paragraphs a line break. Of a cell
    that spans columns or rows the first has the text, the others are null. piece: bytes read at a time, which never change
    the rows.
    Raises DeliveryError: "unreadable" (no text; cut before its table ends), "unsafe" (as Page).
    """
    encoding = _encoding(path, options)
    if not _whole(path):
        raise DeliveryError("unreadable")
    for rows in settled(_frames(_rows(path, encoding, piece)), batch):
        yield Grid(rows)


def _encoding(path: File, options: ReadOptions) -> Encoding:
    """By the encoding ladder; where only its last rung is left, a page may say that it is Big5."""
    found = text.recognise(path, options.encoding)
    if options.encoding is None and found == Encoding("gb18030"):
        with path.open("rb") as file:
            stated = _CHARSET.search(file.read(HEAD))
        return replace(found, codec="big5hkscs") if stated else found
    return found


def _whole(path: File) -> bool:
    """Whether a table or the page ends behind the last cell; of a file that was cut nobody knows which rows are missing."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, io.SEEK_END) - TAIL))
        end = _ascii(file.read()).lower()
    last, closed = (max((at.start() for at in tag.finditer(end)), default=-1) for tag in (_CELL, _END))
    return closed > last


def _ascii(data: bytes) -> bytes:
    """Bytes in which tags can be searched: of UTF-16 text too."""
    return data.replace(b"\0", b"")


def _rows(path: File, encoding: Encoding, piece: int) -> Iterator[Row]:
    page = Page()
    for part in codecs.iterdecode(text.blocks(path, encoding, piece), "utf-8"):
        yield from page.rows(part)
    yield from page.rows(None)


def _frames(rows: Iterable[Row]) -> Iterator[pl.DataFrame]:
    block: list[Row] = []
    widest = 1
    for row in rows:
        block.append(row)
        widest = max(widest, len(row.cells))
        if len(block) * widest >= BLOCK:
            yield _frame(block, widest)
            block = []
    if block:
        yield _frame(block, widest)


def _frame(block: list[Row], width: int) -> pl.DataFrame:
    """Rows as wide as the widest one so far."""
    columns = zip(*(row.cells + [None] * (width - len(row.cells)) for row in block), strict=True)
    return told(framed([row.number for row in block], columns), text.DAMAGE)
