"""`etl run`."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from etl_core import config as configuration
from etl_core import pipeline, pulls
from etl_core.cli import fetched, log, settings, summary
from etl_core.cli.later import EVERY, JSON, TABLE
from etl_core.cli.say import Lang
from etl_core.cli.watch import Bar, Events, Several
from etl_core.config import Config
from etl_core.pipeline import Report
from etl_core.records import Outcome


def run(
    lang: Lang,
    config: Path,
    *,
    source: str | None,
    dry_run: bool,
    no_pull: bool,
    allow_shrink: str | None,
    wait: float,
    shape: str | None,
) -> int:
    """Fetch and load what is new and tell it: events as JSON lines for a pipe, a summary for a person."""
    document = configuration.read(config)
    chosen = configuration.validate(document, config.parent)
    shape = shape or (TABLE if sys.stdout.isatty() else JSON)
    with log.opened(chosen.log) as logger:
        events = Events(logger, piped=shape == JSON)
        # The names of the sources cost a wait for the child, so they are checked only where one is named at all.
        named = [name for name in (source, allow_shrink) if name not in (None, EVERY)]
        accept = settings.demanding(document, chosen, named) if named or chosen.sources else None
        pull = tuple if no_pull else partial(_pulled, chosen, events)
        asked = partial(
            pipeline.run,
            only=source,
            dry_run=dry_run,
            accept=accept,
            allow_shrink=allow_shrink,
            wait=wait,
            pull=pull,
        )
        report = watched(chosen, events, asked)
    if shape == TABLE:
        fetched.show(report.pulls, lang)
        summary.show(report, config, lang)
    if report.unpublished is not None:
        raise report.unpublished  # which exits.py tells as all that the system refuses
    return report.exit_code


def watched(config: Config, events: Events, run: Callable[..., Report]) -> Report:
    """The run itself, between its first event and its last."""
    started = time.monotonic()
    try:
        with Bar() as bar:
            report = run(config, Several((events, bar)))
    except BaseException as fault:
        # Its kind alone, and only in the log: exits.py says the rest on standard error.
        events.failed(type(fault).__name__)
        raise
    for problem in report.problems:
        events.tell("plugin.refused", "warning", **asdict(problem))
    if report.published is not None and report.published.new:
        events.tell("published", folder=str(report.published.folder), rows=report.published.rows)
    seconds = round(time.monotonic() - started, 3)
    for trouble in report.troubles:
        events.tell("run.untold", "warning", **asdict(trouble))
    events.tell(
        "run.finished", run_id=report.run_id, **totals(report), dry_run=report.dry_run, seconds=seconds
    )
    return report


def _pulled(config: Config, events: Events) -> tuple[pulls.Pulled, ...]:
    """Fetch first; nothing is shown where there is nothing to fetch."""
    if not config.pulls:
        return ()
    with fetched.Bar() as bar:
        return pulls.pull(config, fetched.Meters((fetched.Events(events), bar)))


def totals(report: Report) -> dict[str, Any]:
    """The whole run: how many deliveries ended how, rows by source, and the sums of reasons, skips and warnings."""
    sources = sorted(
        {each.source for each in report.outcomes if each.source and each.result not in summary.QUIET}
    )
    return {
        "exit_code": report.exit_code,
        **({"pulls": dict(Counter(each.result for each in report.pulls))} if report.pulls else {}),
        "deliveries": dict(Counter(each.result for each in report.outcomes)),
        "sources": {
            name: summary.rows(_of(report, name)) | summary.plan(_of(report, name)) for name in sources
        },
        **{kind: summary.summed(report.outcomes, kind) for kind in ("reasons", "skips", "warnings")},
        "asides": [asdict(aside) for each in report.outcomes for aside in each.asides],
    }


def _of(report: Report, source: str) -> list[Outcome]:
    return [each for each in report.outcomes if each.source == source]
