"""The second counter: how many rows a written file has, told by the standard library alone and not by our readers."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import zipfile
from pathlib import Path
from xml.etree import ElementTree

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def rows(path: Path) -> int:
    """Rows up to the last one that is not empty, of all sheets together; records where the container knows nothing else."""
    if path.is_dir():
        return sum(len(json.loads(page.read_text("utf-8"))["data"]["items"]) for page in path.iterdir())
    data = path.read_bytes()
    if data.startswith(b"PK"):
        return _workbook(path)
    if data.startswith(b"<?xml"):
        return len(ElementTree.fromstring(data))  # noqa: S314  # written by ourselves
    if data.startswith(b"<html"):
        return len(re.findall(b"<tr>", data))
    return int(struct.unpack_from("<I", data, 4)[0]) if data.startswith(b"\x03") else _text(data)


def _workbook(path: Path) -> int:
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    lines = (ElementTree.fromstring(sheet).iter(f"{_SHEET}row") for sheet in sheets)  # noqa: S314
    return sum(max([int(line.attrib["r"]) for line in found if len(line)], default=0) for found in lines)


def _text(data: bytes) -> int:
    found = list(csv.reader(io.StringIO(_decoded(data), newline="")))
    return max((at for at, row in enumerate(found, 1) if any(row)), default=0)


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")
