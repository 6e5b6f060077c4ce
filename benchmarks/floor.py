"""The bare floor: what reading, parsing, casting and writing the rows costs where nothing is checked or kept beside.

`python -m benchmarks.floor FILE URL ENCODING` decodes in a streaming step what is not UTF-8, lets polars parse and cast, and
writes the rows into one table in one transaction by the technique of bulk loading that the warehouse itself uses
(etl_core/warehouse/bulk.py). No contract, no reasons, no quarantine, no lineage, no versions, no pseudonyms, no index, no
second process. Faulty cells become null, faulty rows stay.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.databases import plain

BATCH = 50_000
PIECE = 1 << 23
PRAGMAS = ("journal_mode = wal", "synchronous = full", "cache_size = -65536")
DATES, NUMBERS = ("开始日期", "结束日期"), ("成绩", "学时")
ESCAPED = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def main(path: Path, url: str, encoding: str, room: Path) -> int:
    """Load the file; the number of rows that the database has then."""
    if encoding != "utf-8":
        path = decoded(path, room / "decoded", encoding)
    read = frames(path)
    return sqlite(url, read) if url.startswith("sqlite") else postgres(url, read)


def decoded(path: Path, target: Path, encoding: str) -> Path:
    """The file in UTF-8, piece by piece."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    with path.open("rb") as file, target.open("wb") as out:
        while piece := file.read(PIECE):
            out.write(decoder.decode(piece).encode())
        out.write(decoder.decode(b"", final=True).encode())
    return target


def frames(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a UTF-8 file, dates and numbers read by polars' own parsers."""
    rows = pl.scan_csv(path, infer_schema=False, truncate_ragged_lines=True).with_columns(
        pl.col(DATES).str.to_date("%Y-%m-%d", strict=False), pl.col(NUMBERS).cast(pl.Int32, strict=False)
    )
    yield from rows.collect_batches(chunk_size=BATCH)


def shape(names: list[str], day: str) -> str:
    """The columns of the table `record`."""
    types = {**dict.fromkeys(DATES, day), **dict.fromkeys(NUMBERS, "integer")}
    return ", ".join(f'"{name}" {types.get(name, "text")}' for name in names)


def sqlite(url: str, batches: Iterator[pl.DataFrame]) -> int:
    """Arrow's driver (ADBC) straight into the table, under the warehouse's own pragmas."""
    from adbc_driver_sqlite import dbapi

    with (
        dbapi.connect(url.removeprefix("sqlite:///"), autocommit=True) as connection,
        connection.cursor() as cursor,
    ):

        def told(statement: str) -> pl.DataFrame:
            cursor.execute(statement)
            return cursor.fetch_polars()  # done when its answer is read

        for pragma in PRAGMAS:
            told(f"pragma {pragma}")
        told("begin immediate")
        for number, batch in enumerate(batches):
            if number == 0:
                told(f"create table record ({shape(batch.columns, 'text')})")
            plain_dates = batch.with_columns(pl.col(DATES).dt.to_string("%Y-%m-%d"))
            cursor.adbc_ingest("record", plain_dates, mode="append")
        told("commit")
        count: int = told("select count(*) from record").item()
        return count


def postgres(url: str, batches: Iterator[pl.DataFrame]) -> int:
    """COPY of text that polars makes, one COPY a batch."""
    import psycopg

    with psycopg.connect(plain(url)) as connection:
        for number, batch in enumerate(batches):
            if number == 0:
                connection.execute(f"create table record ({shape(batch.columns, 'date')})".encode())
            with connection.cursor().copy("copy record from stdin") as copy:
                copy.write("\n".join(copied(batch).to_list()) + "\n")
        counted = connection.execute("select count(*) from record").fetchone()
    return int(counted[0]) if counted else 0


def copied(batch: pl.DataFrame) -> pl.Series:
    """A line of COPY's text format for each row."""
    cells = [_cell(name, dtype).fill_null("\\N") for name, dtype in batch.schema.items()]
    return batch.select(pl.concat_str(cells, separator="\t")).to_series()


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    if dtype != pl.String:
        return pl.col(name).cast(pl.String)
    text = pl.col(name)
    for own, escaped in ESCAPED:
        text = text.str.replace_all(own, escaped, literal=True)
    return text


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])))
