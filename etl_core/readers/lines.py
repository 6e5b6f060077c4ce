"""Lines of delimited text → a frame of rows.

Lines that are whole records by themselves are split by polars; the few others (fields with line ends, stray
or broken quotes) are read one by one (quoting.py) and merged in by line.
"""

from __future__ import annotations

import io
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


@dataclass(frozen=True, slots=True)
class Rows:
    """What some lines gave: frame (FIXED, c0…cN), lines read, bytes `left` at the end: a record still open."""

    frame: pl.DataFrame
    lines: int
    left: int


def rows(data: bytes, first: int, delimiter: str, final: bool = False) -> Rows:
    """Read `data`, UTF-8 that ends at a line end (unless `final`), whose first line has the number `first`.

    Raises DeliveryError("unreadable") where the bytes are no text.
    """
    unix = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
    table = _measured(unix, delimiter)
    if b'"' not in unix:
        frame = _split(table, unix, delimiter, _columns(table))
        return Rows(_finished(frame, data, first), table.height, 0)
    lines = list(io.StringIO(data.decode(), newline=""))
    widths = table.get_column("width")
    suspects = widths.is_null().arg_true().to_list()
    records, count = quoting.irregular(lines, suspects, widths.to_list(), delimiter, final)
    frame = _merged(table, count, records, unix, delimiter)
    return Rows(_finished(frame, data, first), count, len("".join(lines[count:]).encode()))


def _measured(unix: bytes, delimiter: str) -> pl.DataFrame:
    """`line` from 0, `text` (null where empty), `width`: fields of the line, null where it is not regular."""
    fields = pl.col("text").str.count_matches(delimiter, literal=True) + 1
    if b'"' in unix:
        bare = pl.col("text").str.replace_all('"[^"]*"', "")
        regular = pl.col("text").str.contains(quoting.regular(delimiter))
        fields = (
            pl.when(~pl.col("text").str.contains('"', literal=True))
            .then(fields)
            .when(regular)
            .then(bare.str.count_matches(delimiter, literal=True) + 1)
        )
    width = pl.when(pl.col("text").is_null()).then(0).otherwise(fields).cast(pl.Int64)
    lines = _read(b"text\n" + unix, _absent(unix), quote=None)
    return lines.with_row_index("line").with_columns(pl.col("line").cast(pl.Int64), width.alias("width"))


def _absent(unix: bytes) -> str:
    """A control character that the text has not: split at it, polars gives whole lines."""
    for code in range(1, 32):
        if code not in b"\n\r" and bytes([code]) not in unix:
            return chr(code)
    raise DeliveryError("unreadable")


def _columns(table: pl.DataFrame, records: Sequence[Irregular] = ()) -> int:
    """Number of cell columns: of the widest row, within CELLS and COLUMNS."""
    regular = int(table.select(pl.col("width").max().fill_null(1)).item())
    widest = max(1, regular, *(len(record.cells) for record in records))
    return min(widest, COLUMNS, max(1, CELLS // max(1, table.height)))


def _merged(
    table: pl.DataFrame, count: int, records: Sequence[Irregular], unix: bytes, delimiter: str
) -> pl.DataFrame:
    """The first `count` lines of the table with the irregular records among them, in order."""
    taken = [line for record in records for line in range(record.line, record.end)]
    plain = table.head(count).filter(~pl.col("line").is_in(taken))
    if plain.height < table.height:
        unix = (plain.get_column("text").fill_null("") + "\n").str.join("").item().encode()
    columns = _columns(plain, records)
    frame = pl.concat([_split(plain, unix, delimiter, columns), _listed(records, columns)]).sort("line")
    return frame.with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in names(columns)
    )


def _split(table: pl.DataFrame, unix: bytes, delimiter: str, columns: int) -> pl.DataFrame:
    """The cells of regular lines, whose text is `unix`."""
    header = delimiter.join(names(columns)).encode() + b"\n"
    cells = _read(header + unix, delimiter, quote='"' if b'"' in unix else None)
    if cells.height != table.height:
        raise DeliveryError("unreadable")
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
    padded = [record.cells[:columns] + [None] * (columns - len(record.cells)) for record in records]
    cells = pl.DataFrame(padded, schema=dict.fromkeys(names(columns), pl.String()), orient="row")
    return pl.DataFrame(fixed).hstack(cells)


def _finished(frame: pl.DataFrame, data: bytes, first: int) -> pl.DataFrame:
    """The frame with `row` for `line` and with `fault_at`; cells with damaged bytes are told and readable."""
    frame = frame.select(
        (pl.col("line") + first).alias("row"),
        "width",
        "fault",
        pl.lit(None, pl.Int64()).alias("fault_at"),
        *frame.columns[3:],
    )
    return told(frame, text.DAMAGE) if text.DAMAGE.encode() in data else frame


def _read(data: bytes, separator: str, quote: str | None) -> pl.DataFrame:
    """Polars' own reader over lines with a header, everything text; its errors print values: none gets out."""
    try:
        return pl.read_csv(
            data, separator=separator, quote_char=quote, infer_schema=False, truncate_ragged_lines=True
        )
    except pl.exceptions.PolarsError:
        raise DeliveryError("unreadable") from None
