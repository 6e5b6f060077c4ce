"""Every odd file that the suite makes of a sample: which change, in which form."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from etl_core.contract import readings
from etl_core.source import Source
from etl_core.testing import changes, forms
from etl_core.testing.forms import Form
from etl_core.testing.shaped import Variant
from etl_core.testing.sheets import Change, Sheet

# Marks that an encoding puts before the text come by its codec, but for the one of UTF-16 in the other order.
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "gb18030")

FORMULAS = ("=1+1", '=HYPERLINK("http://example.org","x")', "+86", "-2+3", "@SUM(A1)")

WIDE = {ord("0") + digit: ord("０") + digit for digit in range(10)}

# A cell of a megabyte, in UTF-8.
LARGE = "大" * ((1 << 20) // 3)


def encodings(source: Source) -> Iterator[Variant]:
    """Text in every encoding that agencies use."""
    for encoding in ENCODINGS:
        yield Variant(encoding, changes.unchanged, forms.text(source.read.delimiter, encoding))
    yield Variant("utf-16-be", changes.unchanged, _marked(forms.text(source.read.delimiter, "utf-16-be")))


def _marked(form: Form) -> Form:
    def write(path: Path, sheets: Sequence[Sheet]) -> None:
        form(path, sheets)
        path.write_bytes(b"\xfe\xff" + path.read_bytes())

    return write


def lines(source: Source) -> Iterator[Variant]:
    """Text with every kind of line end, with none behind the last line, and with quotes around every cell."""
    delimiter = source.read.delimiter
    for name, end in (("CRLF", "\r\n"), ("LF", "\n"), ("CR", "\r")):
        yield Variant(name, changes.unchanged, forms.text(delimiter, end=end))
    yield Variant("no end", changes.unchanged, forms.text(delimiter, tail=b""))
    yield Variant("quoted", changes.unchanged, forms.text(delimiter, quoting=csv.QUOTE_ALL))


def damaged(at: int, encoding: str, source: Source) -> Variant:
    """A byte that no encoding knows in one cell of the second record."""
    mark = "损坏处"
    whole = forms.text(source.read.delimiter, encoding)

    def form(path: Path, sheets: Sequence[Sheet]) -> None:
        whole(path, sheets)
        path.write_bytes(path.read_bytes().replace(mark.encode(encoding), b"\xff"))

    return Variant(f"damaged {encoding}", changes.one(1, at, mark), form)


def cut(source: Source) -> Variant:
    """Text whose last line ends before its last field."""
    whole = forms.text(source.read.delimiter)

    def form(path: Path, sheets: Sequence[Sheet]) -> None:
        whole(path, sheets)
        data = path.read_bytes()
        path.write_bytes(data[: data.rindex(source.read.delimiter.encode())])

    return Variant("cut", changes.unchanged, form)


def widely(source: Source) -> Change:
    """Full-width digits in every column whose cells are read as something else than text."""
    read = {each.field for each in readings(source.contract)}

    def change(sheet: Sheet) -> Sheet:
        for field, at in sheet.table.layout.fields.items():
            if field.partition("[")[0] in read:
                sheet = changes.cells(at, lambda cell: cell.translate(WIDE))(sheet)
        return sheet

    return change


def large(sheet: Sheet, source: Source) -> Variant:
    """A record for each column that is read, with a cell of a megabyte there, and one without."""
    places = list(sheet.table.layout.fields.values())
    rows = [[LARGE if at == place else cell for at, cell in enumerate(sheet.body[-1])] for place in places]

    def change(given: Sheet) -> Sheet:
        return replace(given, body=[*rows, given.body[-1]])

    return Variant("large", change, forms.text(source.read.delimiter))


def _others(path: Path, sheets: Sequence[Sheet]) -> None:
    codes = Sheet("代码表", True, [["代码", "名称"], ["1", "甲"]], [], None)
    forms.workbook()(path, [*sheets, codes, replace(sheets[0], name="隐藏", visible=False)])


# The name of a sheet that stands beside the table.
BESIDE = "另表"


def beside(columns: Mapping[int, str]) -> Variant:
    """A workbook with one more sheet: some columns of the records, by their places, each under this header."""

    def form(path: Path, sheets: Sequence[Sheet]) -> None:
        body = [[row[at] for at in columns] for row in sheets[0].body]
        forms.workbook()(path, [*sheets, Sheet(BESIDE, True, [list(columns.values())], body, None)])

    return Variant("beside", changes.unchanged, form)


# A workbook with a list of codes, and a hidden copy of the table.
OTHERS = Variant("others", changes.unchanged, _others)
