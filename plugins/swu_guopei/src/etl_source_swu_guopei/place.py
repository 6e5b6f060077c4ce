"""Which year and batch a file reports, and which version it is: batch < its 更正 < 更正2."""

from __future__ import annotations

import re

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Year, batch and version from the file's name («西南大学国培结业数据_2023_第1批_更正.csv»)."""
    batch = re.search(r"_(\d{4})_第(\d+)批", name)
    if batch is None:
        return None
    year, number = int(batch[1]), int(batch[2])
    again = re.search(r"更正(\d*)", name)
    version = 1 + int(again[1] or 1) if again else 1
    label = f"{year}-{number}" if version == 1 else f"{year}-{number}-{version}"
    return Place(label=label, order=(year, number, version))
