"""What reaches a terminal or a pipe: lines, tables and JSON, in which no foreign text can move the cursor or forge a line."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import click

from etl_core import inbox
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, title

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# What every shell takes for a plain character; shlex would quote Chinese names too.
_BARE = re.compile(r"[\w%+=:,./@-]+")
_UNPLAIN = re.compile(r"[^\x20-\x7e\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]")


def shown(text: object) -> str:
    """A foreign text (file name, header, sheet) fit for a terminal, without any number of a person."""
    return inbox.shown(str(text))


def typed(*parts: object) -> str:
    """A command as a person can type it: only what a shell would misread stands in quotes."""
    words = map(str, parts)
    return shown(" ".join(word if _BARE.fullmatch(word) else shlex.quote(word) for word in words))


def line(text: str = "") -> None:
    """One line on standard output."""
    page(f"{text}\n")


def page(text: str) -> None:
    """A text with its own line ends on standard output. An OSError names it, as others name their file."""
    try:
        click.echo(text, nl=False)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, "标准输出｜standard output") from None


def note(text: str) -> None:
    """One line on standard error, where it is in nobody's way."""
    click.echo(text, err=True)


def dumps(value: Mapping[str, object]) -> str:
    """One line of JSON in readable Chinese; control, direction and broken characters are escaped."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return _UNPLAIN.sub(_escaped, text)


def listing(rows: Iterable[Mapping[str, object]], columns: Sequence[str], shape: str, lang: Lang) -> None:
    """The same rows as a table with headings, or as one JSON object a line."""
    if shape == JSON:
        for row in rows:
            line(dumps({name: row.get(name) for name in columns}))
        return
    heads = [title(name, lang) for name in columns]
    table(heads, ([row.get(name) for name in columns] for row in rows))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as the terminal allows, and with one line a row without a terminal.

    Numbers stand right, null is empty, foreign texts are made harmless.
    """
    from etl_core.cli.layout import laid

    rows = list(rows)
    right = [all(isinstance(row[at], int) for row in rows) for at in range(len(heads))]
    texts = [[cell(value) for value in row] for row in rows]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for each in laid(heads, texts, right, width):
        line(each)


def cell(value: object) -> str:
    """A value as a table shows it."""
    if isinstance(value, list | tuple):
        return "，".join(map(cell, value))
    if isinstance(value, datetime):
        value = value.astimezone()  # people read their own clock; JSON keeps UTC
    return "" if value is None else shown(_plain(value))


def _plain(value: object) -> str:
    """A value as text; an instant to the second and with its zone."""
    return value.isoformat(" ", "seconds") if isinstance(value, datetime) else str(value)


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if unicodedata.category(char) not in _HIDDEN:
        return char
    return json.dumps(char)[1:-1] if char > "\x7f" else f"\\u{ord(char):04x}"
