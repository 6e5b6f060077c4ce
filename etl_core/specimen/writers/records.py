"""Pages → JSON: a list of records, the way back from headers that are paths («content.trainEndDate», «applyCredits[1].credit»)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from etl_core.specimen.rows import Page
from etl_core.specimen.writers.form import Form


def write(pages: Sequence[Page], form: Form) -> bytes:
    """One file with all records."""
    return b"".join(page(each, len(each.lines)) for each in pages)


def page(page: Page, total: int) -> bytes:
    """One page of a pull that has `total` records."""
    items = [nested(dict(zip(page.headers or (), line.cells, strict=False))) for line in page.lines]
    return json.dumps({"data": {"totalCount": total, "items": items}}, ensure_ascii=False, indent=1).encode()


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
