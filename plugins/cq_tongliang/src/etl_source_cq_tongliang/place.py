"""Which half-year a register reports, and which of its versions it is: no word < 补正 < 补正2."""

from __future__ import annotations

import re

from etl_core.records import Place

_HALF = re.compile(r"(\d{4})年(上|下)半年")


def place(name: str, above: str) -> Place | None:
    """Half-year and version from the file's name, else from the title of the first sheet."""
    text = name if _HALF.search(name) else above
    half = _HALF.search(text)
    if half is None:
        return None
    year, number = int(half[1]), 1 if half[2] == "上" else 2
    again = re.search(r"补正(\d*)", text)
    version = 1 + int(again[1] or 1) if again else 1
    term = f"{year}H{number}"
    return Place(label=f"{term}-{version}", order=(year, number, version), slot=term)
