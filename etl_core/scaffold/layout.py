"""Python as ruff lays it out, so that a draft is formatted before anybody has touched it: what fits stands in one line."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 110
STEP = "    "


@dataclass(frozen=True, slots=True)
class Group:
    """Something in brackets: `column(` … `)`, `checks=[` … `]`; items are texts or groups."""

    head: str
    items: tuple[str | Group, ...]
    tail: str

    def __str__(self) -> str:
        """All in one line; a tuple of one item keeps its comma."""
        comma = "," if self.head.endswith("=(") and len(self.items) == 1 else ""
        return f"{self.head}{', '.join(map(str, self.items))}{comma}{self.tail}"


def call(name: str, *items: str | Group) -> Group:
    """`name(items)`."""
    return Group(f"{name}(", items, ")")


def listed(name: str, items: Sequence[str]) -> Group:
    """`name=[items]`."""
    return Group(f"{name}=[", tuple(items), "]")


def paired(name: str, items: Sequence[str]) -> Group:
    """`name=(items)`, a tuple."""
    return Group(f"{name}=(", tuple(items), ")")


def quoted(text: str) -> str:
    """A string as Python writes it, in double quotes unless it holds some."""
    escaped = "".join(map(_shown, text.replace("\\", "\\\\")))
    if '"' in escaped and "'" not in escaped:
        return f"'{escaped}'"
    return '"' + escaped.replace('"', '\\"') + '"'


def _shown(char: str) -> str:
    """A character that a line of code can hold: a header comes from a foreign file."""
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def raw(pattern: str) -> str:
    """A pattern as a raw string; whatever could end the string is any character instead."""
    plain = "".join(char if char.isprintable() and char not in "\"'" else "." for char in pattern)
    return f'r"{plain}"'


def laid(lead: str, group: Group, indent: str = "", after: str = "") -> str:
    """`lead` and the group, in one line, else the arguments of a call in one line of their own, else one item a line."""
    one = f"{indent}{lead}{group}{after}"
    if width(one) <= WIDTH:
        return one
    inner = indent + STEP
    middle = inner + ", ".join(map(str, group.items))
    called = group.tail == ")" and group.head[-2:-1].isalnum()
    opening, closing = f"{indent}{lead}{group.head}", f"{indent}{group.tail}{after}"
    if called and width(middle) <= WIDTH:
        return "\n".join([opening, middle, closing])
    lines = [_item(item, inner) for item in group.items]
    return "\n".join([opening, *lines, closing])


def _item(item: str | Group, indent: str) -> str:
    return laid("", item, indent, ",") if isinstance(item, Group) else f"{indent}{item},"


def width(line: str) -> int:
    """Columns of a line: a Chinese character counts for two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
