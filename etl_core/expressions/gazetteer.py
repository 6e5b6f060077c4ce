"""Names and codes of divisions by era, unfolded once into plain dictionaries.

An era is a stretch of time in which no division of provinces 50 and 51 came or went; eras are numbered by the
count of changes up to their first day. Keys are «name@era» and «code@era».
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from etl_schemas import tables
from etl_schemas.tables import Division

_Rank = tuple[int, bool]
_COUNTY, _PREFECTURE = "县级", "地级"
_AUTONOMOUS = "自治县"


@cache
def starts() -> tuple[date, ...]:
    """List the first days of all eras in ascending order; before the first one nothing is known."""
    came = {division.since for division in tables.divisions()}
    gone = {division.until + timedelta(days=1) for division in tables.divisions() if division.until}
    return tuple(sorted(came | gone))


@cache
def valid_codes() -> frozenset[str]:
    """List «code@era» for every GB/T 2260 code of every level in force in that era."""
    eras = list(enumerate(starts(), 1))
    known = tables.divisions()
    return frozenset(f"{each.code}@{era}" for era, day in eras for each in known if _valid(each, day))


@cache
def codes() -> dict[str, str]:
    """Map «name@era» to the code of the one county or prefecture that the name means in that era.

    The best reading of a name decides, and the name is left out where that one is not unique (市中区 without
    prefecture): a full name, then a short form, then the full name of a division that has ended and has
    exactly one heir. A division that ends in the year of the era gives way to a namesake that goes on.
    """
    return {
        f"{name}@{era}": next(iter(found))
        for era, day in enumerate(starts(), 1)
        for name, found in _readings(day).items()
        if len(found) == 1
    }


def _readings(day: date) -> dict[str, set[str]]:
    """Collect, for every name at the start of an era, the codes of its best rank."""
    best: dict[str, tuple[_Rank, set[str]]] = {}
    for name, rank, code in _named(day):
        held, found = best.get(name, ((9, True), set()))
        if rank < held:
            best[name] = (rank, {code})
        elif rank == held:
            found.add(code)
    return {name: found for name, (_, found) in best.items()}


def _named(day: date) -> Iterator[tuple[str, _Rank, str]]:
    for division in tables.divisions():
        if division.level not in (_COUNTY, _PREFECTURE):
            continue
        if _valid(division, day):
            ending = division.until is not None and division.until.year == day.year
            yield from ((name, (0, ending), division.code) for name in _full(division))
            yield from ((name, (1, ending), division.code) for name in _short(division))
        elif heir := _heir(division, day):
            yield from ((name, (2, False), heir) for name in _full(division))


def _valid(division: Division, day: date) -> bool:
    return division.since <= day and (division.until is None or division.until >= day)


def _heir(division: Division, day: date) -> str | None:
    """Follow the line of an ended division to its one successor in force on a day, or null where it splits."""
    current = division
    while current.until is not None and current.until < day:
        ended = current.until
        line = _coded().get(current.successors, ())
        later = [each for each in line if each.until is None or each.until > ended]
        if not later:
            return None
        current = min(later, key=lambda each: each.since)
    return current.code if current is not division and current.since <= day else None


@cache
def _coded() -> dict[tuple[str, ...], list[Division]]:
    """Index the divisions by their code alone, in the shape of a single successor."""
    index: dict[tuple[str, ...], list[Division]] = {}
    for division in tables.divisions():
        index.setdefault((division.code,), []).append(division)
    return index


@cache
def _full(division: Division) -> list[str]:
    """Spell a name in full, alone and behind its prefecture (遂宁市安居区, 遂宁安居区, 阿坝州汶川县)."""
    return [prefix + division.name for prefix in _prefixes(division)]


@cache
def _short(division: Division) -> list[str]:
    """Spell the short forms: 石柱县 and 石柱 for 石柱土家族自治县, 安居 for 安居区, 阿坝州 and 阿坝 for the prefecture."""
    if division.level == _PREFECTURE:
        return _short_prefecture(division.name)
    return [prefix + name for prefix in _prefixes(division) for name in _short_county(division.name)]


def _prefixes(division: Division) -> list[str]:
    if division.level == _PREFECTURE:
        return [""]
    prefecture = division.province if division.prefecture == "直辖" else division.prefecture
    return ["", prefecture, *_short_prefecture(prefecture)]


def _short_prefecture(name: str) -> list[str]:
    if name.endswith("自治州"):
        place = _place(name.removesuffix("自治州"))
        return [place + "州", place]
    return [re.sub("(?:市|地区)$", "", name)]


def _short_county(name: str) -> list[str]:
    if name.endswith(_AUTONOMOUS):
        place = _place(name.removesuffix(_AUTONOMOUS))
        return [place + "县", place + _AUTONOMOUS, place]
    place = re.sub("[区县市]$", "", name)
    return [place] if len(place) > 1 and not name.endswith(("新区", "市中区")) else []


@cache
def _place(name: str) -> str:
    """Take the peoples off a name: 彭水苗族土家族 → 彭水."""
    peoples = "|".join(
        row["name"] for row in tables.rows("ethnic_groups_gbt3304") if row["name"].endswith("族")
    )
    return re.sub(f"(?:{peoples})+$", "", name)
