"""A preview on a terminal: every record as a table of its cells and what they become, rows that are skipped in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from etl_core.cli import screen
from etl_core.cli.say import Lang, reason, title
from etl_core.cli.veil import Veil
from etl_core.cli.views import Row
from etl_core.protocol import Column
from etl_schemas.enums import ENUMS
from etl_schemas.messages import fields, text

MARKS = {"error": "✗", "warning": "!"}
SAME = "〃"  # what the record before says too

Line = list[str | None]


def draw(rows: Sequence[Row], veil: Veil, lang: Lang) -> None:
    """Print the rows in their order."""
    for _, group in groupby(rows, key=lambda row: (row.file, row.sheet, row.kind)):
        some = list(group)
        if some[0].kind:
            screen.line(_headline(some, text(f"skip.{some[0].kind}", lang), lang))
            continue
        for row in some:
            _row(row, veil, lang)


def _row(row: Row, veil: Veil, lang: Lang) -> None:
    said = title(row.outcome, lang)
    if row.records:
        said += f"  {title('records', lang)} {len(row.records)}"
    screen.line()
    screen.line(_headline([row], said, lang))
    values = [title("value", lang)] if len(row.records) == 1 else _numbered(len(row.records), lang)
    heads = [title("column", lang), title("cell", lang)]
    heads += [title("field", lang), *values] if row.records else []
    screen.table(heads, [line[: len(heads)] for line in _lines(row, veil, lang)])
    for each in row.problems:
        mark = MARKS[str(each["severity"])]
        place = f"{each['column']}  " if each["column"] else ""
        screen.line(screen.shown(f"{mark} {place}{each['code']}  {reason(str(each['code']), lang)}"))


def _headline(rows: Sequence[Row], said: str, lang: Lang) -> str:
    first, last = rows[0], rows[-1]
    sheet = f"{title('sheet', lang)} {first.sheet}  " if first.sheet else ""
    span = f"{first.row}" if first is last else f"{first.row}–{last.row}"
    return screen.shown(f"── {sheet}{title('row', lang)} {span}  {said}")


def _numbered(count: int, lang: Lang) -> list[str]:
    return [f"{title('record', lang)} {number + 1}" for number in range(count)]


def _lines(row: Row, veil: Veil, lang: Lang) -> Iterator[Line]:
    """Column, cell, field and values; first those of the columns, then what the source says of every record."""
    told: set[str] = set()
    written = row.written(veil)
    columns = {column.label: column for column in row.columns}
    for label, cell in written.items():
        column = columns.get(label, Column(label, ""))
        made = list(_made(row, column, veil, lang))
        told.update(column.unified)
        head: Line = [f"{_mark(row, label)}{label}", cell]
        yield from ([*head, *made[0]] if made else [*head, *[None] * (1 + len(row.records))],)
        yield from ([None, None, *line] for line in made[1:])
    for field in fields():
        if field not in told:
            line = _values(row, field, (), veil, lang)
            if line:
                yield [None, None, *line]


def _made(row: Row, column: Column, veil: Veil, lang: Lang) -> Iterator[Line]:
    """The unified fields that are made of a column."""
    for field in column.unified:
        if field in fields() and (line := _values(row, field, column.kinds, veil, lang)):
            yield line


def _values(row: Row, field: str, kinds: Sequence[int], veil: Veil, lang: Lang) -> Line | None:
    """The field and its value in each record; None where no record has one."""
    known = [record.get(field) for record in row.records]
    told = [
        _said(field, veil.value(field, value), lang) if not kinds or kind in kinds else ""
        for value, kind in zip(known, row.kinds or (0,) * len(known), strict=True)
    ]
    if not any(told):
        return None
    again = [SAME if at and said and said == told[at - 1] else said for at, said in enumerate(told)]
    return [text(f"field.{field}", lang), *again]


def _said(field: str, value: object, lang: Lang) -> str:
    """A value as people read it; a code with its term."""
    if value is None:
        return ""
    if field in ENUMS:
        return f"{value} {next(each.label for each in ENUMS[field] if each == value)}"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _mark(row: Row, label: str) -> str:
    """The gravest problem of a cell."""
    of_cell = {
        each["severity"] for each in row.problems if each["column"] in (label, label.partition("#")[0])
    }
    return next((f"{mark} " for severity, mark in MARKS.items() if severity in of_cell), "")
