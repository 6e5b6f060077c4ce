"""Every text that people read, from one catalogue (messages.toml), in Chinese and English.

Keys are a reason code (`id_number.length`, `required.person_name`) or a section and a word:
`skip.title`, `result.loaded`, `severity.error`, `field.hours`, `ui.read`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Lang = Literal["zh", "en", "both"]

# A family's code goes on with the name of a field (contract §3).
FAMILIES = ("required", "code.unknown")
SEVERITIES = ("error", "warning", "delivery")

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_UNSTATED = "…"
_NOTHING = ("", "—")


@cache
def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    """The whole catalogue, read once: section → key → language → text. Not to be changed."""
    return tomllib.loads(files("etl_schemas").joinpath("messages.toml").read_text(encoding="utf-8"))


@cache
def fields() -> tuple[str, ...]:
    """Names of the fields of a training record, in the order of contract §2."""
    return tuple(catalogue()["field"])


def family(code: str) -> tuple[str, str] | None:
    """Take a code apart: `required.hours` → ("required", "hours"); None for a code that is in no family."""
    for name in FAMILIES:
        field = code.removeprefix(name + ".")
        if field != code and field in fields():
            return name, field
    return None


def text(key: str, lang: Lang = "zh", **values: str | int) -> str:
    """Say `key` in a language ("both" gives «中文｜English»); `values` fill the placeholders.

    A `field` among the values is shown by its title. A part in [[ ]] whose values are not all given is left
    out (an empty value or «—» counts as not given); a placeholder outside of one shows «…». Values are
    coordinates, header names and limits, never a cell's value.

    Raises LookupError for a key that is not in the catalogue or a language that is not offered.
    """
    if lang == "both":
        return f"{text(key, 'zh', **values)}｜{text(key, 'en', **values)}"
    if lang not in ("zh", "en"):
        raise LookupError(f"no such language: {lang!r} (zh, en or both)")
    known = family(key)
    if known:
        key, values = known[0], {**values, "field": known[1]}
    return _fill(_template(key)[lang], _titled(values, lang))


def _template(key: str) -> dict[str, str]:
    """Both texts of a key: reason codes first, then «section.word»."""
    sections = catalogue()
    for severity in SEVERITIES:
        if key in sections[severity]:
            return sections[severity][key]
    section, _, word = key.partition(".")
    if word not in sections.get(section, {}) or section in SEVERITIES:
        raise LookupError(f"no text in the message catalogue for {key!r}")
    return sections[section][word]


def _titled(values: Mapping[str, str | int], lang: Lang) -> dict[str, str]:
    """The values as text, with the field's name replaced by its title."""
    shown = {name: str(value) for name, value in values.items() if value not in _NOTHING}
    field = shown.get("field")
    if field in fields():
        shown["field"] = catalogue()["field"][field][lang]
    return shown


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Drop the optional parts that cannot be said, then fill the placeholders."""

    def part(match: re.Match[str]) -> str:
        said = all(name in values for name in _PLACEHOLDER.findall(match[1]))
        return match[1] if said else ""

    kept = _OPTIONAL.sub(part, template)
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], _UNSTATED), kept)
