"""A workbook of rows to mend: the agency's own layout, every cell text, faulty ones coloured and explained.

No cell is ever a formula: all are written as strings and formatted as text, and what a spreadsheet would take for a formula
once somebody edits it is marked as quoted (OWASP), which leaves its text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from etl_core import marker
from etl_core.cli.export import FORMULA
from etl_core.cli.say import Lang, title
from etl_core.marker import Marker
from etl_core.records import Excerpt, Heading

WORDS = 60  # a longer list is no help in a drop-down
PALE, RED, AMBER, GREY = "#F2F2F2", "#FFC7CE", "#FFEB9C", "#D9D9D9"

Texts = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a row: the header of the cell as reasons name it (None: the row as a whole), and what to do."""

    column: str | None
    message: str


def write(
    file: BinaryIO,
    parts: Sequence[Excerpt],
    faults: Mapping[str, list[Fault]],
    told: Marker | None,
    lang: Lang,
) -> None:
    """Write the tables of one delivery; `faults` by the label of each row. `told` makes it a mending, once it comes back."""
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    pen = _Pen(book, lang)
    hidden = book.add_worksheet(marker.SHEET) if told else None
    if hidden and told:
        hidden.write_string(0, 0, told.text())
        hidden.very_hidden()
    taken: set[str] = {marker.SHEET}
    lists = _Lists(hidden)
    for number, part in enumerate(parts):
        sheet = book.add_worksheet(_name(part.sheet or title("to_mend", lang), taken))
        if number == 0:
            sheet.activate()
            sheet.set_first_sheet()
        _table(sheet, part, faults, pen, lists)
    book.close()


def _name(wanted: str, taken: set[str]) -> str:
    """A name that Excel takes, which no other sheet has."""
    plain = re.sub(r"[\[\]:*?/\\]", "_", wanted).strip("'")[:28] or "_"
    names = (plain, *(f"{plain}_{number}" for number in range(2, 1000)))
    name = next(each for each in names if each.casefold() not in taken)
    taken.add(name.casefold())
    return name


class _Pen:
    """The formats of a workbook; every one is text."""

    def __init__(self, book: Any, lang: Lang) -> None:
        self._book = book
        self.lang: Lang = lang
        self._made: dict[tuple[Any, ...], Any] = {}

    def of(self, colour: str | None = None, quoted: bool = False, head: bool = False) -> Any:
        """Text on a colour; `quoted`: no editor takes it for a formula; `head`: a header."""
        key = (colour, quoted, head)
        if key not in self._made:
            look: dict[str, Any] = {"num_format": "@", "valign": "vcenter", "quote_prefix": quoted}
            look |= {"bg_color": colour} if colour else {}
            look |= {"bold": True, "border": 1, "align": "center", "text_wrap": True} if head else {}
            self._made[key] = self._book.add_format(look)
        return self._made[key]

    def write(self, sheet: Any, row: int, column: int, text: str | None, colour: str | None = None) -> None:
        """One cell, empty ones too: what is typed there shall be text."""
        if not text:
            sheet.write_blank(row, column, None, self.of(colour))
            return
        quoted = re.match(FORMULA, text) is not None
        sheet.write_string(row, column, text[: marker.LONGEST], self.of(colour, quoted))


class _Lists:
    """Lists of words for drop-downs, beside the marker."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._known: dict[tuple[str, ...], str] = {}

    def of(self, words: tuple[str, ...]) -> str | None:
        """Where a list stands; None where there is none to show."""
        if self._sheet is None or not 0 < len(words) <= WORDS:
            return None
        if words not in self._known:
            at = len(self._known) + 1
            for row, word in enumerate(words):
                self._sheet.write_string(row, at, word)
            name = xl_col_to_name(at, col_abs=True)
            self._known[words] = f"={marker.SHEET}!{name}$1:{name}${len(words)}"
        return self._known[words]


def _table(sheet: Any, part: Excerpt, faults: Mapping[str, list[Fault]], pen: _Pen, lists: _Lists) -> None:
    """Titles, header and rows of one table, and the column that says which row is which."""
    last = len(part.columns)
    top = part.head.height - part.depth
    for row, texts in enumerate(part.head.head(top).iter_rows()):
        _title(sheet, row, texts, pen)
    _header(sheet, top, part, pen)
    first = part.head.height
    for row, texts in enumerate(part.rows.iter_rows(), first):
        place = texts[0]
        _row(sheet, row, [*texts[1:], place], _placed(faults.get(place, []), part.columns), pen)
    for at, width in enumerate(_widths(part)):
        sheet.set_column(at, at, width)
    sheet.set_column(last, last, 16)
    for at, column in enumerate(part.columns):
        source = lists.of(column.words)
        if source:
            rule = {"validate": "list", "source": source, "error_type": "warning"}
            sheet.data_validation(
                first,
                at,
                first + part.rows.height - 1,
                at,
                rule | {"error_message": title("known_words", pen.lang)},
            )
    sheet.freeze_panes(first, 0)


def _widths(part: Excerpt) -> Iterator[float]:
    """As wide as the first rows want it, within what a screen shows; a Chinese character counts for two."""
    for column in part.columns:
        texts = filter(None, [column.text, *part.rows[f"c{column.at}"].head(200)])
        widest = max((sum(2 if ord(each) > 0xFF else 1 for each in text) for text in texts), default=0)
        yield min(40, max(8, 1.15 * widest + 1))


def _title(sheet: Any, row: int, texts: Texts, pen: _Pen) -> None:
    """A line above the header; one that stands alone goes over the whole width, as titles do."""
    told = [(at, text) for at, text in enumerate(texts) if text]
    if len(told) == 1 and told[0][0] == 0 and len(texts) > 1:
        sheet.merge_range(row, 0, row, len(texts) - 1, "", pen.of())
    for at, text in told:
        pen.write(sheet, row, at, text)


def _header(sheet: Any, top: int, part: Excerpt, pen: _Pen) -> None:
    look, last = pen.of(GREY, head=True), len(part.columns)
    rows = [list(row) for row in part.head.tail(part.depth).iter_rows()]
    if part.depth == 2:
        _two(sheet, top, part.columns, rows, look)
        sheet.merge_range(top, last, top + 1, last, "", look)
    else:
        for at, text in enumerate(rows[0]):
            sheet.write_string(top, at, text or "", look)
    sheet.write_string(top, last, marker.COLUMN, look)
    sheet.write_comment(top, last, title("mend_here", pen.lang), {"x_scale": 3, "y_scale": 3})


def _two(sheet: Any, top: int, columns: Sequence[Heading], rows: list[list[str | None]], look: Any) -> None:
    """A header of two levels, merged as people merge it; where columns are left out, the joined text in one cell."""
    upper, lower = rows
    for at, end in _groups(upper, lower):
        if end > at:
            sheet.merge_range(top, at, top, end, "", look)
        if lower[at] is None:
            sheet.merge_range(top, at, top + 1, at, "", look)
        sheet.write_string(top, at, upper[at] or "", look)
        for each in range(at, end + 1):
            text = lower[each]
            if text is not None:
                joined = upper[at] is None and "/" in (columns[each].text or "")
                sheet.write_string(top + 1, each, (columns[each].text if joined else text) or "", look)


def _groups(upper: Texts, lower: Texts) -> Iterator[tuple[int, int]]:
    """First and last column under each upper cell: it covers the columns to its right that have a lower cell only."""
    at = 0
    while at < len(upper):
        end = at
        while (
            upper[at] is not None
            and lower[at] is not None
            and end + 1 < len(upper)
            and upper[end + 1] is None
            and lower[end + 1] is not None
        ):
            end += 1
        yield at, end
        at = end + 1


def _row(sheet: Any, row: int, told: Texts, faults: Mapping[int, list[str]], pen: _Pen) -> None:
    """One row: faulty cells red; the whole row amber where it is faulty as a row, which its last cell says."""
    last = len(told) - 1
    for at, text in enumerate(told):
        usual = AMBER if last in faults else PALE if at == last else None
        pen.write(sheet, row, at, text, RED if at in faults and at != last else usual)
    for at, messages in faults.items():
        note = "\n".join(dict.fromkeys(messages))
        sheet.write_comment(row, at, note, {"x_scale": 2, "y_scale": 1.5})
        if at == last:  # where the eye falls first
            sheet.write_comment(row, 0, "\n".join([*faults.get(0, []), note]), {"x_scale": 2, "y_scale": 1.5})


def _placed(faults: Sequence[Fault], columns: Sequence[Heading]) -> dict[int, list[str]]:
    """What is wrong in each cell; in the last one of all what is wrong with the row, or with what stands in no column."""
    notes: dict[int, list[str]] = {}
    for fault in faults:
        for at in _columns(columns, fault.column) or [len(columns)]:
            notes.setdefault(at, []).append(fault.message)
    return notes


def _columns(columns: Sequence[Heading], header: str | None) -> list[int]:
    """The columns that a reason names: the one with its header, or those under an upper header of that name."""
    if header is None:
        return []
    exact = [at for at, column in enumerate(columns) if column.text == header]
    return exact[:1] or [at for at, each in enumerate(columns) if (each.text or "").startswith(f"{header}/")]
