"""`etl explain`: from a value back to its cell and its rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import polars as pl

from etl_core import again
from etl_core import config as configuration
from etl_core.again import Told
from etl_core.cli import screen
from etl_core.cli.exits import DONE
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, title
from etl_core.masking import identity, starred
from etl_schemas.messages import fields as titles
from etl_schemas.messages import text

HEAD = ("record_id", "source", "delivery_id", "delivered", "label", "file", "sheet", "row", "state", "plugin")
BRIEF = ("field", "value", "header", "cell", "rule")
WHOLE = (*BRIEF, "at", "reading", "checks", "raw_checks", "rulings", "today")

Line = dict[str, Any]


def explain(lang: Lang, record: int, field: str | None, *, config: Path, reveal: bool, shape: str) -> int:
    """Print where the record stands and each of its values (or one) with cell and rule; numbers masked, names too."""
    told = again.explain(configuration.load(config), record)
    if field is not None and field not in titles():
        raise click.UsageError(f"没有这个字段｜there is no field {field}: {', '.join(titles())}")
    lines = [_line(one, told, reveal) for one in _wanted(told, field).iter_rows(named=True)]
    head = {name: told.record[name] or None for name in HEAD} | {
        "plugin": told.record["plugin"],
        "today": told.plugin,
    }
    if shape == JSON:
        screen.line(screen.dumps({"event": "record", **head}))
        for line in lines:
            screen.line(screen.dumps({"event": "field", **line}))
        return DONE
    _shown(head, lines, field, lang)
    return DONE


def _wanted(told: Told, field: str | None) -> pl.DataFrame:
    """The lines of one field, or of all that have a value or a cell."""
    if field is not None:
        return told.lines.filter(field=field)
    return told.lines.filter(
        pl.col("stored").is_not_null() | pl.col("value").is_not_null() | pl.col("cell").is_not_null()
    )


def _line(one: Line, told: Told, reveal: bool) -> Line:
    """A field as people may see it; `today` only where today's plugin reads something else."""
    of_number = one["field"] == "id_number" or identity(one["header"] or "")
    stored = told.record["id_masked"] if one["field"] == "id_number" else one["stored"]
    now = (
        one["value"] and starred(one["value"]) if of_number and one["field"] == "id_number" else one["value"]
    )
    line = {name: one[name] for name in ("field", "header", "rule", "at", "reading", "checks", "raw_checks")}
    line |= {"value": stored, "cell": one["cell"] and starred(one["cell"]) if of_number else one["cell"]}
    line |= {"rulings": one["rulings"], "today": None if now == stored else now or "—"}
    person = told.record["person_name"]
    return (
        line if reveal else {name: _veiled(value, person, one["field"], name) for name, value in line.items()}
    )


def _veiled(value: Any, person: str, field: str, name: str) -> Any:
    """A text without the person's name: only its first character."""
    if not value:
        return value
    if field == "person_name" and name in ("value", "cell", "today"):
        return value[0] + "*" * (len(value) - 1)
    return value.replace(person, person[0] + "*" * (len(person) - 1))


def _shown(head: Line, lines: list[Line], field: str | None, lang: Lang) -> None:
    head = head | {"state": text(f"state.{head['state']}", lang)}
    if head["today"] == head["plugin"]:
        del head["today"]
    for name, value in head.items():
        if value is not None:
            screen.line(f"{title(name, lang)}: {screen.cell(value)}")
    screen.line()
    if field is None:
        changed = any(line["today"] for line in lines)
        columns = (*BRIEF, "rulings", "today") if changed else (*BRIEF, "rulings")
        heads = [title(name, lang) for name in columns]
        screen.table(heads, ([_titled(line, name, lang) for name in columns] for line in lines))
        return
    for line in lines:
        for name in WHOLE:
            if line[name]:
                screen.line(f"{title(name, lang)}: {screen.cell(_titled(line, name, lang))}")
        screen.line()


def _titled(line: Line, name: str, lang: Lang) -> Any:
    return f"{line['field']} {text('field.' + line['field'], lang)}" if name == "field" else line[name]
