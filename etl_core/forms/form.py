"""A source's form: every column with what people must know of it, every word and example tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

from etl_core import preview
from etl_core.contract import Header, origins, readings
from etl_core.forms import words
from etl_core.forms.examples import examples
from etl_core.forms.sheet import Sheet, Slot, sheet
from etl_core.forms.trial import Row, Trial
from etl_core.source import Source
from etl_core.validate import rules
from etl_schemas.messages import fields

SHEETS = 3  # of the sheets whose name is data a form has so many, to be copied


@dataclass(frozen=True, slots=True)
class Field:
    """What people must know of one column, or of what stands in a title, a sheet's name or the file's name.

    header    as it is spelt today; where there is no column, the place that a reason names
    kind      contract.Origin.kind
    spellings all headers under which it is found, with the dates between which they are used
    required  whether an otherwise faultless row without it is told to fill it in; optional: whether the column itself may be missing
    words     what may be chosen, and what it means; strict: whether nothing else may be written
    codes     reasons for which it is refused or remarked upon
    unified   fields of a training record that are made of it
    parts     what is read of its text («day», «start», «hours» …)
    """

    field: str
    header: str
    kind: str
    spellings: tuple[Header, ...]
    required: bool
    optional: bool
    words: Mapping[str, str]
    strict: bool
    codes: tuple[str, ...]
    unified: tuple[str, ...]
    parts: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Form:
    """A source's form. `file` is how a filled-in one should be called, `row` a faultless one by Slot.field, `tabs` the names of its sheets."""

    source: Source
    file: str
    sheet: Sheet
    tabs: tuple[str, ...]
    fields: Mapping[str, Field]
    row: Row


def form(source: Source, on: date) -> Form:
    """The form of a source as it is used at a date."""
    known, page = _known(source), sheet(source, on)
    tabs = tuple(
        group[0]
        for name, origin in origins(source.contract).items()
        if origin.kind == "sheet"
        for group in known.groups[name][:SHEETS]
    )
    file = f"{PurePath(source.example).stem or source.name}.xlsx"
    trial = Trial(source, page, file, on, tabs[0] if tabs else None)
    first = {name: [group[0] for group in some] for name, some in known.groups.items()}
    row = examples(page.slots, known.codes, known.unified, first, trial)
    return Form(source, file, page, tabs, _fields(source, known, trial, row), row)


def _fields(source: Source, known: _Known, trial: Trial, row: Row) -> dict[str, Field]:
    """Every field of the contract; what its column takes and whether it may be empty is tried on a faultless row."""
    slots = {slot.name: slot for slot in reversed(trial.sheet.slots) if slot.name}
    tried = _tried(slots, known, trial, row)
    found = {}
    for name, origin in origins(source.contract).items():
        slot, groups, own = slots.get(name), known.groups[name], known.own.get(name, {})
        chosen = _choices(groups, tried.taken[name]) if slot and not own else [each[0] for each in groups]
        duty = name in tried.needed if slot else any(map(_demands, known.codes[name]))
        cell = row.get(slot.field, "") if slot else ""
        found[name] = Field(
            field=name,
            header=slot.header if slot and origin.kind == "header" else origin.shown,
            kind=origin.kind,
            spellings=origin.headers,
            required=duty,
            optional=origin.optional,
            words={word: words.meaning(own.get(word, word), known.unified[name]) for word in chosen},
            strict=any(code.startswith("code.unknown.") for code in known.codes[name]),
            codes=known.codes[name],
            unified=known.unified[name],
            parts=known.parts.get(name, ()),
            example=origin.example or cell,
        )
    return found


def _demands(code: str) -> bool:
    return code.startswith("required.")


@dataclass(frozen=True, slots=True)
class _Known:
    """What the contract says of each field before anything is tried."""

    codes: Mapping[str, tuple[str, ...]]
    unified: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[str, ...]]
    own: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, Sequence[tuple[str, ...]]]


def _known(source: Source) -> _Known:
    own, codes = words.own(source), _codes(source)
    groups = {
        name: [(word,) for word in own[name]] if name in own else list(words.shared(some))
        for name, some in codes.items()
    }
    parts = {each.field: each.parts for each in readings(source.contract)}
    return _Known(codes, _unified(source), parts, own, groups)


def _codes(source: Source) -> dict[str, tuple[str, ...]]:
    """Every reason that a field can be given, in the order of its checks."""
    contract: Any = source.contract  # pyright holds a pandera model for unhashable
    found: dict[str, list[str]] = {name: [] for name in origins(source.contract)}
    for rule in rules(contract):
        found[rule.field].append(rule.code)
    return {name: tuple(dict.fromkeys(some)) for name, some in found.items()}


def _unified(source: Source) -> dict[str, tuple[str, ...]]:
    """The fields of a training record that are made of each of the contract's."""
    found: dict[str, list[str]] = {name: [] for name in origins(source.contract)}
    for given in (source.normalise, *(variant.fields for variant in source.variants)):
        for name, some in preview.made(given).items():
            found[name] += some
    return {name: tuple(each for each in fields() if each in some) for name, some in found.items()}


@dataclass(frozen=True, slots=True)
class _Tried:
    """By field: the words that its column takes; and the fields that an otherwise faultless row is told to fill in."""

    taken: Mapping[str, set[str]]
    needed: set[str]


def _tried(slots: Mapping[str, Slot], known: _Known, trial: Trial, row: Row) -> _Tried:
    """Every word of the shared lists, and every cell left empty, each in a row of its own: all at once, for a trial takes its time."""
    offered = [
        (slot, word)
        for name, slot in slots.items()
        for group in known.groups[name]
        for word in group
        if name not in known.own
    ]
    filled = [(slot, "") for slot in trial.sheet.slots if slot.field in row]
    faults = trial.faults([{**row, slot.field: word} for slot, word in (*offered, *filled)])
    taken: dict[str, set[str]] = {name: set() for name in slots}
    needed = set()
    for (slot, word), found in zip((*offered, *filled), faults, strict=True):
        if not word:
            needed |= {slot.name} if any(_demands(fault.code) for fault in found) else set()
        elif not any(fault.column == slot.header and words.unknown(fault.code) for fault in found):
            taken[slot.name].add(word)
    return _Tried(taken, needed)


def _choices(groups: Sequence[Sequence[str]], taken: set[str]) -> list[str]:
    """Of several words that say the same the first one that is taken.

    None at all where most are refused: what is right depends on another column then.
    """
    chosen = [next(word for word in group if word in taken) for group in groups if taken & set(group)]
    return chosen if len(chosen) * 2 > len(groups) else []
