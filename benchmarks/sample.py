"""A delivery of any size in the format of the source swu_guopei: GB18030, 20 columns, 2 % of its rows defective.

`python -m benchmarks.sample FILE ROWS SEED` writes it and prints what must become of its rows, as JSON. The same seed
gives the same bytes.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.cells import HELD, KIND, NUMBER, ROW, bases, cells, kind
from benchmarks.words import HEADERS

CHUNK = 50_000

# 2024-01-15: a delivery that tells no date is as old as its file, and no class may start after it.
MODIFIED = 1_705_276_800


def lines(rows: int, seed: int, chunk: int = CHUNK) -> Iterator[pl.DataFrame]:
    """Yield the rows as `line` (String, without a line end) and KIND (the defect, null where there is none)."""
    for first in range(0, rows, chunk):
        numbers = pl.int_range(first, min(rows, first + chunk), dtype=pl.UInt64, eager=True).alias(ROW)
        made = numbers.to_frame().lazy().with_columns(kind(pl.col(ROW), seed).alias(KIND))
        made = made.with_columns((pl.col(ROW) - HELD).alias(NUMBER)).with_columns(**bases(rows, seed))
        yield made.select(_line(cells(seed)).alias("line"), KIND).collect()


def _line(cell: dict[str, pl.Expr]) -> pl.Expr:
    """The cells in the order of HEADERS; a malformed row has one too many."""
    surplus = (
        pl.when(pl.col(KIND).eq_missing(pl.lit("row.malformed"))).then(pl.lit(",")).otherwise(pl.lit(""))
    )
    written = pl.concat_str([cell[name] for name in HEADERS], separator=",", ignore_nulls=False)
    return written + surplus


def write(path: Path, rows: int, seed: int) -> dict[str, int]:
    """Write the delivery, chunk by chunk; return how many rows must end how (see `truth`)."""
    kinds: Counter[str | None] = Counter()
    with path.open("wb") as file:
        file.write((",".join(HEADERS) + "\r\n").encode("gb18030"))
        for made in lines(rows, seed):
            kinds.update(made[KIND].to_list())
            file.write(("\r\n".join(made["line"].to_list()) + "\r\n").encode("gb18030"))
    os.utime(path, (MODIFIED, MODIFIED))
    return truth(rows, kinds)


def truth(rows: int, kinds: Counter[str | None]) -> dict[str, int]:
    """Rows by outcome (contract §1) and quarantined rows by reason code; the header is a row read and skipped."""
    reasons = {
        code: number for code, number in sorted(kinds.items(), key=str) if code not in (None, "repeat")
    }
    refused = sum(reasons.values())
    repeats = kinds["repeat"]
    return {
        "read": rows + 1,
        "loaded": rows - refused - repeats,
        "quarantined": refused,
        "skipped": 1 + repeats,
        **{str(code): number for code, number in reasons.items()},
    }


if __name__ == "__main__":
    print(json.dumps(write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
