"""Which field a header most likely means: by the dictionary codes/headers.csv, else by the header there that is nearest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from etl_core.header import normal
from etl_schemas import tables

# A shorter header of the dictionary is not searched for at the end of a longer one: too much ends with «市».
SHORTEST = 2

# Likeness (difflib) from which a header of the dictionary is proposed for one that it does not know.
ALIKE = 0.8

# Likeness from which one is named as what may be meant: never mapped, only said.
NEARBY = 0.6

# What else agencies call a thing, by the end of the header: said as what may be meant, for it may mean another thing too.
_SYNONYMS = {
    **dict.fromkeys(("主办方", "承办方", "举办方", "组织方", "主办", "举办"), "主办单位"),
    **dict.fromkeys(("结论", "评定", "鉴定", "评价"), "结果"),
    **dict.fromkeys(("受训人", "参训人", "受训教师", "参训教师", "老师"), "教师姓名"),
    **dict.fromkeys(("课程", "课程名", "班名"), "课程名称"),
}

_NUMBERED = re.compile(r"^\d+[、.．]\s*")
_POLITE = re.compile(r"^(您|你)(所在|任教|填写)?的?")
_BRACKETS = re.compile(r"[(（【\[][^)）】\]]*[)）】\]]")
_MINUTES = re.compile("分钟|分鐘")


@dataclass(frozen=True, slots=True)
class Match:
    """A field, and the dictionary's header by which it was found; `near` where that is not the header itself."""

    field: str
    like: str
    near: bool


def match(header: str) -> Match | None:
    """What a header means, its last part first («批次/层次», «content.trainEndDate»); None where nothing is like it.

    A header that speaks of a telephone, a password and the like is `dropped`, whatever else it says (ruling 62).
    """
    known = _known()
    whole = _bare(header)
    for name in (whole, _bare(last(header))):
        if name in known:
            return Match(_field(known[name], header), name, False)
    plain = _plain(header)
    if plain in known:
        return Match(_field(known[plain], header), plain, False)
    found = _within(whole, "dropped") or _ending(plain) or _like(plain)
    return Match(_field(known[found], header), found, True) if found else None


def nearby(header: str) -> Match | None:
    """What a header may mean that means nothing for sure: by what else a thing is called, else by the nearest header."""
    name = _plain(header)
    ends = [known for end, known in _SYNONYMS.items() if name.endswith(end)]
    loaded = [
        each
        for each, field in _known().items()
        if len(each) >= SHORTEST and field not in ("ignored", "dropped")
    ]
    near = ends or get_close_matches(name, loaded, n=1, cutoff=NEARBY)
    return Match(_known()[near[0]], near[0], True) if near else None


def last(header: str) -> str:
    """The part of a header that says most: «层次» of «批次/层次», «trainEndDate» of «content[1].trainEndDate»."""
    return re.split(r"[/.]", re.sub(r"\[\d+\]|#\d+$", "", header))[-1]


def _field(field: str, header: str) -> str:
    return "minutes" if field in ("hours", "minutes") and _MINUTES.search(header) else field


@cache
def _known() -> Mapping[str, str]:
    return {_bare(row["header"]): row["field"] for row in tables.rows("headers")}


def _bare(header: str) -> str:
    return normal(header).lower()


def _plain(header: str) -> str:
    """A header without the number of a question, politeness and remarks in brackets."""
    bare = _BRACKETS.sub("", _NUMBERED.sub("", header.rsplit("/", maxsplit=1)[-1].strip()))
    return _bare(_POLITE.sub("", bare)) or _bare(header)


def _within(name: str, field: str) -> str | None:
    """The longest Chinese header of a field that stands anywhere in this one."""
    return max(
        (each for each, of in _known().items() if of == field and not each.isascii() and each in name),
        key=len,
        default=None,
    )


def _ending(name: str) -> str | None:
    """The longest known header that this one ends with: in Chinese what a thing is stands last."""
    ends = (each for each in _known() if len(each) >= SHORTEST and name.endswith(each) and not each.isascii())
    return max(ends, key=len, default=None)


def _like(name: str) -> str | None:
    near = get_close_matches(name, [each for each in _known() if len(each) > SHORTEST], n=1, cutoff=ALIKE)
    return near[0] if near else None
