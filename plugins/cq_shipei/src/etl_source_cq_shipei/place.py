"""Which month a file of the ledger is of: «市培学分_202307.xml», else the month in which it was exported."""

from __future__ import annotations

import re
from datetime import date

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Year and month; the day of the export is the delivery's own date (ruling 42), and tells files of one month apart."""
    exported = _day(above)
    month = re.search(r"市培学分_(\d{4})(0[1-9]|1[0-2])(?!\d)", name)
    if month:
        year, number = int(month[1]), int(month[2])
    elif exported:
        year, number = exported.year, exported.month
    else:
        return None
    return Place(
        label=f"{year}-{number:02}",
        order=(year, number, exported.toordinal() if exported else 0),
        dated=exported,
    )


def _day(above: str) -> date | None:
    """The day of 导出时间 («2023-07-03T10:00:00»)."""
    found = re.search(r"\d{4}-\d{2}-\d{2}(?=T)", above)
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None
