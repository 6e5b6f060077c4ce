"""Which year a workbook reports, and which version it is: no word < 补报 < 补报2."""

from __future__ import annotations

import re

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Year and version from the file's name («国内培训导入模板_2023_补报.xlsx»)."""
    year = re.search(r"_(\d{4})(?!\d)", name)
    if year is None:
        return None
    again = re.search(r"补报(\d*)", name)
    version = 1 + int(again[1] or 1) if again else 1
    return Place(label=f"{year[1]}-{version}", order=(int(year[1]), version))
