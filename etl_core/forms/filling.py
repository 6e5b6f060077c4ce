"""The sheet of a form that is filled in: title lines, a header with notes, and cells that refuse what would be refused later."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from etl_core.forms import notes
from etl_core.forms.notes import said
from etl_core.forms.paper import Paper, Sheet, kind
from etl_core.forms.sheet import Cells, Slot
from etl_core.forms.validation import validated


def data(paper: Paper, sheet: Sheet) -> None:
    """A sheet to be filled in."""
    page = paper.form.sheet
    for at, slot in enumerate(page.slots):
        sheet.set_column(at, at, _width(slot), paper.formats[kind(paper.form.fields.get(slot.name))])
    for row, line in enumerate(page.titles):
        sheet.write_string(row, 0, line, paper.formats["title"])
        sheet.write_comment(row, 0, said("titles_why", paper.lang), _box(said("titles_why", paper.lang)))
    top = len(page.titles)
    _header(paper, sheet, top, page.heads)
    first = top + len(page.heads)
    for at, slot in enumerate(page.slots):
        if slot.name:
            validated(paper, sheet, paper.form.fields[slot.name], at, first)
    sheet.freeze_panes(first, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, first - 1)


def _header(paper: Paper, sheet: Sheet, top: int, heads: Sequence[Cells]) -> None:
    """The header and its notes; a group's cell stands over all of its columns, any other over both rows."""
    upper, lower = heads[0], heads[1] if len(heads) > 1 else None
    slots = paper.form.sheet.slots
    starts = [at for at, text in enumerate(upper) if text is not None]
    for at, end in pairwise((*starts, len(slots))):
        grouped = lower is not None and lower[at] is not None
        bottom = top if grouped else top + len(heads) - 1
        _merged(sheet, (top, at, bottom, end - 1), str(upper[at]), paper.style(slots[at].name))
        for column in range(at, end) if grouped else ():
            text = lower[column] if lower else None
            sheet.write_string(top + 1, column, str(text), paper.style(slots[column].name))
        for column in range(at, end):
            _noted(paper, sheet, slots[column], top + grouped, column)


def _merged(sheet: Sheet, area: tuple[int, int, int, int], words: str, style: Any) -> None:
    top, left, bottom, right = area
    if (top, left) == (bottom, right):
        sheet.write_string(top, left, words, style)
    else:
        sheet.merge_range(top, left, bottom, right, words, style)


def _noted(paper: Paper, sheet: Sheet, slot: Slot, row: int, column: int) -> None:
    field = paper.form.fields.get(slot.name)
    words = notes.note(field, paper.lang) if field else said("twin", paper.lang)
    sheet.write_comment(row, column, words, _box(words))


def _box(words: str) -> dict[str, Any]:
    """How large a note is: about 26 Chinese characters a line."""
    lines = sum(1 + len(line) // 26 for line in words.split("\n"))
    return {"width": 360, "height": min(420, 24 + 17 * lines), "font_size": 9}


def _width(slot: Slot) -> int:
    widest = max(len(part) for part in slot.header.split("/"))
    return max(10, min(30, 2 * widest + 2))
