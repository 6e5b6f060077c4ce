"""What a cell may hold, where that can be listed: an agency's own words, terms of the closed lists, names of the code tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from etl_core.contract import readings
from etl_core.source import Source
from etl_schemas import tables
from etl_schemas.enums import ENUMS
from etl_schemas.messages import family

# Reasons that say that a word is not known, and the list that it is not in.
_LISTS = {
    "subject.unknown": "subject",
    "stage.unknown": "stage",
    "title.unknown": "title",
    "provider.unknown": "provider",
    "division.unknown": "division",
    "sex.conflict": "sex",
}
_NOT_OFFERED = {"sex": ("未知", "未说明")}  # what a person who fills in a form should not be led to


def own(source: Source) -> Mapping[str, Mapping[str, str]]:
    """The words that the readings of a source list, by field, with what each of them means."""
    return {each.field: _whole(each.words) for each in readings(source.contract) if each.words}


def _whole(words: Mapping[str, str]) -> dict[str, str]:
    """Without «10» and «国家级» where there is «10-国家级»."""
    halves = {half for word in words if "-" in word for half in word.split("-", 1)}
    return {word: value for word, value in words.items() if word not in halves}


def meaning(value: str, unified: Iterable[str]) -> str:
    """The term of a code of the unified fields that are made of a cell; anything else as it is."""
    lists = (ENUMS[field] for field in unified if field in ENUMS)
    return next((each.label for members in lists for each in members if str(each.value) == value), value)


def shared(codes: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Words for a column with these reason codes, each with the others that say the same; the first is the better one."""
    for code in codes:
        known = family(code)
        name = known[1] if known and known[0] == "code.unknown" else _LISTS.get(code)
        if name is not None:
            return tuple(_groups(name))
    return ()


def unknown(code: str) -> bool:
    """Whether a reason says that a word is in no list."""
    return code.startswith("code.unknown.") or code.endswith((".unknown", ".unparsable"))


def _groups(name: str) -> Iterable[tuple[str, ...]]:
    if name == "subject":
        return ((row["name"],) for row in tables.rows("subjects"))
    if name == "provider":
        return ((each,) for each in tables.providers())
    if name == "division":
        return ((each,) for each in _counties())
    return _coded(name)


def _coded(name: str) -> Iterable[tuple[str, ...]]:
    """The terms of a closed list, each with the other words for its code."""
    if name not in ENUMS:
        return ()
    words = _words(name)
    return (
        (member.label, *(word for word, value in words if value == str(member.value)))
        for member in ENUMS[name]
        if member.label not in _NOT_OFFERED.get(name, ())
    )


def _words(name: str) -> Sequence[tuple[str, str]]:
    """The shared words of a field; «市级» means what the agency's province says."""
    found: list[tuple[str, str]] = []
    for field in (name, f"{name}.50", f"{name}.51"):
        try:
            found += tables.words(field).items()
        except LookupError:
            continue
    return found


def _counties() -> Iterable[str]:
    """Names of the counties of today."""
    return dict.fromkeys(
        each.name for each in tables.divisions() if each.until is None and each.level == "县级"
    )
