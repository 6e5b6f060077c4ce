"""`etl runs list`, `etl runs show` and `etl runs compare`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from etl_core import config as configuration
from etl_core.cli import screen, settings
from etl_core.cli.exits import DONE
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, reason, title
from etl_core.cli.summary import CHANGES
from etl_core.night import journal
from etl_schemas.messages import text

SHORT = 8  # characters of a run's number that tell it apart from the others
COLUMNS = (
    "run_id",
    "command",
    "started_at",
    "seconds",
    "exit_code",
    "broken",
    "results",
    "loaded",
    "quarantined",
    *CHANGES,
)
DELIVERY = (
    "file",
    "source",
    "label",
    "result",
    "error",
    "read",
    "loaded",
    "quarantined",
    "skipped",
    *CHANGES,
    "seconds",
)
DIFFERENCE = ("what", "first", "second")
CLOCKS = ("run_id", "started_at", "finished_at", "seconds")

Document = dict[str, Any]
Row = dict[str, object]


def listed(lang: Lang, config: Path, shape: str) -> int:
    """One line for each run, the oldest first."""
    found = known(config)
    screen.listing((_line(each, shape, lang) for each in found), COLUMNS, shape, lang)
    if not found:
        screen.note(title("no_run", lang))
    return DONE


def shown(lang: Lang, run: str, config: Path, shape: str) -> int:
    """One run: its own line, what it ran with, and its deliveries; or the whole record."""
    record = _one(known(config), run)
    if shape == JSON:
        screen.line(json.dumps(record, ensure_ascii=False, indent=1))
        return DONE
    told = {**record, "broken": _ended_by(record, lang)}
    for name in ("run_id", "started_at", "finished_at", "seconds", "exit_code", "broken", "config"):
        screen.line(f"{title(name, lang)}: {screen.shown('' if told[name] is None else told[name])}")
    for name in ("software", "plugins"):
        screen.line(
            f"{title(name, lang)}: {', '.join(f'{key} {value}' for key, value in record[name].items())}"
        )
    screen.line()
    screen.listing(map(_worded(lang), record["deliveries"]), DELIVERY, shape, lang)
    return DONE


def compared(lang: Lang, first: str, second: str, config: Path, shape: str) -> int:
    """What is unlike in two runs, one line each."""
    records = known(config)
    rows = list(differences(_one(records, first), _one(records, second)))
    screen.listing(rows, DIFFERENCE, shape, lang)
    if not rows:
        screen.note(title("same", lang))
    return DONE


def known(config: Path) -> list[Document]:
    """The records of all runs, from the warehouse and from the folder, the oldest first.

    A run whose end was never noted has no record: of it only its beginning is known.
    """
    chosen = configuration.load(config)
    with settings.existing(chosen) as warehouse:
        kept = {line["run_id"]: line["document"] or _unended(line) for line in warehouse.runs()}
    folder = chosen.runs.folder
    for record in journal.kept(folder) if folder else ():
        kept[record["run_id"]] = record
    return sorted(kept.values(), key=lambda one: (one["started_at"], one["run_id"]))


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Row]:
    """The leaves that are unlike, by their path; deliveries by their bytes, since one file can come under two names."""
    one, other = dict(_leaves(_plain(first))), dict(_leaves(_plain(second)))
    for path in dict.fromkeys((*one, *other)):
        if one.get(path) != other.get(path):
            yield {"what": path, "first": one.get(path), "second": other.get(path)}


def _plain(record: Mapping[str, Any]) -> Document:
    deliveries = {each["fingerprint"] or each["file"]: _fate(each) for each in record["deliveries"]}
    kept = {name: value for name, value in record.items() if name not in (*CLOCKS, "deliveries")}
    return {**kept, "deliveries": deliveries}


def _fate(delivery: Mapping[str, Any]) -> Document:
    return {delivery["file"]: {name: delivery[name] for name in ("result", "error", "loaded", "quarantined")}}


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            short = name[:SHORT] if path == "deliveries" else name
            yield from _leaves(inner, f"{path}.{short}" if path else name)
    else:
        yield path, json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def _one(records: list[Document], wanted: str) -> Document:
    """The run of this number. Raises click's usage error for none or several."""
    found = (
        records[-1:] if wanted == "last" else [each for each in records if each["run_id"].startswith(wanted)]
    )
    if len(found) == 1:
        return found[0]
    if found:
        raise click.UsageError(
            f"有几次运行的编号以 {wanted} 开头，请多写几位｜several runs begin with {wanted}, write more of it"
        )
    raise click.UsageError("没有这次运行｜there is no such run; `etl runs list` names them")


def _line(record: Document, shape: str, lang: Lang) -> Row:
    sums = [*record["sources"].values()]
    numbers = {name: sum(each[name] for each in sums) for name in ("loaded", "quarantined", *CHANGES)}
    if shape == JSON:
        return {**record, **numbers}
    results = ", ".join(
        f"{text(f'result.{name}', lang)} {number}" for name, number in record["results"].items()
    )
    began = datetime.fromisoformat(record["started_at"])  # people read their own clock
    command = record["command"] and text(f"command.{record['command']}", lang)
    told = {
        "run_id": record["run_id"][:SHORT],
        "command": command,
        "started_at": began,
        "results": results,
    }
    return {**record, **numbers, **told, "broken": _ended_by(record, lang)}


def _ended_by(record: Document, lang: Lang) -> str | None:
    """What ended a run before its time, in words where there are any for the kind of the error."""
    return record["broken"] and reason(f"broken.{record['broken']}", lang).removeprefix("broken.")


def _worded(lang: Lang) -> Any:
    return lambda one: {**one, "result": text(f"result.{one['result']}", lang)}


def _unended(line: Mapping[str, Any]) -> Document:
    """What is known of a run that was killed, or of one from before there were records."""
    return {
        "run_id": line["run_id"],
        "command": None,
        "started_at": line["started_at"].isoformat("T", "milliseconds").replace("+00:00", "Z"),
        "finished_at": None,
        "seconds": None,
        "exit_code": line["exit_code"],
        "broken": None if line["finished_at"] else "?",
        "config": None,
        "software": {"chuanyu-etl": line["software"].rpartition(" ")[2]},
        "plugins": line["plugins"],
        "results": {},
        "sources": {},
        "deliveries": [],
    }
