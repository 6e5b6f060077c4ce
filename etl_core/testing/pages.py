"""Rows → the pages of a pull: the way back from headers that are paths to nested JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def nested(cells: Mapping[str, str | None]) -> dict[str, Any]:
    """One record, every value a text. An empty cell is null where it is a field, and no entry where it is one of a list."""
    tree: dict[str | int, Any] = {}
    for path, text in sorted(cells.items(), key=lambda cell: cell[1] is None):
        if text is not None or "[" not in path:
            _put(tree, _steps(path), text)
    record = _settled(tree)
    assert isinstance(record, dict)
    return record


def _steps(path: str) -> list[str | int]:
    """«a.b[1].c» → a, b, 1, c."""
    return [int(at) if at else name for at, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path)]


def _put(tree: dict[str | int, Any], steps: Sequence[str | int], text: str | None) -> None:
    """Put a text where the steps lead; what stands there or on the way stays."""
    here: Any = tree
    for step in steps[:-1]:
        here = here.setdefault(step, {})
        if not isinstance(here, dict):
            return
    here.setdefault(steps[-1], text)


def _settled(tree: Any) -> Any:
    """The same with lists where the steps are numbers."""
    if not isinstance(tree, dict):
        return tree
    if any(isinstance(step, int) for step in tree):
        return [_settled(tree.get(at, {})) for at in range(max(tree) + 1)]
    return {step: _settled(inner) for step, inner in tree.items()}
