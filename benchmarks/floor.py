"""The bare floor: what reading, parsing, casting and writing the rows costs where nothing is checked or kept beside.

`python -m benchmarks.floor FILE DATABASE` decodes GB18030 in a streaming step, lets polars parse and cast, and inserts the
rows into SQLite by `executemany` of tuples in one transaction, under the warehouse's own pragmas. No contract, no reasons, no
quarantine, no lineage, no versions, no pseudonyms, no second process. Faulty cells become null, faulty rows stay.
"""

from __future__ import annotations

import codecs
import sqlite3
import sys
from pathlib import Path

import polars as pl

BATCH = 50_000
PIECE = 1 << 23
PRAGMAS = ("journal_mode = wal", "synchronous = full", "cache_size = -65536")
TYPES = {"开始日期": "text", "结束日期": "text", "成绩": "integer", "学时": "integer"}


def decoded(path: Path, target: Path) -> None:
    """The file in UTF-8, piece by piece."""
    decoder = codecs.getincrementaldecoder("gb18030")("replace")
    with path.open("rb") as file, target.open("wb") as out:
        while piece := file.read(PIECE):
            out.write(decoder.decode(piece).encode())
        out.write(decoder.decode(b"", final=True).encode())


def cast() -> list[pl.Expr]:
    """Dates and numbers by polars' own parsers."""
    return [
        pl.col("开始日期", "结束日期").str.to_date("%Y-%m-%d", strict=False).dt.to_string("%Y-%m-%d"),
        pl.col("成绩", "学时").cast(pl.Int32, strict=False),
    ]


def load(path: Path, database: Path) -> int:
    """Write every row of a UTF-8 file into the table `record`; the number of rows."""
    rows = pl.scan_csv(path, infer_schema=False, truncate_ragged_lines=True).with_columns(cast())
    names = rows.collect_schema().names()
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")
    connection.execute("begin immediate")
    columns = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in names)
    connection.execute(f"create table record ({columns})")
    statement = f"insert into record values ({', '.join('?' * len(names))})"
    for batch in rows.collect_batches(chunk_size=BATCH):
        connection.executemany(statement, batch.rows())
    connection.execute("commit")
    count: int = connection.execute("select count(*) from record").fetchone()[0]
    connection.close()
    return count


if __name__ == "__main__":
    _source, _database = Path(sys.argv[1]), Path(sys.argv[2])
    _text = _database.with_suffix(".utf8")
    decoded(_source, _text)
    print(load(_text, _database))
