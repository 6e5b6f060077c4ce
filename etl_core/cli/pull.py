"""`etl pull`."""

from __future__ import annotations

import shlex
import sys
from difflib import get_close_matches
from pathlib import Path

import click

from etl_core import config as configuration
from etl_core import pulls
from etl_core.cli import fetched, log, screen
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.later import JSON, TABLE
from etl_core.cli.say import Lang, title
from etl_core.cli.watch import Events
from etl_core.config import Config


def pull(lang: Lang, config: Path, name: str | None, shape: str | None) -> int:
    """Fetch what there is and tell it: events as JSON lines for a pipe, a table for a person."""
    chosen = configuration.load(config)
    if name is not None:
        _demand(name, chosen)
    shape = shape or (TABLE if sys.stdout.isatty() else JSON)
    with log.opened(chosen.log) as logger, fetched.Bar() as bar:
        events = fetched.Events(Events(logger, piped=shape == JSON))
        pulled = pulls.pull(chosen, fetched.Meters((events, bar)), name)
    if shape == TABLE:
        fetched.show(pulled, lang)
        _next(pulled, config, lang)
    return PARTLY if any(each.error for each in pulled) else DONE


def _demand(name: str, config: Config) -> None:
    if name not in config.pulls:
        near = get_close_matches(name, config.pulls, n=1)
        hint = f"；是否想写 {near[0]}？｜did you mean {near[0]}?" if near else ""
        raise click.UsageError(f"没有名为 {name} 的拉取｜there is no pull {name}{hint}")


def _next(pulled: tuple[pulls.Pulled, ...], config: Path, lang: Lang) -> None:
    if not pulled:
        screen.line(title("no_pulls", lang))
    elif any(each.landed for each in pulled):
        screen.line(f"{title('next', lang)}: etl run --config {shlex.quote(str(config))} --no-pull")
