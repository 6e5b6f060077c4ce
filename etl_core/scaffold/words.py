"""codes.csv of a plugin: every word of its coded columns; those that the shared tables know have their value already."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from etl_core.scaffold.plan import Plan, labelled
from etl_schemas import tables

# Full-width ASCII, as it is folded when words are looked up.
_HALF = {code + 0xFEE0: code for code in range(0x21, 0x7F)}

HEAD = ("field", "word", "value", "note")
OPEN = "待定，可填｜open: {values}"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a coded column; `value` is "" where no table knows it."""

    field: str
    word: str
    value: str
    header: str


def words(plan: Plan) -> Iterator[Word]:
    """Every word of every coded column, in the order of the columns."""
    for column in plan.seen.columns:
        if column.coded:
            field = "mode" if column.coded == "mode_detail" and column.form == "moe" else column.coded
            table = {folded(word): value for word, value in _table(field, plan.province).items()}
            seen: set[str] = set()
            for word in column.words:
                if folded(word) not in seen:
                    seen.add(folded(word))
                    yield Word(field, word, table.get(folded(word), ""), column.header)


def _table(field: str, province: str) -> Mapping[str, str]:
    """The words of a field; «市级» by the province of the agency (ruling 51)."""
    known = dict(tables.words("moe_mode" if field == "mode" else field))
    own = {f"level.{province}"} & {"level.50", "level.51"} if field == "level" else set()
    return known | {word: value for name in own for word, value in tables.words(name).items()}


def folded(word: str) -> str:
    """A word as it is looked up (expressions.text.key): half-width, without blanks, upper case, «10.0» as «10»."""
    plain = re.sub(r"\s", "", word.translate(_HALF)).upper()
    return re.sub(r"^([0-9]+)\.0+$", r"\1", re.sub("[—–―‐‑−]+", "-", plain))


def written(plan: Plan) -> str:
    """The file."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEAD)
    for each in words(plan):
        note = "" if each.value else f"；{OPEN.format(values=labelled(each.field))}"
        table.writerow((each.field, each.word, each.value, each.header + note))
    return out.getvalue()
