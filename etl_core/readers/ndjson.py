"""NDJSON → Grids: one object a line. A line is a row of its own, so that a broken one costs no other (rulings 4, 21).

What tells it from a JSON document, which is unreadable as a whole where it was cut short (ruling 17):
- its first line is a whole object and more follows, which no document can begin with; or, where the first line is broken,
- more than half of its lines are whole objects: in a document commas stand between them, at the end of a line or on lines of
  their own, so that at most half of them are, wherever it was cut.
What that leaves open (one line; a broken line before the last of two) is taken for a document; ReadOptions.lines says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers import text
from etl_core.readers.batches import FIXED, framed, settled
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.readers.paths import Record, column, flat, parsed
from etl_core.records import Encoding, Grid

# A record with more fields than this is no row of a table, and a longer line (in bytes) no record.
COLUMNS = 1_000
LONGEST = 1 << 24

# Bytes read at a time, and rows from which the columns are known before the first one is told, however small the batches.
PIECE = 1 << 20
SETTLED = 10_000

# Bytes in which the first line must end.
_LOOKED = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its number: its cells (none of an empty one), or what is wrong with it and what stands there."""

    row: int
    cells: Record
    fault: str | None = None
    raw: str | None = None


def recognised(path: File, options: ReadOptions) -> bool:
    """Whether a file that begins like JSON is lines, by its first bytes."""
    start = next(text.blocks(path, text.recognise(path, options.encoding), _LOOKED), b"")
    return likely(start.decode("utf-8", "replace"), len(start) < _LOOKED)


def likely(start: str, final: bool = True) -> bool:
    """Whether text is lines and no document, nor what was left of one. final: its last line is not cut."""
    told = start.lstrip().split("\n")
    whole = [_whole(line) for line in (told if final else told[:-1]) if line.strip()]
    return len(whole) > 1 and (whole[0] or 2 * sum(whole) > len(whole))


def grids(path: File, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the lines; `row` is the number of the line from 1, and a line that is empty an empty row.

    A line that is no object is "row.malformed", one with undecodable bytes "text.undecodable", both without a column; what
    stands there is kept in `c0`. `headers` may be longer in a later grid than in the ones before, whose columns stay what
    they are.
    Raises DeliveryError: "unsafe" (a line over LONGEST bytes, a record deeper than any or with over COLUMNS fields),
    "unreadable" (no text).
    """
    encoding = text.recognise(path, options.encoding)
    labels: dict[str, None] = {}
    for rows in settled(_frames(lines(_written(path, encoding)), labels, batch), batch):
        yield Grid(rows, headers=tuple(islice(labels, rows.width - len(FIXED))))


def lines(written: Iterable[str]) -> Iterator[Line]:
    """What each line holds."""
    for row, line in enumerate(written, 1):
        yield _line(row, line)


def frame(told: Sequence[Line], labels: Sequence[str]) -> pl.DataFrame:
    """Lines as rows of a Grid under these headers; what is no text in them is text.DAMAGE."""
    columns = [column([line.cells.get(label) for line in told]) for label in labels]
    raw = column([line.raw for line in told])
    columns[0] = columns[0].zip_with(raw.is_null(), raw)
    faults = pl.Series("fault", [line.fault for line in told], dtype=pl.String())
    return framed([line.row for line in told], columns).with_columns(faults)


def labelled(labels: dict[str, None], told: Iterable[Line]) -> None:
    """Add the headers of these lines; one at least, in which the text of a broken line can stand.

    Raises DeliveryError("unsafe") over COLUMNS of them.
    """
    for line in told:
        labels.update(dict.fromkeys(line.cells))
    if len(labels) > COLUMNS:
        raise DeliveryError("unsafe", columns=len(labels))


def _frames(told: Iterator[Line], labels: dict[str, None], batch: int) -> Iterator[pl.DataFrame]:
    wanted = max(batch, SETTLED)
    while some := list(islice(told, wanted)):
        labelled(labels, some)
        if not labels:  # nothing but broken lines so far
            labels[""] = None
        yield _damaged(frame(some, list(labels)))
        wanted = batch


def _damaged(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with damage anywhere have that fault, which names no column (ruling 21), and show the damage as U+FFFD."""
    cells = rows.columns[len(FIXED) :]
    holds = pl.any_horizontal(pl.col(cells).str.contains(text.DAMAGE, literal=True)).fill_null(False)
    return rows.with_columns(
        pl.when(holds).then(pl.lit("text.undecodable")).otherwise("fault").alias("fault"),
        pl.col(cells).str.replace_all(text.DAMAGE, "\ufffd", literal=True),
    )


def _line(row: int, written: str) -> Line:
    if not written.strip():
        return Line(row, {})
    try:
        told = parsed(written)
    except json.JSONDecodeError:
        told = None
    if isinstance(told, dict) and told:
        return Line(row, flat(told))
    kept = written.strip().removesuffix(text.DAMAGE)  # half a character at the end: the line was cut there
    return Line(row, {}, None if text.DAMAGE in kept else "row.malformed", kept)


def _whole(line: str) -> bool:
    try:
        return isinstance(parsed(line), dict)
    except json.JSONDecodeError:
        return False


def _written(path: File, encoding: Encoding) -> Iterator[str]:
    """The lines of the file without their ends; a CR alone ends none, for JSON writes line ends in its texts as \\n."""
    rest = b""
    row = 1
    for block in text.blocks(path, encoding, PIECE):
        *whole, rest = (rest + block).split(b"\n")
        row += len(whole)
        if len(rest) > LONGEST:
            raise DeliveryError("unsafe", row=row)
        for line in whole:
            yield line.decode()
    if rest:
        yield rest.decode()
