"""Rows of a file → the same rows with nobody in them. What is not known to be harmless does not stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from etl_core.specimen import persons
from etl_core.specimen.fit import harmless
from etl_core.specimen.rows import Line

# Stands for a text that nobody needs.
HIDDEN = "样"

# Fields whose cells are numbers, dates and words: they stay as they are.
_PLAIN = {
    *("id_type", "sex", "stage", "subject", "title", "level", "mode_detail", "role", "result", "status"),
    *("credit_kind", "score", "hours", "minutes", "credits", "period", "start_date", "end_date"),
    *("half_days", "training_year", "province", "prefecture", "county"),
}

# Texts of the agency's own, which stay but for what could be a person in them.
_TEXTS = {"project_name", "project_code", "class_name", "provider_name"}

_OF_SOMEBODY = re.compile(r"[\u3400-\u9fff]{2,3}(?=(名师|名校长|特级教师|首席)?工作(室|坊))")
_SIGNED = re.compile(
    r"((?:填表|制表|填报|审核|复核|经办|联系|负责|报送|统计|签字|签名|班主任|校长|主任)(?!单位|时间|日期)[^:：\s]{0,6}[:：]\s*)"
    r"[^\s:：]+(?: [^\s:：]{1,2}(?=\s|$))?"
)
_LONG = re.compile(
    r"(?<!\d)(?:\d[ -]?){14,16}\d?[\dXx](?!\d)|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)"
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


@dataclass(slots=True)
class Disguise:
    """Who stands for whom: the same text of a field becomes the same other text."""

    _orders: dict[str, dict[str, int]] = field(default_factory=dict)

    def line(self, line: Line, fields: Sequence[str]) -> Line:
        """A row with its cells disguised. fields: what each column holds, "" where it is not loaded, else a field or «dropped»."""
        if line.kind in ("title", "header"):
            return replace(line, cells=[cell and swept(cell) for cell in line.cells])
        if line.kind in ("signature", "note"):
            return replace(line, cells=[cell and _labelled(cell) for cell in line.cells])
        if line.kind in ("total", "blank"):
            return replace(line, cells=[_counted(cell, at) for at, cell in enumerate(line.cells)])
        if line.kind in ("hidden_sheet", "other_sheet") or line.fault == "row.malformed":
            return replace(line, cells=[cell and HIDDEN for cell in line.cells])
        cells = [cell and self._cell(cell, name) for cell, name in zip(line.cells, fields, strict=False)]
        return replace(line, cells=[*cells, *([None] * (len(line.cells) - len(cells)))])

    def _cell(self, text: str, name: str) -> str | None:
        if not text.strip():
            return text
        if name == "dropped":
            return None
        if name in _PLAIN | _TEXTS:
            return swept(_OF_SOMEBODY.sub("某某", text)) if _stays(text) else HIDDEN
        made = _MADE.get(name)
        return made(text, self._order(name, text)) if made else _harmless(text)

    def _order(self, name: str, text: str) -> int:
        """Which of the texts of a field this is; blanks, case and brackets make no other one."""
        known = self._orders.setdefault(name, {})
        return known.setdefault(re.sub(r"[\s'’]|[（(].*?[)）]", "", text).upper(), len(known))


def _stays(text: str) -> bool:
    """Whether a text of a harmless column is harmless itself: cells of a broken row may stand in each other's places."""
    return harmless(text) or any(char.isdigit() for char in text)


def _certificate(text: str, order: int) -> str:
    return persons.counted(text, order + 1)


_MADE: dict[str, Callable[[str, int], str]] = {
    "person_name": persons.name,
    "id_number": persons.number,
    "employer_name": persons.school,
    "employer_code": _certificate,
    "agency_record_id": _certificate,
    "certificate_no": _certificate,
}


def swept(text: str) -> str:
    """A text without names behind «填表人：», without numbers of telephones and documents, without addresses."""
    return _MAIL.sub("x@example.invalid", _LONG.sub("0000", _SIGNED.sub(r"\1某某", text)))


def _labelled(text: str) -> str:
    """What stands before the colon of a signature or a note."""
    label, colon, rest = re.match(r"([^:：]*)([:：]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{swept(label)}{colon}{'某某' if rest.strip() else rest}" if colon else HIDDEN


def _counted(text: str | None, at: int) -> str | None:
    """A cell of a total: its word and its numbers."""
    if not text or re.fullmatch(r"[\d.,\s人次]+|\s*", text):
        return text
    return text if re.match(r"\s*(合|总|小|累|共|本)", text) else HIDDEN


def _harmless(text: str) -> str:
    """A cell that is not loaded: a short number stays, all else is hidden."""
    return text if re.fullmatch(r"\d{1,4}", text.strip()) else HIDDEN
