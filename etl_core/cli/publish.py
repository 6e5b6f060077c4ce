"""`etl publish`."""

from __future__ import annotations

from pathlib import Path

import click

from etl_core import config as configuration
from etl_core import publish as publishing
from etl_core.cli import screen, settings
from etl_core.cli.exits import DONE
from etl_core.cli.later import TABLE
from etl_core.cli.say import Lang, title


def publish(lang: Lang, config: Path, shape: str) -> int:
    """Swap in a snapshot unless the current one says the same; tell its files and their rows."""
    chosen = configuration.load(config)
    if chosen.publish is None:
        raise click.UsageError(
            f"{config}: 配置里没有 publish，写上 publish.folder 才能发布"
            "｜the configuration has no section publish; name a publish.folder"
        )
    with settings.existing(chosen) as warehouse, warehouse.lock():
        published = publishing.publish(warehouse, chosen.publish, anew=True)
    rows = [{"file": name, "rows": number} for name, number in published.rows.items()]
    screen.listing(rows, ("file", "rows"), shape, lang)
    said = title("published" if published.new else "published_before", lang)
    tell = screen.line if shape == TABLE else screen.note
    tell(f"{said}: {screen.shown(str(published.folder))}")
    return DONE
