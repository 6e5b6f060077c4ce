"""What may happen to a sheet on its way: other columns, other rows, other cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from etl_core.testing.sheets import Change, Row, Sheet

# A header that no contract knows, and what turns a known one into another.
STRANGE, NEW = "外加的列", "新"


def unchanged(sheet: Sheet) -> Sheet:
    """The sheet itself."""
    return sheet


def reordered(sheet: Sheet) -> Sheet:
    """All columns but the first in the opposite order; the first tells records from totals and notes.

    Columns of one name keep their order: nothing else tells the first «姓名» from the second.
    """
    head = _unmerged(sheet)
    order = _turned(sheet, sheet.width)
    return replace(
        sheet, head=[_ordered(row, order) for row in head], body=[_ordered(row, order) for row in sheet.body]
    )


def _turned(sheet: Sheet, width: int) -> list[int]:
    """The column that comes to stand in each place."""
    turned = [0, *range(width - 1, 0, -1)]
    texts = sheet.table.layout.texts
    for text in filter(None, set(texts)):
        same = [at for at, other in enumerate(texts) if other == text]
        for place, at in zip(sorted(map(turned.index, same)), same, strict=True):
            turned[place] = at
    return turned


def _ordered(row: Row, order: Iterable[int]) -> Row:
    return [row[at] for at in order]


def _unmerged(sheet: Sheet) -> list[Row]:
    """The head with the upper level of a two-level header written over each of its columns."""
    head = [list(row) for row in sheet.head]
    if sheet.table.layout.depth == 2:
        upper, lower = head[-2:]
        group: str | None = None
        for at, (over, under) in enumerate(zip(upper, lower, strict=True)):
            group = over or (group if under else None)
            upper[at] = group
    return head


def widened(sheet: Sheet) -> Sheet:
    """One more column at the end, under a header that nobody knows."""
    return beside(STRANGE, "1")(sheet)


def beside(header: str | None, cell: str | None) -> Change:
    """One more column at the end, with the same cell in each row."""

    def change(sheet: Sheet) -> Sheet:
        top = sheet.table.layout.top
        head = [[*row, header if at == top else None] for at, row in enumerate(sheet.head)]
        return replace(sheet, head=head, body=[[*row, cell] for row in sheet.body])

    return change


def led(texts: Sequence[str]) -> Change:
    """One more column before all others, under a header that nobody knows, with these texts by turns."""

    def change(sheet: Sheet) -> Sheet:
        top = sheet.table.layout.top
        head = [[STRANGE if at == top else None, *row] for at, row in enumerate(sheet.head)]
        body = [[texts[at % len(texts)], *row] for at, row in enumerate(sheet.body)]
        return replace(sheet, head=head, body=body)

    return change


def renamed(field: str) -> Change:
    """The header of one field of the contract written otherwise."""
    return headed(lambda at, text, sheet: f"{NEW}{text}" if at == sheet.table.layout.fields[field] else text)


def headed(told: Callable[[int, str, Sheet], str]) -> Change:
    """The lowest text of every header written otherwise, as `told` says of its column."""

    def change(sheet: Sheet) -> Sheet:
        head = [list(row) for row in sheet.head]
        lines = head[sheet.table.layout.top :] if sheet.table.repeats else head
        for at in range(sheet.width):
            line = next((row for row in reversed(lines) if row[at]), None)
            if line is not None:
                line[at] = told(at, str(line[at]), sheet)
        return replace(sheet, head=head)

    return change


def without(columns: Callable[[Sheet], set[int]]) -> Change:
    """Some columns left out."""

    def change(sheet: Sheet) -> Sheet:
        gone = columns(sheet)
        order = [at for at in range(sheet.width) if at not in gone]
        head = [
            _moved(row, order) if at < sheet.table.layout.top else row
            for at, row in enumerate(_unmerged(sheet))
        ]
        return replace(
            sheet,
            head=[_ordered(row, order) for row in head],
            body=[_ordered(row, order) for row in sheet.body],
        )

    return change


def _moved(row: Row, order: list[int]) -> Row:
    """A line above the header with its texts in the columns that stay: a title spans them, and is not lost with the first."""
    moved = [text if at in order else None for at, text in enumerate(row)]
    for at, text in enumerate(row):
        if text and at not in order:
            moved[next(each for each in order if each > at and not moved[each])] = text
    return moved


def padded(before: int = 0, after: int = 0) -> Change:
    """So many empty columns on either side."""

    def change(sheet: Sheet) -> Sheet:
        head, body = (
            [[*[None] * before, *row, *[None] * after] for row in rows] for rows in (sheet.head, sheet.body)
        )
        return replace(sheet, head=head, body=body)

    return change


def lowered(*texts: str | None) -> Change:
    """More lines above everything, each with a text in its first cell, or with none."""
    return lambda sheet: replace(
        sheet, head=[*([text, *[None] * (sheet.width - 1)] for text in texts), *sheet.head]
    )


def emptied(sheet: Sheet) -> Sheet:
    """The head alone (ruling 16)."""
    return replace(sheet, body=[])


def shortened(rows: int) -> Change:
    """No more than so many records."""
    return lambda sheet: replace(sheet, body=sheet.body[:rows])


def filled(rows: int) -> Change:
    """Exactly so many records: the first ones, or the same again and again."""
    return lambda sheet: replace(sheet, body=(sheet.body * rows)[:rows])


def only(number: int) -> Change:
    """One record alone, by its place from 0."""
    return lambda sheet: replace(sheet, body=sheet.body[number : number + 1])


def reversed_(sheet: Sheet) -> Sheet:
    """The records from the last to the first."""
    return replace(sheet, body=sheet.body[::-1])


def among(*texts: str | None) -> Change:
    """Lines that are no records, with a text in their first cell, or with none: in the middle and after the last record."""

    def change(sheet: Sheet) -> Sheet:
        more: list[Row] = [[text, *[None] * (sheet.width - 1)] for text in texts]
        half = len(sheet.body) // 2
        return replace(sheet, body=[*sheet.body[:half], *more, *sheet.body[half:], *more])

    return change


def again(sheet: Sheet) -> Sheet:
    """The header once more in the middle, as at a page break (ruling 3)."""
    half = len(sheet.body) // 2
    header = sheet.head[len(sheet.head) - max(1, len(sheet.table.repeats)) :]
    return replace(sheet, body=[*sheet.body[:half], *header, *sheet.body[half:]])


def longer(sheet: Sheet) -> Sheet:
    """One field too many in the second record."""
    return _second(sheet, [*sheet.body[1], "1"])


def shorter(sheet: Sheet) -> Sheet:
    """One field too few in the second record."""
    return _second(sheet, sheet.body[1][:-1])


def _second(sheet: Sheet, row: Row) -> Sheet:
    return replace(sheet, body=[sheet.body[0], row, *sheet.body[2:]])


def cells(at: int, told: Callable[[str], str]) -> Change:
    """Every cell of one column that is not empty written otherwise."""

    def change(sheet: Sheet) -> Sheet:
        body = [list(row) for row in sheet.body]
        for row in body:
            if row[at] is not None:
                row[at] = told(str(row[at]))
        return replace(sheet, body=body)

    return change


def column(at: int, texts: Sequence[str]) -> Change:
    """The cells of one column written otherwise, each record with a text of its own."""

    def change(sheet: Sheet) -> Sheet:
        body = [list(row) for row in sheet.body]
        for row, text in zip(body, texts, strict=True):
            row[at] = text
        return replace(sheet, body=body)

    return change


def one(number: int, at: int, text: str) -> Change:
    """One cell of one record written otherwise, by its place from 0."""

    def change(sheet: Sheet) -> Sheet:
        body = [list(row) for row in sheet.body]
        body[number][at] = text
        return replace(sheet, body=body)

    return change


def all_of(*changes: Change) -> Change:
    """One change after the other."""

    def change(sheet: Sheet) -> Sheet:
        for each in changes:
            sheet = each(sheet)
        return sheet

    return change
