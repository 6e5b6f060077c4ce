"""Lines of delimited text → a frame of rows.

Polars finds the lines, tells those that are whole records by themselves, and splits them. Only the few others (fields
with line ends, stray or broken quotes) are looked at one by one (quoting.py). Those of them that polars reads in no
other way than we do are left to it; the rest is cut out of the bytes and merged in by line.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers import quoting, text
from etl_core.readers.batches import names, told
from etl_core.readers.quoting import Irregular

# Cells a frame may have, and columns. No regular table of a chunk comes near; they bound the memory and time that
# one absurdly wide row can ask for. Surplus cells of that row are not kept, its width is told truly.
CELLS = 1 << 24
COLUMNS = 1 << 14

_TEXT = pl.col("text")
_EMPTY = ("\n", "\r\n", "\r")
_QUOTED = _TEXT.str.contains('"', literal=True)
_HOLLOW = _TEXT.str.contains('""', literal=True).any()
_DAMAGED = _TEXT.str.contains(text.DAMAGE, literal=True).any()
# Split at LF, a line has its first CR before the LF at its end, or none at all.
_LONE = (~_TEXT.str.ends_with("\n") & _TEXT.str.contains("\r", literal=True)).any() | (
    _TEXT.str.find("\r", literal=True) + 2 != _TEXT.str.len_bytes()
).any()


@dataclass(frozen=True, slots=True)
class Rows:
    """What some lines gave: frame (FIXED, c0…cN), lines read, bytes `left` at the end: a record still open."""

    frame: pl.DataFrame
    lines: int
    left: int


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of `data`, and what of the rare things stands somewhere in them.

    table: `line` Int64 from 0 · `text` with its line end · `start` Int64, its first byte · `width` Int64: fields, 0 where
        the line is empty, null where it is not regular.
    lone: a CR without LF, which polars would not take for a line end; damaged: text.DAMAGE; hollow: two quotes side by
        side, perhaps a quoted cell of no characters.
    """

    data: bytes
    table: pl.DataFrame
    lone: bool
    damaged: bool
    hollow: bool

    def start(self, line: int) -> int:
        """Byte at which a line starts, or the end of the data for the line after the last."""
        return self.table["start"][line] if line < self.table.height else len(self.data)

    def without(self, records: Sequence[Irregular], end: int) -> bytes:
        """The bytes before the line `end` and outside the records (ascending), with LF for every CR that is alone."""
        cuts = [at for record in records for at in (self.start(record.line), self.start(record.end))]
        pairs = zip([0, *cuts[1::2]], [*cuts[::2], self.start(end)], strict=True)
        pieces = [self.data[start:stop] for start, stop in pairs]
        if self.lone:  # piece by piece: a CR before a cut and a LF after it are two line ends
            pieces = [piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for piece in pieces]
        return b"".join(pieces)


def rows(data: bytes, first: int, delimiter: str, final: bool = False) -> Rows:
    """Read `data`, UTF-8 that ends at a line end (unless `final`), whose first line has the number `first`.

    Raises DeliveryError("unreadable") where polars finds other rows than we do.
    """
    lines = _measured(data, delimiter)
    texts, widths = lines.table["text"], lines.table["width"]
    suspects = widths.is_null().arg_true().to_list()
    records, count = quoting.irregular(texts, suspects, widths.to_list(), delimiter, final)
    frame = _merged(lines, records, count, delimiter)
    return Rows(_finished(frame, lines, first), count, len(data) - lines.start(count))


def _measured(data: bytes, delimiter: str) -> _Lines:
    """Find the lines, their widths, and the rare things."""
    whole = pl.DataFrame({"text": [data]}, schema={"text": pl.Binary()})
    texts = whole.select(_TEXT.cast(pl.String()).str.split("\n", inclusive=True).explode())
    lone, damaged, hollow = texts.select(lone=_LONE, damaged=_DAMAGED, hollow=_HOLLOW).row(0)
    if lone:
        texts = pl.DataFrame({"text": list(io.StringIO(data.decode(), newline=""))})
    line = pl.row_index("line").cast(pl.Int64())
    start = _TEXT.str.len_bytes().cast(pl.Int64()).cum_sum().shift(1, fill_value=0)
    width = pl.when(_TEXT.is_in(_EMPTY)).then(0).when(~_QUOTED).then(_fields(_TEXT, delimiter))
    table = texts.select(line, "text", start=start, width=width)
    return _Lines(data, _requoted(table, delimiter), lone, damaged, hollow)


def _fields(texts: pl.Expr, delimiter: str) -> pl.Expr:
    return texts.str.count_matches(delimiter, literal=True).cast(pl.Int64()) + 1


def _requoted(table: pl.DataFrame, delimiter: str) -> pl.DataFrame:
    """The table with the widths of the lines with quotes that are regular all the same."""
    quoted = table.select("line", "text").filter(_QUOTED)
    if quoted.is_empty():
        return table
    bare = _TEXT.str.strip_chars_end("\r\n")
    regular = bare.str.contains(quoting.regular(delimiter))
    fields = _fields(bare.str.replace_all('"[^"]*"', ""), delimiter)
    widths = quoted.select("line", width=pl.when(regular).then(fields))
    return table.with_columns(table["width"].scatter(widths["line"], widths["width"]))


def _merged(lines: _Lines, records: Sequence[Irregular], count: int, delimiter: str) -> pl.DataFrame:
    """The first `count` lines as rows, the irregular records among them, in order."""
    sound, apart = _parted(lines, records, delimiter)
    gone = [line for record in sound for line in range(record.line + 1, record.end)]
    gone += [line for record in apart for line in range(record.line, record.end)]
    table = lines.table.select("line", "width").head(count)
    if records:
        told = table["width"].scatter([each.line for each in sound], [len(each.cells) for each in sound])
        table = table.with_columns(told).filter(~pl.col("line").is_in(gone))
    columns = _columns(table, apart)
    frame = _split(table, lines.without(apart, count), delimiter, columns, lines.hollow)
    return pl.concat([frame, _listed(apart, columns)]).sort("line") if apart else frame


def _parted(
    lines: _Lines, records: Sequence[Irregular], delimiter: str
) -> tuple[list[Irregular], list[Irregular]]:
    """The records that polars reads as we do (every quote in order, every line end in it within quotes), and the others."""
    whole = re.compile(quoting.regular(delimiter).encode())
    sound: list[Irregular] = []
    apart: list[Irregular] = []
    for record in records:
        text = lines.data[lines.start(record.line) : lines.start(record.end)].rstrip(b"\r\n")
        fits = not (record.broken or lines.lone) and whole.fullmatch(text)
        (sound if fits else apart).append(record)
    return sound, apart


def _columns(table: pl.DataFrame, records: Sequence[Irregular]) -> int:
    """Number of cell columns: of the widest row, within CELLS and COLUMNS."""
    regular = int(table.select(pl.col("width").max().fill_null(1)).item())
    widest = max(1, regular, *(len(record.cells) for record in records))
    return min(widest, COLUMNS, max(1, CELLS // max(1, table.height)))


def _split(table: pl.DataFrame, data: bytes, delimiter: str, columns: int, hollow: bool) -> pl.DataFrame:
    """The cells of the rows of the table, whose text is `data`; a quoted cell of no characters is empty too."""
    header = delimiter.join(names(columns)).encode() + b"\n"
    cells = _read(header + data, delimiter, quote='"' if b'"' in data else None)
    if cells.height != table.height:
        raise DeliveryError("unreadable")
    if hollow:
        cells = cells.select(pl.when(pl.col(name) != "").then(pl.col(name)) for name in names(columns))
    places = table.select("line", "width", pl.lit(None, pl.String()).alias("fault"))
    return places.hstack(cells)


def _listed(records: Sequence[Irregular], columns: int) -> pl.DataFrame:
    """The irregular records, each cut or filled to `columns` cells."""
    fixed = {
        "line": pl.Series([record.line for record in records], dtype=pl.Int64),
        "width": pl.Series([len(record.cells) for record in records], dtype=pl.Int64),
        "fault": pl.Series(
            ["row.malformed" if record.broken else None for record in records], dtype=pl.String
        ),
    }
    padded = [
        [cell or None for cell in record.cells[:columns]] + [None] * (columns - len(record.cells))
        for record in records
    ]
    cells = pl.DataFrame(padded, schema=dict.fromkeys(names(columns), pl.String()), orient="row")
    return pl.DataFrame(fixed).hstack(cells)


def _finished(frame: pl.DataFrame, lines: _Lines, first: int) -> pl.DataFrame:
    """The frame with `row` for `line` and with `fault_at`; cells with damaged bytes are told and readable."""
    frame = frame.select(
        (pl.col("line") + first).alias("row"),
        "width",
        "fault",
        pl.lit(None, pl.Int64()).alias("fault_at"),
        *frame.columns[3:],
    )
    return told(frame, text.DAMAGE) if lines.damaged else frame


def _read(data: bytes, separator: str, quote: str | None) -> pl.DataFrame:
    """Polars' own reader over lines with a header, everything text; its errors print values: none gets out."""
    try:
        return pl.read_csv(
            data, separator=separator, quote_char=quote, infer_schema=False, truncate_ragged_lines=True
        )
    except pl.exceptions.PolarsError:
        raise DeliveryError("unreadable") from None
