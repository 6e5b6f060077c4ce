"""The code tables that all sources share: plain values of codes/*.csv, read once.

Origin and licence of every table: codes/README.md. Nothing here needs polars, so importing it stays cheap.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType

# Ranks of teacher_title_map.csv. 特级教师 is an honour whose holders are senior teachers (ruling 59).
_RANKS = {
    "正高级": "senior_full",
    "副高级": "senior",
    "中级": "first",
    "初级（助理级）": "second",
    "初级（员级）": "third",
    "": "none",
    "荣誉称号-非职称": "senior",
}
_MOE_LISTS = {"level": "培训类别", "moe_mode": "培训方式"}


@dataclass(frozen=True, slots=True)
class Division:
    """One GB/T 2260 code under one name, from `since` to `until` (both included; None: still in force).

    The history knows years only: such a division is valid from 1 January of its first to 31 December of its
    last year, so in a year of change both the old and the new one are. Later changes are exact to the day.
    """

    code: str
    name: str
    prefecture: str
    province: str
    level: str
    since: date
    until: date | None
    successors: tuple[str, ...] = ()


@cache
def rows(table: str) -> tuple[Mapping[str, str], ...]:
    """Read one table as rows of text by column; an unknown table raises FileNotFoundError."""
    text = (files("etl_schemas") / "codes" / f"{table}.csv").read_text(encoding="utf-8")
    return tuple(MappingProxyType(row) for row in csv.DictReader(text.splitlines()))


@cache
def words(field: str) -> Mapping[str, str]:
    """Map the words of one field to canonical values (as text): words.csv, MOE codes and the table of titles.

    A MOE code stands alone, as its label, and as «10-国家级». The words of one province have the fields
    `level.50` and `level.51` (ruling 51). An unknown field raises LookupError.
    """
    found = {row["word"]: row["value"] for row in rows("words") if row["field"] == field}
    found |= _moe(_MOE_LISTS[field]) if field in _MOE_LISTS else {}
    found |= _titles() if field == "title" else {}
    if not found:
        raise LookupError(f"no words for the field {field}")
    return MappingProxyType(found)


@cache
def subjects(*, upper: bool) -> Mapping[str, str]:
    """Map subject names and aliases to canonical names (subjects.csv, subject_aliases.csv).

    Two aliases depend on the stage (ruling 59): `upper` gives the name above junior secondary school
    (政治 → 思想政治, 信息 → 信息技术), else the one up to it (道德与法治, 信息科技).
    """
    aliases = {row["raw"]: row["canonical"].split("|")[-1 if upper else 0] for row in rows("subject_aliases")}
    return MappingProxyType({row["name"]: row["name"] for row in rows("subjects")} | aliases)


@cache
def providers() -> tuple[str, ...]:
    """Name the known training providers (ruling 61)."""
    return tuple(row["name"] for row in rows("providers"))


@cache
def divisions() -> tuple[Division, ...]:
    """List every division of provinces 50 and 51 since 1981: the history to 2024, then the dated changes."""
    past = [_past(row) for row in rows("divisions_50_51_history_1981_2024")]
    changes = [row for row in rows("division_changes_50_51_2011_2025") if row["day"]]
    ended = {row["code"]: row for row in changes if row["change"] == "removed"}
    codes = {row["name"]: row["code"] for row in changes}
    known = [_ended(division, ended, codes) for division in past]
    return (*known, *(_added(row) for row in changes if row["change"] == "added"))


def _moe(name: str) -> dict[str, str]:
    listed = [row for row in rows("moe_training_codes") if row["list"] == name]
    pairs = [(row["code"], row["label"]) for row in listed]
    return {word: code for code, label in pairs for word in (code, label, f"{code}-{label}")}


def _titles() -> dict[str, str]:
    return {row["raw"]: _RANKS[row["rank"]] for row in rows("teacher_title_map")}


def _past(row: Mapping[str, str]) -> Division:
    """A line of the history; successors with a year in brackets took a part only and are left out."""
    return Division(
        code=row["code"],
        name=row["name"],
        prefecture=row["prefecture"],
        province=row["province"],
        level=row["level"],
        since=date(int(row["valid_from_year"]), 1, 1),
        until=date(int(row["valid_to_year"]), 12, 31) if row["valid_to_year"] else None,
        successors=tuple(re.findall(r"\b(\d{6})(?:;|$)", row["successor_codes"])),
    )


def _ended(division: Division, ended: Mapping[str, Mapping[str, str]], codes: Mapping[str, str]) -> Division:
    if division.until is not None or division.code not in ended:
        return division
    row = ended[division.code]
    heirs = tuple(codes[name] for name in row["counterpart"].split(","))
    return replace(division, until=date.fromisoformat(row["day"]) - timedelta(days=1), successors=heirs)


def _added(row: Mapping[str, str]) -> Division:
    """A division that a dated change made; only Chongqing has had one, whose counties have no prefecture."""
    province = {"50": "重庆市", "51": "四川省"}[row["code"][:2]]
    return Division(row["code"], row["name"], "直辖", province, "县级", date.fromisoformat(row["day"]), None)
