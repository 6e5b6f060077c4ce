"""Pages → NDJSON: a record a line in the codec of the original, broken and undecodable lines included."""

from __future__ import annotations

import json
from collections.abc import Sequence

from etl_core.specimen.rows import Line, Page
from etl_core.specimen.writers.form import Form
from etl_core.specimen.writers.records import nested

# What a line looks like that was cut: no text of it stays.
_CUT = '{"样{}": '

# Stands for a byte that no codec reads, until the text is bytes. Of the private use area: no agency writes it.
_BAD = "\uf8f0"


def write(pages: Sequence[Page], form: Form) -> bytes:
    """One file with all records."""
    whole = "".join(_line(line, page.headers or ()) + form.newline for page in pages for line in page.lines)
    data = whole.encode(form.codec, "replace")
    return form.mark + data.replace(_BAD.encode(form.codec), b"\xff")


def _line(line: Line, headers: Sequence[str]) -> str:
    if line.kind == "blank":
        return ""
    if line.fault:
        return _CUT.replace("{}", _BAD if line.fault == "text.undecodable" else "")
    return json.dumps(nested(dict(zip(headers, line.cells, strict=False))), ensure_ascii=False)
