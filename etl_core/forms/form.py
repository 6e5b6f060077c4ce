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
    required  whether a row without it is refused; optional: whether the column itself may be missing
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
    needed = _needed(trial.sheet, row, trial)
    found = {}
    for name, origin in origins(source.contract).items():
        slot, groups, own = slots.get(name), known.groups[name], known.own.get(name, {})
        chosen = _choices(slot, groups, row, trial) if slot else [group[0] for group in groups]
        cell = row.get(slot.field, "") if slot else ""
        found[name] = Field(
            field=name,
            header=slot.header if slot and origin.kind == "header" else origin.shown,
            kind=origin.kind,
            spellings=origin.headers,
            required=name in needed
            if slot
            else any(code.startswith("required.") for code in known.codes[name]),
            optional=origin.optional,
            words={word: words.meaning(own.get(word, word), known.unified[name]) for word in chosen},
            strict=any(code.startswith("code.unknown.") for code in known.codes[name]),
            codes=known.codes[name],
            unified=known.unified[name],
            parts=known.parts.get(name, ()),
            example=origin.example or cell,
        )
    return found


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


def _choices(slot: Slot, groups: Sequence[Sequence[str]], row: Row, trial: Trial) -> list[str]:
    """The words that the column really takes; of several that say the same the first one.

    None at all where most are refused: what is right depends on another column then.
    """
    tried = [word for group in groups for word in group]
    faults = trial.faults([{**row, slot.field: word} for word in tried])
    good = {
        word
        for word, found in zip(tried, faults, strict=True)
        if not any(fault.column == slot.header and words.unknown(fault.code) for fault in found)
    }
    chosen = [next(word for word in group if word in good) for group in groups if good & set(group)]
    return chosen if len(chosen) * 2 > len(groups) else []


def _needed(page: Sheet, row: Row, trial: Trial) -> set[str]:
    """Fields without which an otherwise faultless row is refused."""
    slots = [slot for slot in page.slots if slot.field in row]
    faults = trial.faults([{**row, slot.field: ""} for slot in slots])
    return {
        slot.name
        for slot, found in zip(slots, faults, strict=True)
        if any(fault.severity == "error" for fault in found)
    }
