"""Delimited text → Grids: any delimiter, RFC 4180 quoting, CRLF, LF or CR, at the speed of polars."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers import lines, text
from etl_core.readers.batches import settled
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.readers.parts import whole
from etl_core.records import Grid, Part

# Bytes read at a time. Larger chunks cost the child less time a row (8 MiB about 8 % less) but more memory at its peak
# (8 MiB about a third more): this is the size that keeps it under 450 MiB with some room.
CHUNK = 5 << 20

# A line longer than this many bytes is no record of a table.
LONGEST = 1 << 24


def grids(
    path: File, options: ReadOptions, batch: int = 50_000, chunk: int = CHUNK, part: Part | None = None
) -> Iterator[Grid]:
    """Yield the rows of a text file; `row` is the physical line on which the record starts, from 1.

    An empty line is a row of width 0. A row with broken quoting has the fault "row.malformed" and the cells of
    its first line, split at every delimiter; one with undecodable bytes has "text.undecodable" and fault_at.
    chunk: bytes read at a time; it bounds the memory and never changes the rows.
    part: the rows of this part of the file alone (parts.py), which are those that the whole file gives there.
    Raises DeliveryError: "unreadable" (not text), "unsafe" (a line over LONGEST bytes).
    """
    for rows in settled(_frames(path, part or whole(path, options), chunk), batch):
        yield Grid(rows)


def _frames(path: File, part: Part, chunk: int) -> Iterator[pl.DataFrame]:
    rest, line = b"", part.line
    for block in text.blocks(path, part.encoding, chunk, part.start, part.end):
        rest += block
        cut = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)) + 1  # a CR at the end may be half of a CRLF
        if len(rest) - cut > LONGEST:
            raise DeliveryError("unsafe", row=line)
        if cut:
            rows = lines.rows(rest[:cut], line, part.delimiter)
            yield rows.frame
            rest, line = rest[cut - rows.left :], line + rows.lines
    if rest:
        yield lines.rows(rest, line, part.delimiter, final=True).frame
