"""Rows → the pages of a pull: the way back from headers that are paths to nested JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from etl_core.specimen.writers.records import nested

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its name, its headers («content.trainEndDate», «applyCredits[1].credit»), its records."""

    name: str
    headers: Row
    rows: Sequence[Row]


def write(pages: Sequence[Page], folder: Path) -> Path:
    """A folder with a file for each page; every one says how many records all of them have."""
    folder.mkdir()
    total = sum(len(page.rows) for page in pages)
    for page in pages:
        items = [nested(dict(zip(map(str, page.headers), row, strict=True))) for row in page.rows]
        told = {"data": {"totalCount": total, "items": items}}
        (folder / page.name).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return folder
