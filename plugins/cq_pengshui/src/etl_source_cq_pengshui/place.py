"""Which course a sheet is of, and whether it holds the late signatures (补签): a sheet < its 补签."""

from __future__ import annotations

import re

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Year of the title, first day of the header, version by the file's name."""
    year, first = re.search(r"(\d{4})年", above), re.search(r"(\d+)月(\d+)日", above)
    if year is None or first is None:
        return None
    month, day = int(first[1]), int(first[2])
    version = 2 if "补签" in name else 1
    label = f"{year[1]}-{month:02}-{day:02}-{version}"
    return Place(label=label, order=(int(year[1]), month, day, version))
