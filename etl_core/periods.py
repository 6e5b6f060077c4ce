"""Which period a file's name or title tells, in whatever words: half years, terms, quarters, batches, months, days, years.

Everything that is said counts («2024年上半年第二批» is both), so that two files whose names differ in a period never have the
same label. Digits may be full-width or Chinese. What may tell a period and is not understood is left over, for a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

# What stands in the name of a file that corrects an earlier one (ruling 75), «第二次更正» or «更正2».
AGAIN = re.compile(
    r"(?:第?([0-9一二三四五六七八九十]{1,3})次)?(?:更正|补正|补报|补签|补充|修订|修正|订正)([0-9]*)"
)

_HAN = "\u3400-\u9fff"
_COUNT = "[0-9]{1,3}|[一二三四五六七八九十百两零〇]{1,4}"
_YEAR = "(?:(?<![0-9])20[0-9]{2}|二[〇零][〇零一二三四五六七八九]{2})"
_MONTH = "(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = "(?:3[01]|[12][0-9]|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|二十|[一二三四五六七八九])"
_TO = r"\s*[-~至到]{1,2}\s*"
_COUNTED = "批次?|期(?![间中末])|次|轮次?|阶段|周|班|组|场|回|部分|册|辑"
_SEASONS = "[春夏秋冬]季?(?:学期|期)?|[寒暑][假期]"
_TOLD = "\0"  # stands for what was understood

# The narrower stand before those that would take a part of them.
_RULES = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("years", f"(?P<y>{_YEAR})年?{_TO}(?P<Y>{_YEAR})(?![0-9])(?:学年度?|年度|年)?"),
        ("years", f"(?P<y>{_YEAR}|(?<![0-9])[0-9]{{2}}){_TO}(?P<Y>[0-9]{{2}})学年度?"),
        ("school_year", f"(?P<y>{_YEAR})学年度?"),
        (
            "day",
            r"(?<![0-9])(?P<y>20[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12][0-9]|3[01])"
            rf"(?:{_TO}(?P<Y>20[0-9]{{2}})(?P<M>0[1-9]|1[0-2])(?P<D>0[1-9]|[12][0-9]|3[01]))?(?![0-9])",
        ),
        (
            "day",
            rf"(?P<y>{_YEAR})(?P<s>[-./])(?P<m>{_MONTH})(?P=s)(?P<d>{_DAY})"
            rf"(?:{_TO}(?:(?P<Y>{_YEAR})(?P=s))?(?P<M>{_MONTH})(?P=s)(?P<D>{_DAY}))?(?![0-9])",
        ),
        (
            "day",
            rf"(?:(?P<y>{_YEAR})年)?(?P<m>{_MONTH})月(?P<d>{_DAY})[日号]?"
            rf"(?:{_TO}(?:(?P<Y>{_YEAR})年)?(?:(?P<M>{_MONTH})月)?(?P<D>{_DAY})[日号])?(?![0-9{_HAN}])",
        ),
        (
            "day",
            rf"(?:(?P<y>{_YEAR})年)?(?P<m>{_MONTH})月(?P<d>{_DAY})[日号]"
            rf"(?:{_TO}(?:(?P<Y>{_YEAR})年)?(?:(?P<M>{_MONTH})月)?(?P<D>{_DAY})[日号])?",
        ),
        (
            "month",
            r"(?<![0-9])(?P<y>20[0-9]{2})(?P<m>0[1-9]|1[0-2])"
            rf"(?:{_TO}(?P<Y>20[0-9]{{2}})?(?P<M>0[1-9]|1[0-2]))?(?![0-9])",
        ),
        (
            "month",
            rf"(?P<y>{_YEAR})(?:年度?|[-./])(?P<m>{_MONTH})(?:月份?)?{_TO}(?:(?P<Y>{_YEAR})(?:年|[-./]))?(?P<M>{_MONTH})"
            rf"(?:月份?|(?![0-9{_HAN}.]))",
        ),
        ("month", rf"(?P<y>{_YEAR})(?:年度?|[-./])(?P<m>{_MONTH})月份?"),
        ("month", rf"(?P<y>{_YEAR})[-./](?P<m>1[0-2]|0?[1-9])(?![0-9批期次季轮班组场.])"),
        ("month", r"(?<![0-9])(?P<y>20[0-9]{2})年(?P<m>0[1-9]|1[0-2])(?![0-9批期次季轮班组场.])"),
        ("month", rf"(?<![0-9])(?P<m>{_MONTH})(?:月份?)?{_TO}(?P<M>{_MONTH})月份?"),
        ("month", rf"(?<![0-9])(?P<m>{_MONTH})月份?"),
        ("year", rf"(?P<y>{_YEAR})(?![0-9])(?:年度?)?"),
        ("quarter", r"第(?P<n>[1-4一二三四])季度?|(?P<w>[1-4一二三四])季度|(?<![0-9A-Za-z])[Qq](?P<c>[1-4])(?![0-9A-Za-z])"),
        ("term", f"第(?P<n>{_COUNT})学期|(?P<w>[上下])学期|(?P<c>[一二三1-3])学期"),
        ("half", f"(?P<n>[上下前后])半年|(?<![{_HAN}])(?P<w>[上下])期|(?<![{_HAN}])(?P<c>[上下])(?![{_HAN}])"),
        (
            "season",
            f"(?<={_TOLD})(?P<n>{_SEASONS})|(?<![{_HAN}])(?P<w>{_SEASONS})(?![{_HAN}])"
            "|(?P<c>[春夏秋冬](?:季(?:学期)?|学期)|[寒暑][假期])",
        ),
        ("batch", f"第(?P<n>{_COUNT})(?P<c>{_COUNTED})"),
        ("batch", rf"(?<![0-9{_HAN}.])(?P<n>{_COUNT})(?P<c>批次?|期(?![间中末])|轮次?)"),
        ("batch", rf"(?<=[{_HAN}])(?P<n>[0-9]{{1,3}})(?P<c>批次?|期(?![间中末])|轮次?)"),
        ("batch", "(?P<n>首)(?P<c>批次?|期|轮次?|次)"),
        ("batch", f"(?P<c>批次|期次|批|期)(?P<n>{_COUNT})(?![0-9])"),
    )
)  # fmt: skip
_RANKS = {
    **dict.fromkeys(("year", "years", "school_year"), 0),
    **dict.fromkeys(("half", "term", "season"), 1),
    **{"quarter": 2, "month": 3, "months": 3, "day": 4, "days": 4, "batch": 5},
}
_YEARLY = [name for name, rank in _RANKS.items() if rank == 0]

# What may tell a period, where no rule has understood it; a number that stands alone counts as «0».
_MAY = re.compile(rf"学期|季度|[上下批期次季轮]|(?<![0-9A-Za-z{_HAN}.])[0-9]{{1,2}}(?![0-9A-Za-z{_HAN}.])")
_MAY_NOT = re.compile(
    "线上|线下|网上|以上|以下|下乡|下校|下派|下达|下载|下发|下属|上报|上传|上岗|上海|上饶|上课|上级|下级|长期|短期|中期|前期|后期"
    "|初期|定期|周期|日期|期末|期中|期间|假期|分期|到期|批准|批复|审批|批量|层次|档次|次数|名次|人次"
)
_SUFFIX = re.compile(r"(?:\.[A-Za-z][A-Za-z0-9]{0,4}){1,2}$")
# Dates of the table itself («填表时间：…») are no period of a delivery; those of a training are.
_LABELLED = re.compile(r"\S*(?:时间|日期|电话)\s*[:：]\s*\S+")
_OF_TRAINING = re.compile("研修|培训|活动|学习|起止|举办|开班")
_PLAIN = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | str.maketrans("○　～—–－", "〇 ~---")
_DIGITS = {char: at for at, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_FIRST_OR_SECOND = {"上": 1, "前": 1, "首": 1, "下": 2, "后": 2}
_SEASON_ORDER = {False: "寒春夏暑秋冬", True: "秋冬寒春夏暑"}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is said of a period, from `start` to `end` of the text: numbers to sort by, and how people see it."""

    name: str
    values: tuple[int, ...]
    label: str
    start: int
    end: int
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A period.

    kind     what tells it, joined by «+»: half, term, season, quarter, month(s), day(s), batch, year, school_year, years;
             one plain year beside something else goes without saying
    label    «2024上半年», «2023-2024第1学期», «2024-03~06»: another for every other period
    order    numbers by which deliveries of this kind are sorted, oldest first
    version  1, and more where the name says 更正
    where    the name, or the title; text: its own words
    left     what may tell a period too, and is not understood
    day      the day, where it is one
    """

    kind: str
    label: str
    order: tuple[int, ...]
    version: int
    where: Literal["name", "title"]
    text: str
    left: tuple[str, ...] = ()
    day: date | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """A text, what was understood of it, and the text without that."""

    text: str
    parts: tuple[Part, ...]
    rest: str

    @property
    def dated(self) -> bool:
        """Whether it tells a year at all."""
        return any(part.name in _YEARLY for part in self.parts)


def told(name: str, above: str = "", kind: str = "", beside: Collection[str] = ()) -> Told | None:
    """The period that a file's name tells, else a line of its title; None where neither does, or it is left open.

    With a kind only that kind is an answer, and nothing but `beside` may be left over: a name that says more or less than
    the form does is a question for a person. Without one a title is believed before a name that tells its year alone.
    """
    found = [each for each in _found(name, above, kind) if each is not None]
    if kind:
        sure = (
            each for each in found if each.kind == kind and {_alone(one) for one in each.left} <= set(beside)
        )
        return next(sure, None)
    if found and found[0].kind in _YEARLY:
        return next((each for each in found[1:] if _says_more(each, found[0])), found[0])
    return next(iter(found), None)


def kinds(name: str, above: str = "") -> tuple[str, ...]:
    """Every kind that a person may say it is, the one that was understood first."""
    first = told(name, above)
    if first is None:
        return ()
    half = told(name, above, _with_half(first.kind), [*map(_alone, first.left), "上", "下"])
    return (first.kind, half.kind) if half and not _has(first.kind, "half") else (first.kind,)


def beside(left: Collection[str]) -> tuple[str, ...]:
    """What is left over, as `told` wants it said."""
    return tuple(dict.fromkeys(map(_alone, left)))


def loose(name: str, kind: str) -> list[str]:
    """What stands before, between and behind the periods and versions of a name without its suffix, brackets around them left out."""
    stem = _SUFFIX.sub("", name)
    rest = _read(AGAIN.sub(lambda found: _TOLD * len(found[0]), stem)).rest
    halves = [word for word in _left(rest) if word in ("上", "下")]
    if _has(kind, "half") and len(halves) == 1:
        rest = _MAY_NOT.sub(lambda found: "　" * len(found[0]), rest).replace(halves[0], _TOLD)
    bare = "".join(_TOLD if kept == _TOLD else char for char, kept in zip(stem, rest, strict=True))
    bare = re.sub(rf"[（(\[【]?{_TOLD}+[）)\]】]?", _TOLD, bare)
    return re.split(rf"[\s_.-]*{_TOLD}(?:[\s_.-]*{_TOLD})*[\s_.-]*", bare)


def _found(name: str, above: str, kind: str) -> Iterator[Told | None]:
    """What the name tells, then what each line of the title tells together with what the name says beside years."""
    own = _read(AGAIN.sub(lambda found: " " * len(found[0]), _SUFFIX.sub("", name).translate(_PLAIN)))
    version = _version(name)
    if own.dated:
        yield _told([own], version, "name", kind)
    for line in above.splitlines():
        read = _read(_LABELLED.sub(_kept, line))
        if read.dated:
            yield _told([read, _yearless(own)], version, "title", kind)


def _kept(labelled: re.Match[str]) -> str:
    return labelled[0] if _OF_TRAINING.search(labelled[0]) else " " * len(labelled[0])


def _told(reads: list[_Read], version: int, where: Literal["name", "title"], kind: str) -> Told | None:
    parts = [part for read in reads for part in read.parts]
    left = [word for read in reads for word in _left(read.rest)]
    halves = [word for word in left if word in ("上", "下")]
    if _has(kind, "half") and not any(part.name == "half" for part in parts) and len(halves) == 1:
        parts.append(_counted("half", halves[0], "", 0, 0))
        left.remove(halves[0])
    days = [part.day for part in parts if part.name == "day"]
    if any(part.name == "day" and part.values == () for part in parts):
        return None  # there is no such day
    parts = _sorted(parts)
    own = reads[0].parts
    said = reads[0].text[min(part.start for part in own) : max(part.end for part in own)]
    order = tuple(value for part in parts for value in part.values)
    day = days[0] if len(days) == 1 else None
    return Told(_kind(parts), _label(parts), order, version, where, said, tuple(left), day)


def _sorted(parts: list[Part]) -> list[Part]:
    """Years first, then what is told of them; terms of a school year begin in autumn."""
    school = any(part.name == "school_year" for part in parts)
    return [_of_year(part, school) for part in sorted(parts, key=lambda part: _RANKS[part.name])]


def _of_year(part: Part, school: bool) -> Part:
    if part.name == "season":
        return replace(part, values=(_SEASON_ORDER[school].index(part.label) + 1,))
    return replace(part, label=part.label[0] + "期") if part.name == "half" and school else part


def _kind(parts: list[Part]) -> str:
    names = [part.name for part in parts]
    if len(names) > 1 and "year" in names:
        names.remove("year")
    return "+".join(names)


def _label(parts: list[Part]) -> str:
    """A year that is said twice is shown once; two years that differ stand side by side."""
    years = dict.fromkeys(part.label for part in parts if part.name in _YEARLY)
    return "/".join(years) + "".join(part.label for part in parts if part.name not in _YEARLY)


def _says_more(title: Told, name: Told) -> bool:
    """Whether a title tells which part of the name's own year it is."""
    more = title.kind not in _YEARLY and not _has(title.kind, "day") and not _has(title.kind, "days")
    return more and title.label.startswith(name.label)


def _has(kind: str, name: str) -> bool:
    return name in kind.split("+")


def _with_half(kind: str) -> str:
    """The kind with a half year among its parts, where that belongs."""
    names = [name for name in kind.split("+") if name != "year"] + ["half"]
    return "+".join(sorted(names, key=lambda name: _RANKS[name]))


def _version(name: str) -> int:
    again = AGAIN.search(name.translate(_PLAIN))
    return 1 + (_number(again[1] or again[2] or "1") or 1) if again else 1


def _yearless(read: _Read) -> _Read:
    """The same without its years: those of the title count."""
    return replace(read, parts=tuple(part for part in read.parts if part.name not in _YEARLY))


def _read(text: str) -> _Read:
    rest = text.translate(_PLAIN)
    parts: list[Part] = []
    for name, pattern in _RULES:
        for found in list(pattern.finditer(rest)):
            parts += _parts(name, found)
            rest = rest[: found.start()] + _TOLD * len(found[0]) + rest[found.end() :]
    return _Read(text, tuple(sorted(parts, key=lambda part: (part.start, part.end))), rest)


def _parts(name: str, found: re.Match[str]) -> Iterator[Part]:
    """What one match says."""
    said = {key: text for key, text in found.groupdict().items() if text}
    at = found.span()
    if name in ("years", "school_year"):
        yield _yearly(name, said, at)
    elif name in _YEARLY or name in ("month", "day"):
        year = _number(said["y"]) if "y" in said else None
        if year is not None:
            yield Part("year", (year,), str(year), *at)
        if name != "year":
            yield _dated(name, said, year, at)
    else:
        word = next(said[key] for key in ("n", "w", "c") if key in said)
        yield _counted(name, word, said.get("c", ""), *at)


def _yearly(name: str, said: Mapping[str, str], at: tuple[int, int]) -> Part:
    first = _century(said["y"])
    last = _century(said["Y"]) if "Y" in said else first + 1
    if last == first + 1:
        return Part("school_year", (first,), f"{first}-{last}", *at)
    return Part(name, (first, last), f"{first}-{last}", *at)


def _century(text: str) -> int:
    year = _number(text)
    return year if year > 99 else 2000 + year


def _dated(name: str, said: Mapping[str, str], year: int | None, at: tuple[int, int]) -> Part:
    """A month or a day, or from one to another; those of a later year go on counting."""
    later = 12 * (_number(said["Y"]) - (year or _number(said["Y"]))) if "Y" in said else 0
    month, until = _number(said["m"]), _number(said.get("M", said["m"])) + later
    if until < month:
        until += 12
    shown = f"次年{until - 12:02}" if until > 12 else f"{until:02}"
    if name == "month":
        whole = "M" not in said
        label = f"-{month:02}" if whole else f"-{month:02}~{shown}"
        return Part("month" if whole else "months", (month,) if whole else (month, until), label, *at)
    day = _number(said["d"])
    if "D" in said:
        last = _number(said["D"])
        return Part("days", (month, day, until, last), f"-{month:02}-{day:02}~{shown}-{last:02}", *at)
    try:
        on = date(year or 2000, month, day)
    except ValueError:
        return Part("day", (), "", *at)
    return Part("day", (month, day), f"-{month:02}-{day:02}", *at, day=on if year else None)


def _counted(name: str, word: str, counter: str, start: int, end: int) -> Part:
    """A half year, a term, a quarter, a season or a batch."""
    if name == "season":
        return Part(name, (0,), word[0], start, end)
    number = _FIRST_OR_SECOND.get(word) or _number(word)
    shown = {
        "half": "下半年" if number == 2 else "上半年",
        "term": f"第{number}学期",
        "quarter": f"第{number}季度",
        "batch": f"第{number}{counter.removesuffix('次') or '次'}",
    }
    return Part(name, (number,), shown[name], start, end)


def _left(rest: str) -> list[str]:
    return _MAY.findall(_MAY_NOT.sub("　", rest))


def _alone(word: str) -> str:
    return "0" if word.isdigit() else word


def _number(text: str) -> int:
    """A number in digits or in Chinese: «12», «十二», «二〇二四», «一百零三»."""
    if text.isdigit() and text.isascii():
        return int(text)
    if not set(text) & {"十", "百"}:
        return int("".join(str(_DIGITS[char]) for char in text))
    total = unit = 0
    for char in text:
        if char in _DIGITS:
            unit = _DIGITS[char]
        else:
            total += (unit or 1) * (100 if char == "百" else 10)
            unit = 0
    return total + unit
