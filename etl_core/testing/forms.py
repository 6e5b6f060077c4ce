"""Sheets → files: delimited text, workbooks, pages, dBASE tables, XML documents, and the pages of a pull.

A form is a function that writes sheets to a path. The same sheets give the same bytes every time.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from xlsxwriter import Workbook

from etl_core.readers import dbf, html, xml
from etl_core.source import Source
from etl_core.testing import pages
from etl_core.testing.sheets import Row, Sheet

Form = Callable[[Path, Sequence[Sheet]], None]

_ZIPS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MADE = {"created": datetime(2026, 1, 1)}


def own(sample: Path, source: Source) -> Form:
    """The form that a sample has itself; a workbook of any kind is written as .xlsx."""
    if sample.is_dir():
        return pull
    with sample.open("rb") as file:
        head = file.read(max(dbf.HEAD, html.HEAD, xml.HEAD))
    if head.startswith(_ZIPS):
        return workbook()
    if xml.recognised(head):
        return document(source.read.record or "记录")
    if html.recognised(head):
        return page
    return dbase if dbf.recognised(head) else text(source.read.delimiter)


def text(
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
    end: str = "\r\n",
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
    tail: bytes | None = None,
) -> Form:
    """Delimited text of the first sheet that holds a table; `tail` is what stands in the place of the last line's end."""

    def write(path: Path, sheets: Sequence[Sheet]) -> None:
        lines = (_line(row, delimiter, quoting) for row in _rows(sheets))
        data = end.join([*lines, ""]).encode(encoding)
        path.write_bytes(data if tail is None else data.removesuffix(end.encode(encoding)) + tail)

    return write


def _line(row: Row, delimiter: str, quoting: Literal[0, 1]) -> str:
    """One line without its end. A cell that holds a line end of any kind stands in quotes, whatever ends the lines."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter, lineterminator="\r\n", quoting=quoting).writerow(row)
    return line.getvalue().removesuffix("\r\n")


def workbook(numeric: Collection[int] = ()) -> Form:
    """A workbook with every sheet, all cells text; but below the header the `numeric` columns are numbers."""

    def write(path: Path, sheets: Sequence[Sheet]) -> None:
        book = Workbook(path, {"in_memory": True})
        book.set_properties(_MADE)
        for number, sheet in enumerate(sheets, 1):
            page = book.add_worksheet(sheet.name or f"Sheet{number}")
            if not sheet.visible:
                page.hide()
            for at, row in enumerate([*sheet.head, *sheet.body]):
                for column, cell in enumerate(row):
                    if cell is not None and at >= len(sheet.head) and column in numeric:
                        page.write_number(at, column, float(cell))
                    elif cell is not None:
                        page.write_string(
                            at, column, cell
                        )  # text that begins with = is no formula (ruling 63)
        book.close()

    return write


def pull(path: Path, sheets: Sequence[Sheet]) -> None:
    """A folder with a page for each sheet."""
    pages.write([pages.Page(str(sheet.file), sheet.head[0], sheet.body) for sheet in sheets], path)


def page(path: Path, sheets: Sequence[Sheet]) -> None:
    """A page of HTML, as web systems export it."""
    rows = (
        "".join(f"<td>{escape(cell or '')}</td>" for cell in row)
        for sheet in sheets
        for row in _rows([sheet])
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    path.write_text(f"<html><body><table>\n{body}\n</table></body></html>\n", encoding="utf-8")


def document(record: str) -> Form:
    """An XML document with an element for each record; «上层/下层» is an attribute of an element around it."""

    def write(path: Path, sheets: Sequence[Sheet]) -> None:
        root = ElementTree.Element("全部")
        for sheet in sheets:
            for row in sheet.body:
                _element(root, record, dict(zip(map(str, sheet.head[-1]), row, strict=True)))
        path.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))

    return write


def _element(root: ElementTree.Element, record: str, cells: Mapping[str, str | None]) -> None:
    around: dict[str, dict[str, str]] = {}
    for header, cell in cells.items():
        above, between, name = header.partition("/")
        if between:
            around.setdefault(above, {})[name] = cell or ""
    for above, facts in around.items():
        root = ElementTree.SubElement(root, above, facts)
    element = ElementTree.SubElement(root, record)
    for header, cell in cells.items():
        if "/" not in header:
            ElementTree.SubElement(element, header.partition("#")[0]).text = cell


def dbase(path: Path, sheets: Sequence[Sheet]) -> None:
    """A dBASE III table in GB18030; every column is text, and has room for the longest cell."""
    head, body = sheets[0].head[-1], sheets[0].body
    cells = [[(cell or "").encode("gb18030") for cell in row] for row in body]
    sizes = [max([1, *(len(row[at]) + 1 for row in cells)]) for at in range(len(head))]
    fields = b"".join(
        struct.pack("<11sc4xBB14x", str(name).encode("gb18030"), b"C", size, 0)
        for name, size in zip(head, sizes, strict=True)
    )
    records = b"".join(
        b" " + b"".join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)) for row in cells
    )
    told = struct.pack("<B3BIHH20x", 3, 126, 1, 1, len(body), 32 + len(fields) + 1, 1 + sum(sizes))
    path.write_bytes(told + fields + b"\r" + records + b"\x1a")


def _rows(sheets: Sequence[Sheet]) -> list[Row]:
    """The rows of the first sheet that holds a table."""
    sheet = next((sheet for sheet in sheets if sheet.of), sheets[0])
    return [*sheet.head, *sheet.body]
