"""Who reports, which year or part of it, and which version: no word < 更正 < 更正2."""

from __future__ import annotations

import re

from etl_core.records import Place

# Parts of a year in the order in which they end; the whole year comes last.
PARTS = ("上半年", "春季", "下半年", "秋季")
_NAME = re.compile(
    r"^教师培训记录_([^_]+)_(\d{4})年(?:(上半年|下半年|春季|秋季)|(1[0-2]|0?[1-9])月)?(?:_?更正(\d*))?"
)


def place(name: str, above: str) -> Place | None:
    """Reporter, period and version from the file's name («教师培训记录_某某区教师进修学校_2024年上半年_更正2.xlsx»)."""
    told = _NAME.match(name)
    if told is None:
        return None
    reporter, year, half, month, again = told.groups()
    # In twelfths: the first half ends with June, spring in July, the second half and the whole year with December.
    ends = {"上半年": 6, "春季": 7, "下半年": 12, "秋季": 13}.get(half or "", int(month or 14))
    version = 1 if again is None else 1 + int(again or 1)
    period = f"{year}{half or ''}{f'-{int(month):02}' if month else ''}"
    return Place(f"{period}-{version}", (int(year), ends, version), reporter=reporter)
