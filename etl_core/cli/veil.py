"""What of a person may be seen on a terminal: never a whole ID number or a phone, and names only where they are asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from etl_core.masking import identity, masked, plain, starred
from etl_core.protocol import Column

_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Veil:
    """How cells and values are shown; `lifted`: with names."""

    lifted: bool = False

    def cell(self, column: Column | None, label: str, text: str) -> str:
        """A cell's text; of a cell that stands under no certain header nobody knows what it is."""
        if column is None:
            return _plain(text) if self.lifted else _HIDDEN
        if "id_number" in column.unified or identity(label):
            return starred(text)
        return self._name(text) if "person_name" in column.unified else _plain(text)

    def value(self, field: str, value: object) -> object:
        """A unified field's value."""
        if not isinstance(value, str):
            return value
        if field == "id_number":
            return starred(value)
        return self._name(value) if field == "person_name" else _plain(value)

    def _name(self, text: str) -> str:
        return _plain(text) if self.lifted else veiled(text)


def veiled(name: str) -> str:
    """A name of which only the first character is told: 张*."""
    bare = name.strip()
    return bare[:1] + re.sub(r"\S", "*", bare[1:])


def _plain(text: str) -> str:
    return plain(masked(text))
