"""From the options of a command to what it works with: a configuration, a child's greeting, an open warehouse."""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl_core import config as configuration
from etl_core.config import Config, Document
from etl_core.keys import Keys
from etl_core.protocol import Hello, Ready
from etl_core.supervisor import Supervisor

if TYPE_CHECKING:
    from etl_core.warehouse import Warehouse

# Limits of the child for a command that was given no configuration; the same as the configuration's own defaults.
UNBOUND = configuration.Limits()


def hello(config: Config) -> Hello:
    """What a child is told at its start."""
    return Hello(config.limits.memory_mb, config.plugins.allow, config.plugins.deny)


def reading(path: Path | None) -> tuple[Hello, float]:
    """Greeting and time limit (seconds) of the child, by a configuration or by the defaults."""
    if path is None:
        return Hello(UNBOUND.memory_mb), UNBOUND.seconds
    config = configuration.load(path)
    return hello(config), config.limits.seconds


def existing(config: Config, sealed: bool = False) -> Warehouse:
    """The warehouse, which must be there, for questions: nothing is written, and an older one is refused.

    sealed: whether refused rows are to be opened with the key.
    """
    from etl_core.warehouse import Warehouse  # a command that starts a child imports this beside it

    keys = Keys.load(config.key_file, create=False) if sealed else None
    return Warehouse.open(config.warehouse.url.get_secret_value(), keys, create=False, migrate=False)


def installed(config: Config) -> Ready:
    """The sources and broken plugins as a child finds them; plugins are imported nowhere else."""
    with Supervisor(hello(config), config.limits.seconds) as supervisor:
        return supervisor.ready()


def known(config: Config, ready: Ready) -> set[str]:
    """Every name that a source may be called by in the settings, broken and denied plugins included."""
    names = {source.name for source in ready.sources} | {problem.plugin for problem in ready.problems}
    return names | set(config.plugins.deny)


def demanding(document: Document, config: Config, wanted: Collection[str]) -> Callable[[Ready], None]:
    """What refuses a misspelt source before anything is read: ConfigError, or click's usage error for one that was typed."""

    def demand(ready: Ready) -> None:
        names = known(config, ready)
        configuration.check_sources(document, config, names)
        for only in (name for name in wanted if name not in names):
            raise strange(only, names)

    return demand


def delivered(config: Config, warehouse: Warehouse, source: str | None) -> None:
    """Refuse a source that never delivered and is not installed either, as `strange` says it."""
    if source is None:
        return
    seen = {*warehouse.deliveries()["source"], *warehouse.formers()["source"]}
    if source in seen:
        return
    names = seen | known(config, installed(config))
    if source not in names:
        raise strange(source, names)


def strange(name: str, names: Collection[str]) -> click.UsageError:
    """That there is no source of that name, with the nearest that there is."""
    near = get_close_matches(name, [each for each in names if each], n=1)
    zh, en = (f"；是否想写 {near[0]}？", f"; did you mean {near[0]}?") if near else ("", "")
    return click.UsageError(f"没有名为 {name} 的来源{zh}｜there is no source {name}{en}")
