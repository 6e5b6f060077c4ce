"""What all sheets of a form's workbook share: formats, kinds of cells, and the sheet of long lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from etl_core.forms.form import Field, Form
from etl_core.forms.notes import said
from etl_schemas.messages import Lang

Sheet = Any  # xlsxwriter ships no types

INLINE = 255  # Excel takes no longer list of words; a longer one stands on a sheet of its own
TEXT, DAY, PLAIN = "text", "day", "plain"


@dataclass(frozen=True, slots=True)
class Paper:
    """The workbook being written, its formats by name, and the sheet of long lists with as many columns as are in use."""

    book: Any
    form: Form
    lang: Lang
    formats: dict[str, Any]
    lists: dict[tuple[str, ...], int]

    def style(self, name: str) -> Any:
        """The format of the header of a field, by its name."""
        field = self.form.fields.get(name)
        return self.formats["required" if field and field.required else "free"]

    def listed(self, words: tuple[str, ...]) -> list[str] | str:
        """The words themselves, or where they stand if they are too long or hold the mark between them."""
        if len(",".join(words)) <= INLINE and not any("," in word for word in words):
            return list(words)
        column = xl_col_to_name(self.lists.setdefault(words, len(self.lists)))
        return f"='{tab('lists', self.lang)}'!${column}$1:${column}${len(words)}"


def tab(key: str, lang: Lang) -> str:
    """The name of a sheet, which has at most 31 characters."""
    return said(key, lang)[:31]


def formats(book: Any) -> dict[str, Any]:
    """Every format of the workbook."""
    head = {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
    return {
        "required": book.add_format({**head, "bg_color": "#1F4E79", "font_color": "#FFFFFF"}),
        "free": book.add_format({**head, "bg_color": "#DDEBF7", "font_color": "#1F1F1F"}),
        "title": book.add_format({"bold": True, "font_size": 13, "bg_color": "#FFF2CC"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}),
        "bold": book.add_format({"bold": True, "valign": "top", "text_wrap": True}),
        "top": book.add_format({"text_wrap": True, "valign": "top"}),
        TEXT: book.add_format({"num_format": "@"}),
        DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
        PLAIN: book.add_format({}),
    }


def kind(field: Field | None) -> str:
    """What a cell keeps its text as: an ID number must never become a number."""
    if field is None or any(code.startswith("id_number.") for code in field.codes):
        return TEXT
    if "day" in field.parts:
        return DAY
    amount = {"hours", "credits", "score", "training_year"} & set(field.unified)
    return PLAIN if amount and field.kind == "header" else TEXT
