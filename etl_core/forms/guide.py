"""The sheet of a form that explains: what holds for the file, and for each of its columns."""

from __future__ import annotations

from etl_core.forms import notes
from etl_core.forms.form import Field
from etl_core.forms.notes import said
from etl_core.forms.paper import Paper, Sheet
from etl_schemas.messages import Lang, text


def guide(paper: Paper, sheet: Sheet) -> None:
    """The sheet that explains. Headers stand in quotes there, so that no reader takes it for a table."""
    lang, formats = paper.lang, paper.formats
    for at, width in enumerate((22, 12, 46, 24, 40, 60)):
        sheet.set_column(at, at, width)
    sheet.write_string(0, 0, said("guide", lang), formats["title"])
    row = 1
    for row, (heading, words) in enumerate(notes.rules(paper.form, lang), start=2):
        sheet.write_string(row, 0, heading, formats["bold"])
        sheet.merge_range(row, 1, row, 5, words, formats["top"])
        sheet.set_row(row, 16 * (1 + words.count("\n") + len(words) // 90))
    head = row + 2
    for at, key in enumerate(("column", "duty", "meaning", "example", "choices", "reasons")):
        sheet.write_string(head, at, said(key, lang), formats["free"])
    for number, field in enumerate(paper.form.fields.values(), start=head + 1):
        for at, words in enumerate(_explained(field, lang)):
            sheet.write_string(number, at, words, formats["wrap"])
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _explained(field: Field, lang: Lang) -> tuple[str, ...]:
    where = (
        f"“{field.header}”"
        if field.kind in ("header", "columns")
        else f"“{field.header}”（{text(f'place.{field.kind}', lang)}）"
    )
    why = "\n".join(f"· {message}" for _, message in notes.reasons(field, lang))
    return (
        where,
        notes.duty(field, lang),
        notes.meaning(field, lang),
        field.example,
        notes.choices(field, lang),
        why,
    )
