"""`etl schema template` and `etl schema dictionary`: what is promised, as files for people."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from etl_core import forms
from etl_core.cli import screen
from etl_core.cli.exits import DONE
from etl_core.cli.export import owned
from etl_core.cli.plugins import named
from etl_core.cli.say import Lang, title
from etl_core.discovery import discover
from etl_core.forms import Form
from etl_schemas.dictionary import sections
from etl_schemas.pages import html, markdown

TITLE = "数据字典｜Data dictionary"


def template(lang: Lang, source: str, out: Path | None, force: bool) -> int:
    """Write the form of a source as a workbook, under a name by which it is recognised when it comes back."""
    form = _form(source)
    path = out or Path(form.file)
    if path.exists() and not force:
        raise click.ClickException(
            f"{path} 已存在，没有改动：用 --out 写到别处，--force 会覆盖它｜it exists and was left alone: --out writes elsewhere, --force replaces it"
        )
    with owned(path) as file:
        forms.write(form, file, lang)
    screen.line(f"{title('written', lang)}: {screen.shown(path)}")
    if path.name != form.file:
        screen.line(f"{title('send_as', lang)}: {screen.shown(form.file)}")
        return DONE
    screen.line(f"{title('next', lang)}: {screen.typed('etl', 'check', path)}")
    return DONE


def dictionary(lang: Lang, source: str | None, shape: str, out: Path | None) -> int:
    """Print or write the dictionary of the unified contract, or of one source."""
    form = _form(source) if source else None
    heading = f"{form.source.title} · {TITLE}" if form else TITLE
    told = forms.described(form) if form else sections()
    page = html(heading, told) if shape == "html" else f"# {heading}\n\n{markdown(told)}"
    if out is None:
        screen.page(page)
        return DONE
    with owned(out) as file:
        file.write(page.encode())
    screen.line(f"{title('written', lang)}: {screen.shown(out)}")
    return DONE


def _form(name: str) -> Form:
    return forms.form(named(discover(), name).source, date.today())
