"""The delivery as the peers take it: rows as dicts, or the text in UTF-8."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.words import FIELDS

PIECE = 1 << 23


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Every row under its field names; surplus cells of a malformed row under «surplus»."""
    with path.open(encoding="gb18030", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            told = dict(zip(FIELDS, row, strict=False))
            yield told if len(row) <= len(FIELDS) else {**told, "surplus": "".join(row[len(FIELDS) :])}


def decoded(path: Path, target: Path) -> Path:
    """The file in UTF-8, piece by piece."""
    with (
        path.open(encoding="gb18030", newline="") as file,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        while piece := file.read(PIECE):
            out.write(piece)
    return target
