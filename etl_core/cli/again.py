"""`etl rebuild`, `etl quarantine replay`, `etl deliveries revoke` and `etl deliveries restore`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from etl_core import again
from etl_core import config as configuration
from etl_core.cli import deliveries, log, screen, settings, summary
from etl_core.cli.exits import DONE
from etl_core.cli.later import JSON, TABLE
from etl_core.cli.run import watched
from etl_core.cli.say import Lang, reason, title
from etl_core.cli.watch import Bar, Events
from etl_core.config import Config
from etl_core.config.url import SQLITE, absolute, masked
from etl_core.pipeline import Report
from etl_core.records import Outcome
from etl_schemas.messages import text

REREAD = ("source", "file", "result", "code", "cured", "stay", "new", "message")


def rebuild(lang: Lang, config: Path, into: str | None, shape: str) -> int:
    """Make an empty warehouse from the archive, and tell it as a run."""
    chosen = configuration.load(config)
    with log.opened(chosen.log) as logger:
        report = watched(
            chosen,
            Events(logger, piped=shape == JSON),
            partial(again.rebuild, into=into),
        )
    if shape == TABLE:
        summary.show(report, config, lang, _elsewhere(chosen, into))
        screen.line(f"{title('rebuilt', lang)}: {len(report.outcomes)}")
    return report.exit_code


def _elsewhere(config: Config, into: str | None) -> str | None:
    """The address as it would have to stand in the configuration, without its password; None where it stands there."""
    if into is None:
        return None
    url = into if "://" in into else f"{SQLITE}{into}"
    if url.startswith(SQLITE):
        url = absolute(url, Path.cwd())
    return None if url == config.warehouse.url.get_secret_value() else masked(url)


def replayed(lang: Lang, config: Path, source: str | None, dry_run: bool, shape: str) -> int:
    """Read again what waits, and tell for each delivery and reason how many rows were cured and how many stay."""
    chosen = configuration.load(config)
    with settings.existing(chosen) as warehouse:
        settings.delivered(chosen, warehouse, source)
    with Bar() as bar:
        told = again.replay(chosen, bar, source, dry_run)
    if dry_run and shape == TABLE:
        screen.line(title("dry_run", lang))
    lines = [line for each in told.report.outcomes for line in _reread(each, shape, lang)]
    screen.listing(lines, REREAD, shape, lang)
    if shape == TABLE:
        counts = [each.again for each in told.report.outcomes if each.again is not None]
        cured, stay = (sum(getattr(each, f"rows_{name}") for each in counts) for name in ("cured", "stay"))
        screen.line(f"{title('total', lang)}: {title('cured', lang)} {cured}, {title('stay', lang)} {stay}")
    for name in told.absent:
        screen.note(f"{title('absent', lang)}: {screen.shown(name)}")
    return told.report.exit_code


def _reread(outcome: Outcome, shape: str, lang: Lang) -> Iterator[dict[str, object]]:
    """A line for each reason of a delivery; one line where it says nothing of rows."""
    result = text(f"result.{outcome.result}", lang) if shape == TABLE else outcome.result
    shared = {"source": outcome.source, "file": outcome.file, "result": result}
    if outcome.error:
        said = f"{reason(outcome.error, lang, outcome.detail)} {title('kept', lang)}"
        yield {**shared, "code": outcome.error, "message": said}
        return
    counts = asdict(outcome.again) if outcome.again else {}
    kinds = ("cured", "stay", "new")
    codes = dict.fromkeys(code for kind in kinds for code in counts.get(kind, {}))
    for code in codes or [None]:
        numbers = {kind: counts.get(kind, {}).get(code, 0) for kind in kinds}
        yield {**shared, "code": code, **numbers, "message": code and reason(code, lang)}


def revoked(lang: Lang, delivery: str, config: Path, yes: bool) -> int:
    """Undo one delivery: say first what that does, and ask; one that is revoked already is told so."""
    chosen = configuration.load(config)
    with settings.existing(chosen) as warehouse:
        number = deliveries.number(warehouse, delivery, former=True)
        line = warehouse.about(number)
    assert line is not None
    left = again.revoke(chosen, number, dry_run=True)
    screen.line(screen.shown(f"{number}: {line['source']} {line['file']} {line['label']}"))
    if left is not None:
        for name in ("gone", "revived"):
            screen.line(f"{title(name, lang)}: {getattr(left, name)}")
        _confirmed(yes)
    again.revoke(chosen, number)
    screen.line(f"{text('result.revoked', lang)}: {number}")
    return DONE


def _confirmed(yes: bool) -> None:
    """Ask a person; whoever cannot be asked has to say so beforehand."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("没有终端可以确认，请加 --yes｜nobody can be asked here: add --yes")
    click.confirm("确定撤销？｜revoke it?", abort=True)


def restored(lang: Lang, delivery: str, config: Path) -> int:
    """Load a revoked delivery once more, and tell it as a run."""
    chosen = configuration.load(config)
    with settings.existing(chosen) as warehouse:
        number = deliveries.number(warehouse, delivery, former=True)
    with Bar() as bar:
        report: Report | None = again.restore(chosen, number, bar)
    if report is None:
        screen.line(title("lifted", lang))
        return DONE
    summary.show(report, config, lang)
    return report.exit_code
