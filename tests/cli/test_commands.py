from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from etl_core.cli import main
from tests.cli.program import etl, here

HEAVY = (
    "polars",
    "pandera",
    "sqlalchemy",
    "alembic",
    "pydantic",
    "structlog",
    "rich",
    "cryptography",
    "httpx",
    "fsspec",
)


def tree(
    group: click.Group = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from tree(command, (*path, name))


ALL = [()] + [path for path, _ in tree()]
BODIES = [command.callback.__doc__ for _, command in tree() if not isinstance(command, click.Group)]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_speaks_chinese_first_then_english(path):
    shown = here(*path, "--help")
    assert shown.exit_code == 0
    said = [line.strip() for line in shown.output.splitlines()[2:] if line.strip()]
    assert any("\u4e00" <= char <= "\u9fff" for char in said[0])
    assert any(line.isascii() for line in said[1:])


@pytest.mark.parametrize("target", BODIES)
def test_every_command_has_its_body(target):
    module, _, function = target.partition(":")
    assert callable(getattr(import_module(f"etl_core.cli.{module}"), function))


def test_no_help_imports_anything_heavy():
    code = f"""
import sys
from etl_core.cli import main
for path in {ALL!r}:
    try:
        main([*path, "--help"])
    except SystemExit as end:
        assert end.code == 0, path
sys.stderr.write(",".join(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.count("Usage:") == len(ALL)


def test_the_version_is_told():
    assert etl("--version").stdout.startswith("chuanyu-etl ")


@pytest.mark.parametrize(("lang", "word"), [("zh", "来源"), ("en", "source"), ("both", "来源｜source")])
def test_headings_are_in_the_language_of_the_option_and_of_the_environment(lang, word):
    assert here("--lang", lang, "plugins", "list").output.split()[0] == word


def test_the_environment_chooses_the_language():
    assert etl("plugins", "list", ETL_LANG="en").stdout.split()[0] == "source"
