"""Which term a register reports, and which of its versions it is: no word < 更正 < 更正2."""

from __future__ import annotations

import re
from datetime import date

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Term and version from the file's name, else from the title; the register's own date is 填表时间."""
    text = name if re.search(r"\d{4}年(春|秋)", name) else above
    term = re.search(r"(\d{4})年(春|秋)", text)
    if term is None:
        return None
    year, season = int(term[1]), term[2]
    again = re.search(r"更正(\d*)", text)
    version = 1 + int(again[1] or 1) if again else 1
    filled = re.search(r"填表时间[:：]\s*(\d{4})\.(\d{1,2})\.(\d{1,2})", above)
    return Place(
        label=f"{year}{season}-{version}",
        order=(year, 1 if season == "春" else 2, version),
        slot=f"{year}{season}",
        dated=date(int(filled[1]), int(filled[2]), int(filled[3])) if filled else None,
    )
