"""dlt without a contract: the frame that polars reads and casts, as an Arrow table, appended to SQLite.

Faulty rows are loaded; a cell that cannot be cast is lost; the surplus cell of a malformed row is lost, too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.peers.files import decoded
from benchmarks.peers.rowwise import pipeline
from benchmarks.words import FIELDS


def main(path: Path, url: str, folder: Path) -> None:
    """Load the file."""
    import polars as pl

    text = decoded(path, folder / "decoded.csv")
    read = pl.read_csv(text, infer_schema=False, truncate_ragged_lines=True, new_columns=FIELDS)
    cast = read.with_columns(
        pl.col("start_date", "end_date").str.to_date("%Y-%m-%d", strict=False),
        pl.col("score", "hours").cast(pl.Int32, strict=False),
    )
    pipeline(url, folder).run(cast.to_arrow(), table_name="record", write_disposition="append")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
