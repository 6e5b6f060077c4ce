"""Bytes → Grids: `read` opens a delivery by what its bytes are, never by its name.

One module per container, each with the same verb `grids(path, options, batch) -> Iterator[Grid]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from etl_core.errors import DeliveryError
from etl_core.readers import bundle, csv, dbf, html, json, parts, workbook, xml
from etl_core.readers.options import ReadOptions
from etl_core.records import Grid, Part

__all__ = ["Part", "ReadOptions", "divide", "kind", "read"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(
    path: Path, options: ReadOptions | None = None, batch: int = 50_000, part: Part | None = None
) -> Iterator[Grid]:
    """Yield the rows of a delivery, at most `batch` to a Grid, sheets in the order of the workbook.

    part: the rows of this part alone (`divide`); there may be none.
    Raises DeliveryError, at the first step or later: "empty" (no row that is not empty), "unreadable" (a
    truncated or broken container), "encrypted" (a password other than Excel's default one), "unsafe" (zip bombs,
    XML entities, rows and sheets beyond all measure).
    """
    options = options or ReadOptions()
    if part is not None:
        yield from csv.grids(path, options, batch, part=part)
        return
    nothing = True
    for grid in _container(path)(path, options, batch):
        nothing = False
        yield grid
    if nothing:
        raise DeliveryError("empty")


def divide(path: Path, options: ReadOptions | None = None, count: int = 1) -> tuple[Part, ...]:
    """At most `count` parts of a delivery whose rows, one part after the other, are those of `read`; none of what is no text.

    Raises DeliveryError("unreadable") where a text file is no text.
    """
    return parts.parts(path, options or ReadOptions(), count) if _container(path) is csv.grids else ()


def _container(path: Path) -> Callable[[Path, ReadOptions, int], Iterator[Grid]]:
    """The reader of what a file begins with."""
    with path.open("rb") as file:
        head = file.read(max(dbf.HEAD, bundle.HEAD, xml.HEAD, html.HEAD))
    if head.startswith((*_ZIP, _OLE2)):
        return workbook.grids
    if bundle.recognised(head):
        return bundle.grids
    if json.recognised(head):
        return json.grids
    if xml.recognised(head):
        return xml.grids
    if html.recognised(head):
        return html.grids
    return dbf.grids if dbf.recognised(head) else csv.grids


def kind(path: Path) -> str:
    """The container of a delivery, by the name of the module that reads it («workbook», «csv», «dbf» …)."""
    return _container(path).__module__.rpartition(".")[2]
