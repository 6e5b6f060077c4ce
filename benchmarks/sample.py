"""A delivery of any size in the format of the source swu_guopei: 20 columns, GB18030, 2 % of its rows defective.

`python -m benchmarks.sample FILE ROWS SEED` writes it and prints what must become of its rows, as JSON. The same seed
gives the same bytes. `--bad` sets the share of defective rows, `--encoding` another encoding; `--files` deals the rows to so
many deliveries in the folder FILE; `--changes` writes the correction of that delivery, in which so many rows say other hours.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from benchmarks.cells import BAD, CHANGED, HELD, KIND, NUMBER, ROW, bases, cells, changed, kind
from benchmarks.words import HEADERS, MODIFIED, name

CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What a delivery is made of.

    rows, seed; bad: share of defective rows (0 to 1); files it is dealt to; changes: rows that a correction changes; offset:
    number of its first row, so that deliveries can differ in every trainee's number.
    """

    rows: int
    seed: int
    bad: float = BAD
    files: int = 1
    changes: int = 0
    offset: int = 0

    @property
    def each(self) -> int:
        """Rows of a file; the last one may have fewer."""
        return -(-self.rows // self.files)


def lines(shape: Shape, chunk: int = CHUNK) -> Iterator[pl.DataFrame]:
    """Yield the rows as `line` (String, without a line end) and KIND (the defect, null where there is none)."""
    end = shape.offset + shape.rows
    for first in range(shape.offset, end, chunk):
        numbers = pl.int_range(first, min(end, first + chunk), dtype=pl.UInt64, eager=True)
        made = numbers.alias(ROW).to_frame().lazy().with_columns(_kind(shape).alias(KIND))
        made = made.with_columns((pl.col(ROW) - HELD).alias(NUMBER))
        made = made.with_columns(**bases(shape.rows, shape.seed))
        yield made.select(_line(cells(shape.seed)).alias("line"), KIND).collect()


def _kind(shape: Shape) -> pl.Expr:
    """The row's defect; in a correction CHANGED for every so manieth of the rows that can be changed."""
    own = kind(pl.col(ROW), shape.seed, shape.bad, shape.each, shape.offset)
    if not shape.changes:
        return own
    return own.fill_null(changed(pl.col(ROW), shape.seed, shape.bad, shape.rows // shape.changes))


def _line(cell: dict[str, pl.Expr]) -> pl.Expr:
    """The cells in the order of HEADERS; a malformed row has one too many."""
    surplus = (
        pl.when(pl.col(KIND).eq_missing(pl.lit("row.malformed"))).then(pl.lit(",")).otherwise(pl.lit(""))
    )
    written = pl.concat_str([cell[name] for name in HEADERS], separator=",", ignore_nulls=False)
    return written + surplus


def write(path: Path, shape: Shape, encoding: str = "gb18030") -> dict[str, int]:
    """Write one delivery, chunk by chunk; return how many rows must end how (see `truth`)."""
    kinds: Counter[str | None] = Counter()
    with path.open("wb") as file:
        _put(file, [",".join(HEADERS)], encoding)
        for made in lines(shape):
            kinds.update(made[KIND].to_list())
            _put(file, made["line"].to_list(), encoding)
    os.utime(path, (MODIFIED, MODIFIED))
    return truth(shape, kinds)


def deal(folder: Path, shape: Shape, encoding: str = "gb18030") -> dict[str, int]:
    """Write the rows as deliveries of one batch each; no copy lies in another delivery than what it copies."""
    kinds: Counter[str | None] = Counter()
    rows = (row for made in lines(shape) for row in made.iter_rows())
    for batch in range(shape.files):
        path = folder / name(batch + 1)
        with path.open("wb") as file:
            _put(file, [",".join(HEADERS)], encoding)
            for line, own in islice(rows, shape.each):
                kinds[own] += 1
                _put(file, [line], encoding)
        os.utime(path, (MODIFIED, MODIFIED))
    return truth(shape, kinds)


def _put(file: BinaryIO, lines: list[str], encoding: str) -> None:
    file.write(("\r\n".join(lines) + "\r\n").encode(encoding))


def truth(shape: Shape, kinds: Mapping[str | None, int]) -> dict[str, int]:
    """Rows by outcome (contract §1) and quarantined rows by reason code; a header is a row read and skipped."""
    harmless = (None, "repeat", CHANGED)
    reasons = {code: number for code, number in sorted(kinds.items(), key=str) if code not in harmless}
    refused = sum(reasons.values())
    repeats = kinds.get("repeat", 0)
    return {
        "read": shape.rows + shape.files,
        "loaded": shape.rows - refused - repeats,
        "quarantined": refused,
        "skipped": shape.files + repeats,
        **{str(code): number for code, number in reasons.items()},
    }


def main() -> None:
    """Write what the command line asks for and print its truth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sample", description=__doc__)
    parser.add_argument("file", type=Path, help="the delivery; with --files the folder")
    parser.add_argument("rows", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--bad", type=float, default=BAD, metavar="SHARE")
    parser.add_argument("--encoding", default="gb18030")
    parser.add_argument("--files", type=int, default=0)
    parser.add_argument("--changes", type=int, default=0)
    parser.add_argument("--offset", type=int, default=0)
    asked = parser.parse_args()
    shape = Shape(asked.rows, asked.seed, asked.bad, asked.files or 1, asked.changes, asked.offset)
    made = (deal if asked.files else write)(asked.file, shape, asked.encoding)
    print(json.dumps(made))


if __name__ == "__main__":
    main()
