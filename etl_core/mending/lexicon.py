"""The words that a source knows: its own codes.csv, and the shared tables where it asks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from etl_core.codes import codes
from etl_core.protocol import Lexicon
from etl_core.source import Source
from etl_core.validate import Rule, rules
from etl_schemas import tables
from etl_schemas.reasons import of_words

_SHARED: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "subject": lambda: tables.subjects(upper=False),
    "provider": lambda: {name: name for name in tables.providers()},
    "division": lambda: {each.name: each.code for each in tables.divisions() if each.until is None},
}


def lexicon(source: Source) -> Lexicon:
    """Every list that the checks of a source ask: the name of the list (of a reason code) → word → value."""
    asked = {rule.code.removeprefix("code.unknown.").removesuffix(".unknown") for rule in _rules(source)}
    return Lexicon({name: dict(_listed(source, name)) for name in sorted(asked)}, tuple(sorted(own(source))))


def own(source: Source) -> Mapping[str, Mapping[str, str]]:
    """The plugin's codes.csv; nothing where it has none."""
    try:
        return codes(source.contract.__module__.partition(".")[0])
    except (FileNotFoundError, ModuleNotFoundError):
        return {}


def words(source: Source, field: str | None) -> tuple[str, ...]:
    """The words that may stand in a field's cells, where a check asks for one of them."""
    asked = [rule.code.removeprefix("code.unknown.") for rule in _rules(source) if rule.field == field]
    return tuple(word for name in asked for word in _listed(source, name))


def _rules(source: Source) -> list[Rule]:
    return [rule for rule in rules(source.contract) if of_words(rule.code)]


def _listed(source: Source, name: str) -> Mapping[str, str]:
    mine = own(source)
    if name in mine:
        return mine[name]
    if name in _SHARED:
        return _SHARED[name]()
    shared = [name, *(f"{name}.{province}" for province in ("50", "51"))]  # ruling 51: «市级» by province
    return {word: value for each in shared for word, value in _words(each).items()}


def _words(name: str) -> Mapping[str, str]:
    try:
        return tables.words(name)
    except LookupError:
        return {}
