"""Pages → delimited text in the codec of the original, broken rows and undecodable cells included."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from etl_core.specimen.rows import Line, Page
from etl_core.specimen.writers.form import Form

# Stands for a byte that no codec reads, until the text is bytes. Of the private use area: no agency writes it.
_BAD = "\uf8f0"


def write(pages: Sequence[Page], form: Form) -> bytes:
    """The rows of the one page."""
    header = next((line for page in pages for line in page.lines if line.kind == "header"), None)
    usual = header.width if header else None
    whole = "".join(_line(line, usual, form) for page in pages for line in page.lines)
    data = whole.encode(form.codec, "replace")
    return form.mark + data.replace(_BAD.encode(form.codec), b"\xff")


def _line(line: Line, usual: int | None, form: Form) -> str:
    cells = [cell or "" for cell in line.cells[: line.width]]
    if line.fault == "text.undecodable" and line.fault_at is not None:
        cells[line.fault_at] += _BAD
    if not cells:
        return form.newline
    if line.fault == "row.malformed" and line.width == usual:
        return (
            form.delimiter.join([f'"{cells[0]}', *cells[1:]]) + form.newline
        )  # a quote that is never closed
    out = io.StringIO()
    csv.writer(out, delimiter=form.delimiter, lineterminator=form.newline).writerow(cells)
    written = out.getvalue()
    return form.newline if written == f'""{form.newline}' and not line.width else written
