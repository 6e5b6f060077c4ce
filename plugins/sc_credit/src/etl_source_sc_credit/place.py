"""Which year a pull reports, and which of its pulls it is: the day in the folder's name."""

from __future__ import annotations

import re
from datetime import date, datetime

from etl_core.records import Place

_YEARS = re.compile(r"(\d{4})[-—–~至](\d{4})")


def place(name: str, above: str) -> Place | None:
    """The year from what the first records say (yearName), the day from «pull_20231008».

    None where the name holds no day, or the records do not agree on one year: a snapshot that took the place of another
    year's would withdraw everybody of that year.
    """
    pulled, years = _day(name), set(_YEARS.findall(above))
    if pulled is None or len(years) != 1:
        return None
    ((first, second),) = years
    slot = f"{first}-{second}年度"
    label = f"{slot}/{pulled:%Y%m%d}"
    return Place(label=label, order=(int(first), int(f"{pulled:%Y%m%d}")), slot=slot, dated=pulled)


def _day(name: str) -> date | None:
    found = re.search(r"pull_(\d{8})", name)
    try:
        return datetime.strptime(found[1], "%Y%m%d").date() if found else None
    except ValueError:
        return None
