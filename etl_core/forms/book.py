"""A form as an Excel workbook: drop-downs, notes at the headers, cells that keep an ID number whole, and a sheet that explains."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any

import xlsxwriter

from etl_core.forms.filling import data
from etl_core.forms.form import Form
from etl_core.forms.guide import guide
from etl_core.forms.paper import Paper, Sheet, formats, tab
from etl_schemas.messages import Lang

MADE = datetime(2024, 1, 1)  # the same form is the same bytes


def write(form: Form, file: IO[bytes], lang: Lang) -> None:
    """Write a form into a binary file; the same form gives the same bytes."""
    book: Any = xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties({"title": form.source.title, "company": form.source.agency.name, "created": MADE})
    paper = Paper(book, form, lang, formats(book), {})
    for name in form.tabs or (tab("data", lang),):
        data(paper, book.add_worksheet(name))
    guide(paper, book.add_worksheet(tab("guide", lang)))
    if paper.lists:
        _lists(paper, book.add_worksheet(tab("lists", lang)))
    book.close()


def _lists(paper: Paper, sheet: Sheet) -> None:
    """The long lists, on a sheet that nobody sees and no reader takes for data (ruling 2)."""
    for words, at in paper.lists.items():
        sheet.write_column(0, at, words)
    sheet.hide()
