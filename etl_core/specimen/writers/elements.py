"""Pages → XML: a 记录 for each row; what is said of many rows in a row stands around them, as it does in registers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from etl_core.specimen.rows import Page
from etl_core.specimen.writers.form import Form

# An element around fewer records than this on the average is one inside of them.
AROUND = 2

RECORD, ROOT = "记录", "数据"

Cells = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class _Group:
    """Columns «批次/层次» … that belong to one element; `changes` is how often what they say changes from row to row."""

    element: str
    headers: tuple[str, ...]
    changes: int


def write(pages: Sequence[Page], form: Form) -> bytes:
    """One document of all rows."""
    rows = [dict(zip(page.headers or (), line.cells, strict=False)) for page in pages for line in page.lines]
    around = [group for group in _groups(rows) if group.changes * AROUND <= len(rows)]
    lines = [f'<?xml version="1.0" encoding="{_named(form.codec)}"?>', *_document(rows, around)]
    return form.mark + ("\n".join(lines) + "\n").encode(form.codec, "xmlcharrefreplace")


def _named(codec: str) -> str:
    return codec.upper().replace("_", "-")


def _groups(rows: Sequence[Cells]) -> list[_Group]:
    """Every element with columns of its own; the one that says the same of the most rows first."""
    headers = [header for header in (rows[0] if rows else {}) if "/" in header and header.count("/") == 1]
    elements = dict.fromkeys(header.partition("/")[0] for header in headers)
    groups = []
    for element in elements:
        own = tuple(header for header in headers if header.startswith(f"{element}/") and "#" not in header)
        said = [[row[header] for header in own] for row in rows]
        groups.append(_Group(element, own, 1 + sum(a != b for a, b in itertools.pairwise(said))))
    return sorted(groups, key=lambda group: group.changes)


def _document(rows: Sequence[Cells], around: Sequence[_Group]) -> Iterator[str]:
    root = [around[0]] if around and around[0].changes == 1 else []
    yield _open(root[0], rows[0]) if root else f"<{ROOT}>"
    yield from _level(rows, around[len(root) :], {header for group in around for header in group.headers})
    yield f"</{root[0].element if root else ROOT}>"


def _level(rows: Sequence[Cells], around: Sequence[_Group], said: set[str]) -> Iterator[str]:
    """Rows under the elements that stand around them, the outermost first."""
    if not around:
        yield from (
            _record({header: text for header, text in row.items() if header not in said}) for row in rows
        )
        return
    group, *inner = around
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or any(rows[at][header] != rows[start][header] for header in group.headers):
            yield _open(group, rows[start])
            yield from _level(rows[start:at], inner, said)
            yield f"</{group.element}>"
            start = at


def _open(group: _Group, row: Cells) -> str:
    attributes = (f" {header.partition('/')[2]}={quoteattr(row[header] or '')}" for header in group.headers)
    return f"<{group.element}{''.join(attributes)}>"


def _record(cells: Cells) -> str:
    return f"  <{RECORD}>{_inner(cells)}</{RECORD}>"


def _inner(cells: Cells) -> str:
    """Elements by name; of «单位/代码» the outer one once."""
    parts: list[str] = []
    nested: dict[str, Cells] = {}
    for header, text in cells.items():
        name = header.split("#")[0]
        outer, slash, rest = name.partition("/")
        if slash:
            nested.setdefault(outer, {})[rest] = text
        else:
            parts.append(f"<{name}>{escape(text or '')}</{name}>")
    return "".join([*parts, *(f"<{name}>{_inner(inner)}</{name}>" for name, inner in nested.items())])
