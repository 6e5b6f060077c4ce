"""`etl config check` and `etl config schema`."""

from __future__ import annotations

from pathlib import Path

from etl_core import config as configuration
from etl_core.cli import screen, settings
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.say import Lang, title
from etl_core.config.schema import render
from etl_core.keys import Keys


def checked(lang: Lang, file: Path) -> int:
    """Tell every fault of a configuration, or what it comes to; exit code 3 where a plugin or an inbox is missing.

    Raises KeyFileError where there is a key file and it cannot be used; there need not be one before the first run.
    """
    document = configuration.read(file)
    config = configuration.validate(document, file.parent)
    if config.key_file.exists():
        Keys.load(config.key_file, create=False)
    ready = settings.installed(config)
    configuration.check_sources(document, config, settings.known(config, ready))
    screen.line(f"{screen.shown(file)}: {title('fine', lang)}")
    screen.line(f"{title('warehouse', lang)}: {screen.shown(config.warehouse.shown)}")
    screen.line(f"{title('source', lang)}: {', '.join(source.name for source in ready.sources)}")
    if config.pulls:
        screen.line(f"{title('pull', lang)}: {', '.join(config.pulls)}")
    missing = [folder for folder in config.inbox if not folder.is_dir()]
    for folder in missing:
        screen.line(f"{title('no_inbox', lang)}: {screen.shown(folder)}")
    for problem in ready.problems:
        screen.line(
            f"{title('problem', lang)}: {problem.plugin} ({problem.distribution} {problem.version}): {problem.reason}"
        )
    return PARTLY if missing or ready.problems else DONE


def schema(lang: Lang) -> int:
    """Print the JSON Schema of the configuration, the same in every language."""
    screen.page(render())
    return DONE
