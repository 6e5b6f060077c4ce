"""Pages → an Excel workbook (.xlsx): every sheet, hidden ones hidden, the groups of a two-level header merged."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from etl_core.readers.cells import number
from etl_core.specimen.rows import Page
from etl_core.specimen.writers.form import Form

# The same bytes whenever they are written.
_MADE = datetime(2000, 1, 1)
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,8})(\.\d{1,4})?")


def write(pages: Sequence[Page], form: Form) -> bytes:
    """A workbook in memory: the child may write no file."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": _MADE})
    for page in pages:
        sheet = book.add_worksheet(page.name)
        _fill(sheet, page)
        if not page.visible:
            sheet.hide()
    next((sheet for sheet, page in zip(book.worksheets(), pages, strict=True) if page.visible)).activate()
    book.close()
    return out.getvalue()


def _fill(sheet: Worksheet, page: Page) -> None:
    merged = {(at, first): last for at, first, last in groups(page)}
    for at, line in enumerate(page.lines):
        for column, cell in enumerate(line.cells):
            if (at, column) in merged:
                sheet.merge_range(at, column, at, merged[at, column], cell)
            elif cell is not None:
                _write(sheet, at, column, cell)


def _write(sheet: Worksheet, at: int, column: int, cell: str) -> None:
    if _NUMBER.fullmatch(cell) and number(float(cell)) == cell:
        sheet.write_number(at, column, float(cell))
    else:
        sheet.write_string(at, column, cell)


def groups(page: Page) -> Iterator[tuple[int, int, int]]:
    """Cells of a two-level header that stand over several columns: row, first and last column."""
    head = [(at, line.cells) for at, line in enumerate(page.lines) if line.kind == "header"]
    for (at, upper), (below, lower) in itertools.pairwise(head):
        if below == at + 1:
            starts = [column for column, text in enumerate(upper) if text and lower[column]]
            for first in starts:
                last = first
                while last + 1 < len(upper) and not upper[last + 1] and lower[last + 1]:
                    last += 1
                if last > first:
                    yield at, first, last
