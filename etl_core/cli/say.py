"""Words of the message catalogue, as the commands need them."""

from __future__ import annotations

from collections.abc import Mapping

from etl_schemas.messages import Lang, text

__all__ = ["Lang", "counted", "reason", "spoken", "title"]


def spoken(both: str, lang: Lang) -> str:
    """The part of «where: 中文｜English» that a language asks for; what comes before the last ": " belongs to both."""
    chinese, _, english = both.partition("｜")
    if lang == "both" or not english:
        return both
    where, colon, _ = chinese.rpartition(": ")
    return where + colon + english if lang == "en" else chinese


def title(key: str, lang: Lang) -> str:
    """A heading or a short sentence of the section [ui]."""
    return text(f"ui.{key}", lang)


def reason(code: str, lang: Lang, detail: Mapping[str, object] | None = None) -> str:
    """What a reason code means, with the coordinates of `detail`; the code itself where the catalogue has no text."""
    values = {name: str(value) for name, value in (detail or {}).items() if name not in ("key", "lang")}
    try:
        return text(code, lang, **values)
    except LookupError:
        return code


def counted(numbers: Mapping[str, int], section: str, lang: Lang) -> str:
    """Words of a section with their numbers: «标题行 2，空行 1»."""
    comma = "，" if lang == "zh" else ", "
    return comma.join(f"{text(f'{section}.{key}', lang)} {number}" for key, number in numbers.items())
