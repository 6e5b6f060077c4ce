"""Pages → the table of an HTML page, as web systems export it under the name .xls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from etl_core.specimen.rows import Line, Page
from etl_core.specimen.writers.form import Form


def write(pages: Sequence[Page], form: Form) -> bytes:
    """One page with all rows in one table."""
    text = "\n".join(_lines([line for page in pages for line in page.lines], form)) + "\n"
    return form.mark + text.encode(form.codec, "xmlcharrefreplace")


def _lines(lines: Sequence[Line], form: Form) -> Iterator[str]:
    yield f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={form.codec}"></head><body><table border="1">'
    for line in lines:
        yield f"<tr>{''.join(map(_cell, line.cells))}</tr>"
    yield "</table></body></html>"


def _cell(text: str | None) -> str:
    return f"<td>{escape(text or '').replace(chr(10), '<br>')}</td>"
