"""Rows of a preview: what stands in them, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from etl_core.cli.say import reason
from etl_core.cli.veil import Veil
from etl_core.protocol import Column, Previewed
from etl_core.records import Prepared
from etl_schemas.messages import fields

if TYPE_CHECKING:
    import polars as pl

Values = Mapping[str, object]
Problem = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """One physical row.

    kind      why it is no record (a skip kind), or None
    columns   the columns that are read, for all rows of a batch the same
    cells     text of each cell by header, as it stands in the file
    records   what it becomes; nothing where it has an error
    kinds     which variant each record is of; empty where there are none
    problems  code, column and severity of every failed check
    """

    file: str
    sheet: str | None
    row: int
    kind: str | None = None
    columns: tuple[Column, ...] = ()
    cells: Mapping[str, str | None] | None = None
    records: tuple[Values, ...] = ()
    kinds: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def outcome(self) -> str:
        """What a run would do with it: loaded, quarantined or skipped."""
        if self.kind:
            return "skipped"
        return "quarantined" if any(each["severity"] == "error" for each in self.problems) else "loaded"

    def written(self, veil: Veil) -> dict[str, str | None]:
        """The cells as they may be seen, by header: those that are read, and those of a row that fits no header."""
        known = {column.label: column for column in self.columns}
        return {
            label: cell and veil.cell(known.get(label), label, cell)
            for label, cell in (self.cells or {}).items()
            if label in known or label.isdigit()
        }

    def told(self, veil: Veil) -> dict[str, object]:
        """The row for machines."""
        place = {"file": self.file, "sheet": self.sheet, "row": self.row, "outcome": self.outcome}
        if self.kind:
            return {**place, "kind": self.kind}
        problems = [{**each, "message": reason(str(each["code"]), "both")} for each in self.problems]
        records = [
            {field: _number(veil.value(field, record[field])) for field in fields()}
            for record in self.records
        ]
        return {**place, "cells": self.written(veil), "records": records, "problems": problems}


def rows(seen: Previewed, prepared: Prepared) -> list[Row]:
    """Every row of a batch, in order."""
    records, problems = _grouped(prepared.records), _grouped(prepared.issues)
    found = [
        Row(
            file=one["file"],
            sheet=one["sheet"],
            row=one["row"],
            columns=seen.columns,
            cells=json.loads(one["cells"]),
            records=tuple(records.get(one["row"], ())),
            kinds=tuple(one["kinds"] or ()),
            problems=tuple(problems.get(one["row"], ())),
        )
        for one in seen.cells.iter_rows(named=True)
    ]
    found += [Row(**one) for one in prepared.skips.iter_rows(named=True)]
    return sorted(found, key=lambda row: row.row)


def _grouped(frame: pl.DataFrame) -> dict[int, list[dict[str, object]]]:
    """The lines of a frame by row, without their place."""
    lines: dict[int, list[dict[str, object]]] = {}
    for number, one in zip(
        frame["row"], frame.drop("file", "sheet", "row").iter_rows(named=True), strict=True
    ):
        lines.setdefault(number, []).append(one)
    return lines


def _number(value: object) -> object:
    """Hours, credits and scores as JSON numbers."""
    return float(value) if isinstance(value, Decimal) else value
