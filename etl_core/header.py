"""Finding a table's header by content, and telling what became of each of its columns.

A title row that moved, a blank leading column, reordered columns or a header in two levels do not matter; a missing
column is reported with the nearest header found, an unknown one is named. Nothing is matched by position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import zip_longest

from etl_core.contract import families, member, origins
from etl_core.errors import DeliveryError
from etl_core.records import HeaderAccount
from etl_core.source import Source

# A header that does not stand in the first rows of a sheet is not searched for.
SEARCHED = 50

# So many headers are named where many are missing, or unknown.
FEW = 8

# What of a sheet is compared with a missing header: texts that are no longer than headers are, and how like they must be.
_COMPARED, _LIKELY, _LIKE = 100, 60, 0.3

# How a column is called that has no header.
_HEADLESS = "(无表头 {0}列｜no header, column {0})"

Cells = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's header: `top` and `depth` in rows of its sheet's first grid; `texts` per column, levels joined by «/».

    `fields` maps the contract's fields to column positions; `absent` lists fields whose header was not found.
    """

    top: int
    depth: int
    texts: tuple[str | None, ...]
    fields: Mapping[str, int]
    absent: tuple[str, ...]

    @property
    def score(self) -> tuple[int, int, int]:
        """More fields found first, then the flatter header, then the upper one."""
        return len(self.fields), -self.depth, -self.top


@lru_cache(maxsize=4096)
def normal(header: str) -> str:
    """A header as it is compared: no white space, no required-marks on any of its levels, half-width brackets."""
    bare = re.sub(r"\s+", "", header).replace("（", "(").replace("）", ")").replace("／", "/")
    return "/".join(level.strip("*＊:：") for level in bare.split("/"))


def shown(header: str) -> str:
    """A header as a reason names it: as in the file, line breaks removed (ruling 7)."""
    return header.replace("\r", "").replace("\n", "").strip()


def flatten(upper: Cells, lower: Cells) -> list[str | None]:
    """Join a two-level header: a merged upper cell covers the columns to its right that have a lower cell only."""
    texts: list[str | None] = []
    group: str | None = None
    for over, under in zip_longest(upper, lower):
        group = over or (group if under else None)
        texts.append(f"{shown(group)}/{shown(under)}" if group and under else over or under)
    return [shown(text) if text else None for text in texts]


def locate(rows: Sequence[Cells], source: Source, on: date) -> Layout | None:
    """The best header for `source` among the first rows of a sheet, or None where not one field is found."""
    wanted = _spellings(source, on)
    alike = {field: re.compile(origin.pattern) for field, origin in families(source.contract).items()}
    found: Layout | None = None
    for top, row in enumerate(rows[:SEARCHED]):
        if not any(row):
            continue  # a blank row is no upper level of the header below it
        below = rows[top + 1] if top + 1 < len(rows) else ()
        flat = [shown(text) if text else None for text in row]
        for depth, texts in ((1, flat), (2, flatten(row, below))):
            layout = _gathered(_match(top, depth, texts, wanted), alike)
            if layout.fields and (found is None or layout.score > found.score):
                found = layout
        if found is not None and found.fields.keys() >= {*wanted, *(member(field, 0) for field in alike)}:
            break  # every field is found, and no lower row could win against this one
    return found and replace(found, absent=_absent(found, source, wanted))


def _absent(layout: Layout, source: Source, wanted: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Promised fields without a header; and those whose header stands alone where it should be the first of two.

    Of «姓名» and «姓名#2» the order tells whose name is whose: of one that is left nobody knows which it is.
    """
    positions = _positions(layout.texts)
    twins = {normal(each) for each in (*source.ignored, *source.dropped)} - positions.keys()
    alone = {field for field, known in wanted.items() if any(f"{name}#2" in twins for name in known)}
    return tuple(field for field in promised(source) if field not in layout.fields or field in alone)


def _spellings(source: Source, on: date) -> dict[str, list[str]]:
    """The spellings of every field's header that are in use at a date."""
    headed = {field: origin for field, origin in origins(source.contract).items() if origin.kind == "header"}
    return {
        field: [normal(header.text) for header in origin.headers if header.holds(on)]
        for field, origin in headed.items()
    }


def _match(top: int, depth: int, texts: Cells, wanted: Mapping[str, list[str]]) -> Layout:
    positions = _positions(texts)
    found = {
        field: [positions[each] for each in known if each in positions] for field, known in wanted.items()
    }
    return Layout(top, depth, tuple(texts), {field: at[0] for field, at in found.items() if at}, ())


def _gathered(layout: Layout, alike: Mapping[str, re.Pattern[str]]) -> Layout:
    """The layout with every column of the fields that stand in several."""
    if not alike:
        return layout
    taken = set(layout.fields.values())
    free = [(at, normal(text)) for at, text in enumerate(layout.texts) if text and at not in taken]
    members = {
        member(field, number): at
        for field, pattern in alike.items()
        for number, at in enumerate(at for at, text in free if pattern.fullmatch(text))
    }
    return replace(layout, fields={**layout.fields, **members})


def _positions(texts: Cells) -> dict[str, int]:
    """Where each header stands; the second of a name is also known as «姓名#2»."""
    positions: dict[str, int] = {}
    for at, number in _numbers(texts).items():
        positions.setdefault(_numbered(normal(str(texts[at])), number), at)
    return positions


def labels(texts: Cells) -> dict[int, str]:
    """A distinct label for each headed column: its text, of the second «姓名» «姓名#2»."""
    return {at: _numbered(str(texts[at]), number) for at, number in _numbers(texts).items()}


def called(texts: Cells) -> dict[int, set[str]]:
    """What a source may call each headed column: by its name, and the second of that name by «姓名#2» too."""
    names = {at: normal(str(texts[at])) for at in _numbers(texts)}
    return {at: {names[at], _numbered(names[at], number)} for at, number in _numbers(texts).items()}


def _numbers(texts: Cells) -> dict[int, int]:
    """Of each headed column which one of its name it is, from 1."""
    seen: dict[str, int] = {}
    numbers = {}
    for at, text in enumerate(texts):
        if text:
            name = normal(text)
            numbers[at] = seen[name] = seen.get(name, 0) + 1
    return numbers


def _numbered(text: str, number: int) -> str:
    return text if number == 1 else f"{text}#{number}"


def plausible(layout: Layout | None) -> bool:
    """Whether a sheet is meant as this source's table: at least half of its promised headers stand in one row."""
    if layout is None:
        return False
    promised = len(layout.fields) + len(layout.absent)
    return len(layout.fields) >= max(min(2, promised), promised / 2)


def promised(source: Source) -> tuple[str, ...]:
    """Fields whose header every table of the source must have."""
    declared = origins(source.contract).items()
    single = (field for field, origin in declared if origin.kind == "header" and not origin.optional)
    return (*single, *(member(field, 0) for field in families(source.contract)))


def complete(layout: Layout, source: Source, sheet: str | None) -> Layout:
    """The layout itself; raises DeliveryError schema.missing_column where a promised header is absent."""
    if layout.absent:
        raise missing(layout, source, sheet)
    return layout


def promise(source: Source, field: str) -> str:
    """The header that a promised field has, as a person would look for it."""
    origin = origins(source.contract)[field.partition("[")[0]]
    return origin.headers[-1].text if origin.headers else origin.shown


def missing(layout: Layout, source: Source, sheet: str | None) -> DeliveryError:
    """The delivery error that says what changed: every missing header with the unknown one that may stand for it («学时 →
    课时数？»), and the unknown ones.

    Of a row that is hardly a header (`plausible`) nothing is named: it may be a record.
    """
    wanted = list(dict.fromkeys(promise(source, field) for field in layout.absent))
    return unmet(wanted, account(layout, source)["unknown"] if plausible(layout) else (), sheet)


def unmet(wanted: Sequence[str], unknown: Sequence[str], sheet: str | None) -> DeliveryError:
    """The delivery error of headers that are missing among others that nobody knows."""
    meant = _meant(wanted, [text for text in unknown if len(text) <= _LIKELY][:_COMPARED])
    shifted = [f"{text} → {meant[text]}？" if text in meant else text for text in wanted]
    return DeliveryError(
        "schema.missing_column", sheet=sheet or "", missing=few(shifted), unknown=few(unknown) or "—"
    )


def _meant(wanted: Sequence[str], unknown: Sequence[str]) -> dict[str, str]:
    """For each missing header the unknown one that is most like it; no unknown one stands for two."""
    likeness = {
        (text, other): SequenceMatcher(None, text, other).ratio() for text in wanted for other in unknown
    }
    found: dict[str, str] = {}
    for (text, other), ratio in sorted(likeness.items(), key=lambda pair: -pair[1]):
        if ratio >= _LIKE and text not in found and other not in found.values():
            found[text] = other
    return found


def few(texts: Sequence[str]) -> str:
    """The first of many headers."""
    return "，".join(texts[:FEW]) + ("……" if len(texts) > FEW else "")


def account(layout: Layout, source: Source, spoken: Iterable[int] = ()) -> dict[str, tuple[str, ...]]:
    """Every header in exactly one of mapped, ignored, dropped, unknown.

    spoken: columns without a header in which a record has text; they are unknown too.
    """
    ignored, dropped = ({normal(each) for each in known} for known in (source.ignored, source.dropped))
    kinds: dict[str, list[str]] = {"mapped": [], "ignored": [], "dropped": [], "unknown": []}
    label = labels(layout.texts)
    for at, known in called(layout.texts).items():
        if at in layout.fields.values():
            kind = "mapped"
        else:
            kind = "ignored" if known & ignored else "dropped" if known & dropped else "unknown"
        kinds[kind].append(label[at])
    kinds["unknown"] += map(headless, sorted(spoken))
    return {kind: tuple(texts) for kind, texts in kinds.items()}


def headless(at: int) -> str:
    """What a column without a header is called, by its position from 0."""
    return _HEADLESS.format(_letters(at))


def joined(first: HeaderAccount, second: HeaderAccount) -> HeaderAccount:
    """The account of a table that was read in two parts: only of what has no header the second may know more."""
    unknown = dict.fromkeys((*first.unknown, *second.unknown))
    bare = {text for text in unknown if text.startswith(_HEADLESS.partition("{")[0])}
    ordered = (
        *(text for text in unknown if text not in bare),
        *sorted(bare, key=lambda text: (len(text), text)),
    )
    return replace(first, unknown=ordered)


def _letters(at: int) -> str:
    """A column as spreadsheets call it: 0 → A, 26 → AA."""
    above, own = divmod(at, 26)
    return (_letters(above - 1) if above else "") + chr(ord("A") + own)
