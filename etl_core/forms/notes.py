"""What people are told of a column, in the words of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from etl_core.forms.form import Field, Form
from etl_schemas.messages import Lang, text
from etl_schemas.reasons import severity

SHOWN = 12  # of a long list so many words are written out


def said(key: str, lang: Lang) -> str:
    """A heading or sentence of the section [form]."""
    return text(f"form.{key}", lang)


def duty(field: Field, lang: Lang) -> str:
    """Whether the field must be filled in, or its column may be missing altogether."""
    if field.required:
        return said("required", lang)
    if field.kind in ("name", "sheet"):
        return ""  # neither can be empty
    return said("spare", lang) if field.optional else said("free", lang)


def meaning(field: Field, lang: Lang) -> str:
    """What becomes of it: the unified fields and what they mean."""
    return "\n".join(
        f"{text(f'field.{name}', lang)}: {text(f'meaning.{name}', lang)}" for name in field.unified
    )


def choices(field: Field, lang: Lang) -> str:
    """The words that may be chosen; what one means stands behind it where it does not say so itself."""
    shown = [_word(word, means) for word, means in list(field.words.items())[:SHOWN]]
    more = [said("more", lang)] if len(field.words) > SHOWN else []
    return "、".join([*shown, *more])


def _word(word: str, means: str) -> str:
    return word if means in word or not means else f"{word}（{means}）"


def reasons(field: Field, lang: Lang) -> Iterator[tuple[str, str]]:
    """Every reason for which the field is refused, then those for which it is remarked upon: code and what to do."""
    for grave in ("error", "warning"):
        yield from ((code, text(code, lang)) for code in field.codes if severity(code) == grave)


def spellings(field: Field) -> str:
    """Every header that the column may have, with the dates between which it is used."""
    return "、".join(
        each.text
        if each.since is None and each.until is None
        else f"{each.text} [{each.since or ''}…{each.until or ''}]"
        for each in field.spellings
    )


def note(field: Field, lang: Lang) -> str:
    """What stands beside a header: whether it must be filled in, what it means, an example, and why it is refused."""
    parts = [f"【{duty(field, lang)}】", meaning(field, lang)]
    parts += [f"{said('example', lang)}: {field.example}" if field.example else ""]
    parts += [f"{said('choices', lang)}: {choices(field, lang)}" if field.words else ""]
    parts += [f"· {message}" for _, message in reasons(field, lang)]
    return "\n".join(filter(None, parts))


def rules(form: Form, lang: Lang) -> Iterator[tuple[str, str]]:
    """What holds for the file as a whole: heading and text."""
    source = form.source
    yield said("of", lang), f"{source.title}（{source.agency.name}）"
    yield said("file", lang), f"{form.file}\n{said('file_why', lang)}"
    yield said("adding_up", lang), said(source.semantics, lang)
    if form.sheet.titles:
        yield said("titles", lang), "\n".join((said("titles_why", lang), *form.sheet.titles))
    if form.tabs:
        yield said("tabs", lang), said("tabs_why", lang)
    if any(slot.origin.kind == "columns" for slot in form.sheet.slots):
        yield said("columns", lang), said("columns_why", lang)
    if source.ignored:
        yield said("ignored", lang), "、".join(f"“{each}”" for each in source.ignored)
    if source.dropped:
        yield said("dropped", lang), "、".join(f"“{each}”" for each in source.dropped)
    yield said("then", lang), f"etl check {form.file}"
