"""JSON → Grids: a list of records, one object a line, or the pages of a pull with such a list in each.

A record's fields are named by their path («content.trainEndDate», «applyCredits[1].credit»: ruling 7), every value is the
text that stands in the file, so that no number is rounded. All headers are gathered before the first row is told: a field
that only the last page has is a column of the whole delivery.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from etl_core.errors import DeliveryError
from etl_core.readers import ndjson
from etl_core.readers.batches import told
from etl_core.readers.ndjson import Line, frame, labelled, lines
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.readers.paths import flat, parsed
from etl_core.readers.text import DAMAGE
from etl_core.readers.wholeness import Wholeness
from etl_core.records import Grid

# Bytes that tell whether a file begins like JSON: blanks may stand before.
HEAD = 4096


@dataclass(frozen=True, slots=True)
class Page:
    """One file of a pull: its path inside the pull (None: the delivery itself), and how its bytes are read."""

    file: str | None
    data: Callable[[], bytes]


def recognised(head: bytes) -> bool:
    """Whether a file begins like JSON."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def grids(path: File, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the records of one file; `row` is the ordinal of the record, of NDJSON the number of the line.

    A document is held in memory as a whole, NDJSON is not. Raises DeliveryError: see `pages` and ndjson.grids.
    """
    if options.lines or ndjson.recognised(path, options):
        yield from ndjson.grids(path, options, batch)
    else:
        page = Page(None, partial(_content, path))
        yield from (replace(grid, page=False) for grid in pages([page], options, batch))


def pages(pull: Sequence[Page], options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the records of all pages in order; `row` is the ordinal within the page (ruling 5).

    One page at a time is held in memory.
    Raises DeliveryError: "unreadable" (no JSON, or no list of records in it), "unsafe" (deeper or wider than any record),
    "not_settled" (the pages are not the whole pull, each of them once: wholeness.py, ruling 19).
    """
    labels: dict[str, None] = {}
    whole = Wholeness()
    for page in pull:
        document = _document(page, options)
        labelled(labels, document.records)
        whole.see(page.file, document.records, document.beside)
    whole.demand()
    headers = tuple(labels) or ("",)
    for page in pull:
        records = _document(page, options).records
        for first in range(0, len(records), batch):
            rows = frame(records[first : first + batch], headers)
            yield Grid(told(rows, DAMAGE), file=page.file, headers=headers, page=True)


@dataclass(frozen=True, slots=True)
class _Document:
    """The records of a page with their numbers, and what stands beside their list."""

    records: Sequence[Line]
    beside: Mapping[str, Any] = field(default_factory=dict)


def _document(page: Page, options: ReadOptions) -> _Document:
    written = _written(page.data(), options.encoding)
    try:
        value = parsed(written)
    except json.JSONDecodeError:
        if not ndjson.likely(written):
            raise DeliveryError("unreadable") from None
        return _Document(list(lines(written.split("\n"))))
    listed, beside = _listed(value)
    return _Document([Line(number, flat(each)) for number, each in enumerate(listed, 1)], beside)


def _content(path: File) -> bytes:
    with path.open("rb") as file:
        return file.read()


def _written(data: bytes, stated: str | None) -> str:
    """The text of a page: UTF-8 by the standard (RFC 8259), or what an agency made of it."""
    for codec in (stated,) if stated else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise DeliveryError("unreadable")


def _listed(value: Any) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
    """The list of records nearest to the root, and the object that it stands in."""
    level: list[Any] = [value]
    if _records(value):
        return value, {}
    while level:
        objects = [each for each in level if isinstance(each, dict)]
        for each in objects:
            for inner in each.values():
                if _records(inner):
                    return inner, each
        level = [inner for each in objects for inner in each.values()]
    raise DeliveryError("unreadable")


def _records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)
