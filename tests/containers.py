"""Deliveries in every container, made of the same lines of text, as agencies' programs write them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
from openpyxl.workbook import Workbook

from etl_core.readers.options import FixedWidth

Lines = Sequence[Sequence[str | None]]

_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
_SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"


def delimited(header: Sequence[str], rows: Lines) -> bytes:
    """Delimited text."""
    told = io.StringIO(newline="")
    csv.writer(told).writerows([header, *rows])
    return told.getvalue().encode()


def xlsx(header: Sequence[str], rows: Lines) -> bytes:
    """An Excel workbook of text cells."""
    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append(row)
    for row in book.active.iter_rows():
        for cell in row:
            cell.data_type = "s" if cell.value is not None else "n"  # what begins with = is no formula
    return saved(book)


def saved(book: Workbook) -> bytes:
    """A workbook's bytes."""
    told = io.BytesIO()
    book.save(told)
    return told.getvalue()


def ods(header: Sequence[str], rows: Lines) -> bytes:
    """A workbook of LibreOffice with its tail of repeated empty rows."""
    lines = "".join(ods_row(*(ods_cell(cell) for cell in row)) for row in (header, *rows))
    tail = ods_row("<table:table-cell table:number-columns-repeated='16384'/>", times=1_048_000)
    return ods_book(ods_sheet("表", lines + tail))


def ods_cell(text: str | None, kind: str = "string", more: str = "") -> str:
    """One cell of an .ods; `more`: its value and how often it is repeated, as attributes."""
    if text is None:
        return f"<table:table-cell {more}/>"
    return f'<table:table-cell office:value-type="{kind}" {more}><text:p>{escape(text)}</text:p></table:table-cell>'


def ods_row(*cells: str, times: int = 1) -> str:
    """One row of an .ods."""
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def ods_sheet(name: str, rows: str, hidden: bool = False) -> str:
    """One sheet of an .ods."""
    style = "hidden" if hidden else "shown"
    return f'<table:table table:name={quoteattr(name)} table:style-name="{style}">{rows}</table:table>'


def ods_book(*sheets: str, manifest: str = "", **members: bytes) -> bytes:
    """An .ods of these sheets."""
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("shown", "true"), ("hidden", "false"))
    )
    spaces = " ".join(
        f'xmlns:{name}="{_OFFICE}:{name}:1.0"' for name in ("office", "style", "table", "text", "manifest")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{''.join(sheets)}</office:spreadsheet>"
        "</office:body></office:document-content>"
    )
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("mimetype", _SPREADSHEET, zipfile.ZIP_STORED)
        whole.writestr("content.xml", members.get("content", content.encode()))
        whole.writestr("META-INF/manifest.xml", f"<manifest:manifest {spaces}>{manifest}</manifest:manifest>")
    return told.getvalue()


def xml(header: Sequence[str], rows: Lines) -> bytes:
    """XML with an element for each record."""
    records = "".join(
        "<r>" + "".join(_element(*cell) for cell in zip(header, row, strict=True)) + "</r>" for row in rows
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><all>{records}</all>'.encode()


def html(header: Sequence[str], rows: Lines) -> bytes:
    """A page with one table, as web systems export it under the name .xls."""
    lines = ("".join(_element("td", cell) for cell in row) for row in (header, *rows))
    table = "".join(_element("tr", line, plain=True) for line in lines)
    return f"<!DOCTYPE html><html><body><table>{table}</table></body></html>".encode()


def _element(name: str, text: str | None, plain: bool = False) -> str:
    return f"<{name}>{text if plain else escape(text or '')}</{name}>"


def document(header: Sequence[str], rows: Lines, total: int | None = None) -> bytes:
    """One JSON document; `total`: how many records all pages have, where there are more of them."""
    told = [dict(zip(header, row, strict=True)) for row in rows]
    return json.dumps(
        {"data": {"totalCount": total or len(told), "items": told}}, ensure_ascii=False
    ).encode()


def ndjson(header: Sequence[str], rows: Lines) -> bytes:
    """A JSON object on each line."""
    told = (dict(zip(header, row, strict=True)) for row in rows)
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in told).encode()


def dbf(header: Sequence[str], rows: Lines, width: int = 40) -> bytes:
    """A dBASE III table; a header has five Han characters at most."""
    begin = 33 + 32 * len(header)
    fields = b"".join(struct.pack("<11sc4xBB14x", name.encode("gb18030"), b"C", width, 0) for name in header)
    records = b"".join(
        b" " + b"".join((cell or "").encode("gb18030").ljust(width) for cell in row) for row in rows
    )
    head = struct.pack("<BBBBIHH20x", 3, 123, 12, 31, len(rows), begin, 1 + width * len(header))
    return head + fields + b"\r" + records + b"\x1a"


WIDTH = 40


def layout(names: Sequence[str], **more: Any) -> FixedWidth:
    """The layout of `fixed`."""
    return FixedWidth(tuple((name, WIDTH) for name in names), **more)


def fixed(header: Sequence[str], rows: Lines) -> bytes:
    """Fixed width text of an old system."""
    lines = (b"".join((cell or "").encode("gb18030").ljust(WIDTH) for cell in row) + b"\r\n" for row in rows)
    return b"".join(lines)


CONTAINERS: Mapping[str, Callable[[Sequence[str], Lines], bytes]] = {
    "csv": delimited,
    "xlsx": xlsx,
    "ods": ods,
    "xml": xml,
    "xls": html,
    "json": document,
    "ndjson": ndjson,
    "dbf": dbf,
    "txt": fixed,
}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files."""
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, data in members.items():
            whole.writestr(name, data)
    return told.getvalue()


def gzipped(data: bytes) -> bytes:
    """A gzip of one file."""
    return gzip.compress(data, mtime=0)


def locked(data: bytes) -> bytes:
    """A zip archive whose directory says that its first member has a password."""
    told = bytearray(data)
    told[told.index(b"PK\x01\x02") + 8] |= 1
    return bytes(told)
