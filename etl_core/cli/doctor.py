"""`etl doctor`: what a night needs, looked at beforehand; what is missing is named with what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from etl_core import config as configuration
from etl_core.cli import checks, screen
from etl_core.cli.exits import DONE, PARTLY, USAGE
from etl_core.cli.finding import FAIL, OK, WARN, Check, Finding
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, spoken, title
from etl_core.errors import ConfigError, EtlError, WarehouseError

COLUMNS = ("check", "state", "message", "advice")
CODES = {OK: DONE, WARN: PARTLY, FAIL: USAGE}


def examined(lang: Lang, config: Path, shape: str) -> int:
    """Look at everything; the exit code is that of the worst finding."""
    findings = list(findings_of(config))
    rows = [{**asdict(each), **_spoken(each, lang)} for each in findings]
    if shape != JSON:
        words = {OK: "✓", WARN: "!", FAIL: "✗"}
        rows = [{**row, "state": f"{words[row['state']]} {row['state']}"} for row in rows]
    screen.listing(rows, COLUMNS, shape, lang)
    worst = max(findings, key=lambda each: (OK, WARN, FAIL).index(each.state))
    if shape != JSON:
        screen.line(f"{title('doctor', lang)}: {title(f'doctor_{worst.state}', lang)}")
    return CODES[worst.state]


def _spoken(finding: Finding, lang: Lang) -> dict[str, str]:
    return {name: spoken(getattr(finding, name), lang) for name in ("message", "advice")}


def findings_of(path: Path) -> Iterator[Finding]:
    """Every finding; where the configuration cannot be used there is nothing else to look at."""
    try:
        document = configuration.read(path)
        config = configuration.validate(document, path.parent)
    except ConfigError as fault:
        for problem in fault.problems:
            where = f"{problem.line}:{problem.column}"
            yield Finding("config", FAIL, problem.message, f"请改第 {where} 处｜mend {path.name}:{where}")
        return
    yield Finding("config", OK, str(path))
    for name, look in checks.every(document, config):
        yield from _guarded(name, look)


def _guarded(name: str, look: Check) -> Iterator[Finding]:
    """A check that comes to an error of ours has found what is wrong."""
    try:
        yield from look()
    except ConfigError as fault:
        yield from (Finding(name, FAIL, str(problem)) for problem in fault.problems)
    except WarehouseError as fault:
        yield Finding(name, FAIL, fault.message, fault.advice)
    except EtlError as fault:
        yield Finding(name, FAIL, str(fault))
    except OSError as fault:
        told = f"{fault.filename}: {os.strerror(fault.errno or 0)}"
        yield Finding(name, FAIL, told, "核对路径和权限｜check path and rights")
