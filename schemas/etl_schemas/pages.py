"""A page of headings, paragraphs and tables, as Markdown and as HTML that needs nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from etl_schemas.style import STYLE


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a level (2, 3 …) with its paragraphs and a table; `code` in backquotes, a line break as «\\n»."""

    heading: str
    level: int = 2
    paragraphs: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def markdown(sections: tuple[Section, ...]) -> str:
    """The sections as Markdown, tables in pipes."""
    return "\n\n".join(part for section in sections for part in _marked(section)) + "\n"


def _marked(section: Section) -> Iterator[str]:
    yield f"{'#' * section.level} {section.heading}"
    yield from section.paragraphs
    if section.head:
        lines = [section.head, ("-",) * len(section.head), *section.rows]
        yield "\n".join("| " + " | ".join(map(_piped, line)) + " |" for line in lines)


def _piped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", "<br>")


def html(title: str, sections: tuple[Section, ...]) -> str:
    """One HTML page: no script, no font, no picture from anywhere; read aloud, on a telephone and on paper alike."""
    links = "".join(
        f'<li><a href="#{_anchor(number)}">{_text(section.heading)}</a></li>'
        for number, section in enumerate(sections)
        if section.level == 2
    )
    body = "\n".join(_drawn(number, section) for number, section in enumerate(sections))
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{STYLE}</style>
</head>
<body>
<a class="skip" href="#main">跳到正文｜Skip to the contents</a>
<header><h1>{_text(title)}</h1></header>
<nav aria-label="目录｜Contents"><ul>{links}</ul></nav>
<main id="main">
{body}
</main>
</body>
</html>
"""


def _anchor(number: int) -> str:
    return f"s{number + 1}"


def _drawn(number: int, section: Section) -> str:
    level = section.level
    parts = [f'<h{level} id="{_anchor(number)}">{_text(section.heading)}</h{level}>']
    parts += [f"<p>{_text(each)}</p>" for each in section.paragraphs]
    if section.head:
        head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in section.head)
        rows = "\n".join(map(_row, section.rows))
        # A table that is wider than the page scrolls by itself, also from the keyboard.
        parts.append(
            f'<div class="wide" role="region" aria-labelledby="{_anchor(number)}" tabindex="0"><table>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
        )
    return "\n".join(parts)


def _row(cells: tuple[str, ...]) -> str:
    first, *rest = cells
    told = "".join(f"<td>{_text(cell)}</td>" for cell in rest)
    return f'<tr><th scope="row">{_text(first)}</th>{told}</tr>'


def _text(words: str) -> str:
    """Text with its code marked; nothing of it is taken for HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words)).replace("\n", "<br>")
