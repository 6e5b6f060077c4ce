"""How a file is written: what its container is, and of a text or a dBASE table also how its bytes are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from etl_core.readers import ReadOptions, ndjson, text
from etl_core.readers.parts import whole

_OLE2 = b"\xd0\xcf\x11\xe0"
_CONTAINERS = {"csv": "csv", "json": "json", "bundle": "json", "xml": "xml", "html": "html", "dbf": "dbf"}

# Bytes in which the ends of lines are looked for.
_HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class Form:
    """Container and name of a file; of a text its codec, its byte order mark and its ends of lines, of a table its header.

    codec and delimiter are "" where there are none; `head` are the first bytes of the file.
    """

    container: str
    name: str
    codec: str = ""
    mark: bytes = b""
    delimiter: str = ""
    newline: str = "\n"
    head: bytes = b""


def form(kind: str, path: Path, name: str) -> Form:
    """kind: the reader's name (readers.kind); path: the private copy; name: what the delivery is called."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if kind == "workbook":
        old = head.startswith(_OLE2) and not name.lower().endswith((".xlsx", ".xlsm"))
        return Form("xls" if old else "xlsx", name)
    lines = kind == "json" and ndjson.recognised(path, ReadOptions())
    if kind in ("bundle", "json") and not lines:
        return Form("json", name, "utf-8")
    if kind == "dbf":
        return Form("dbf", name, "gb18030", head=head)
    found = text.recognise(path)
    newline = "\r\n" if b"\r\n" in head else "\r" if b"\r" in head and b"\n" not in head else "\n"
    delimiter = whole(path, ReadOptions()).delimiter if kind == "csv" else ""
    return Form(
        "ndjson" if lines else _CONTAINERS[kind], name, found.codec, head[: found.mark], delimiter, newline
    )
