"""Which year a table holds, and which export of it it is: PX2022 < PX2022B < PX2022C."""

from __future__ import annotations

import re

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Year and letter from the file's name («PX2022B.DBF»); the first export has none and counts as A."""
    told = re.search(r"PX(\d{4})([B-Z]?)\.", name.upper())
    if told is None:
        return None
    letter = told[2] or "A"
    return Place(label=f"{told[1]}-{letter}", order=(int(told[1]), ord(letter)), slot=told[1])
