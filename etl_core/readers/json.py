"""JSON → Grids: a list of records, one object a line, or the pages of a pull with such a list in each.

A record's fields are named by their path («content.trainEndDate», «applyCredits[1].credit»: ruling 7), every value is the
text that stands in the file, so that no number is rounded. All headers are gathered before the first row is told: a field
that only the last page has is a column of the whole delivery.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl_core.errors import DeliveryError
from etl_core.readers.batches import framed
from etl_core.readers.options import ReadOptions
from etl_core.records import Grid

# A record with more fields than this is no row of a table.
COLUMNS = 1_000
# Where a page says how many records the whole pull has, beside its list.
TOTALS = ("totalCount", "total", "count")


@dataclass(frozen=True, slots=True)
class Page:
    """One file of a pull: its path inside the pull (None: the delivery itself), and how its bytes are read."""

    file: str | None
    data: Callable[[], bytes]


Record = Mapping[str, str | None]


def recognised(head: bytes) -> bool:
    """Whether a file begins like JSON."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def grids(path: Path, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the records of one file; `row` is the ordinal of the record, of the line where each has its own.

    Raises DeliveryError: see `pages`.
    """
    yield from pages([Page(None, path.read_bytes)], options, batch)


def pages(pull: Sequence[Page], options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the records of all pages in order; `row` is the ordinal within the page (ruling 5).

    Raises DeliveryError: "unreadable" (no JSON, or no list of records in it), "unsafe" (deeper or wider than any record),
    "not_settled" (fewer records than the pages say that there are: ruling 19).
    """
    headers: dict[str, None] = {}
    found, wanted = 0, 0
    for page in pull:
        document = _document(page, options)
        for _, record in document.records:
            found += 1
            headers.update(dict.fromkeys(record))
        wanted = max(wanted, document.total)
        if len(headers) > COLUMNS:
            raise DeliveryError("unsafe", columns=len(headers))
    if found < wanted:
        raise DeliveryError("not_settled", found=found, expected=wanted)
    for page in pull:
        yield from _grids(page, _document(page, options).records, tuple(headers), batch)


def _grids(
    page: Page, records: Sequence[tuple[int, Record]], headers: tuple[str, ...], batch: int
) -> Iterator[Grid]:
    for first in range(0, len(records), batch):
        part = records[first : first + batch]
        columns = ([record.get(header) for _, record in part] for header in headers)
        frame = framed([row for row, _ in part], columns)
        yield Grid(frame, file=page.file, headers=headers)


@dataclass(frozen=True, slots=True)
class _Document:
    """The records of a page with their numbers, and how many the whole pull has, as far as it says."""

    records: Sequence[tuple[int, Record]]
    total: int = 0


def _document(page: Page, options: ReadOptions) -> _Document:
    written = _written(page.data(), options.encoding)
    try:
        told = _parsed(written)
    except json.JSONDecodeError:
        return _Document(_lines(written))
    listed, beside = _listed(told)
    total = next((int(beside[name]) for name in TOTALS if str(beside.get(name, "")).isdigit()), 0)
    return _Document([(number, _flat(each)) for number, each in enumerate(listed, 1)], total)


def _written(data: bytes, stated: str | None) -> str:
    """The text of a page: UTF-8 by the standard (RFC 8259), or what an agency made of it."""
    for codec in (stated,) if stated else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise DeliveryError("unreadable")


def _parsed(written: str) -> Any:
    """The value, its numbers as text."""
    try:
        return json.loads(written, parse_float=str, parse_int=str, parse_constant=str)
    except RecursionError:
        raise DeliveryError("unsafe") from None


def _lines(written: str) -> list[tuple[int, Record]]:
    """One object a line; empty lines have a number and no record."""
    found = []
    for number, line in enumerate(written.splitlines(), 1):
        if line.strip():
            try:
                told = _parsed(line)
            except json.JSONDecodeError:
                raise DeliveryError("unreadable") from None
            if not isinstance(told, dict):
                raise DeliveryError("unreadable")
            found.append((number, _flat(told)))
    return found


def _listed(told: Any) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
    """The list of records nearest to the root, and the object that it stands in."""
    level: list[Any] = [told]
    if _records(told):
        return told, {}
    while level:
        objects = [each for each in level if isinstance(each, dict)]
        for each in objects:
            for value in each.values():
                if _records(value):
                    return value, each
        level = [value for each in objects for value in each.values()]
    raise DeliveryError("unreadable")


def _records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _flat(record: Mapping[str, Any]) -> Record:
    return dict(_cells("", record))


def _cells(path: str, value: Any) -> Iterable[tuple[str, str | None]]:
    """Every cell under a path; a list of plain values is one cell, an empty list or object one without text."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _cells(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for at, inner in enumerate(value):
            yield from _cells(f"{path}[{at}]", inner)
    elif path:
        yield path, _text(value)


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ";".join(filter(None, map(_text, value))) or None
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) and value else None
