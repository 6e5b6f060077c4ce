"""Which half-year a register reports, who reports it, and which version it is: no word < 更正 < 更正2."""

from __future__ import annotations

import re

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Half-year, reporter and version from the file's name («潼南区_遂潼活动登记_2023年秋_更正.csv»)."""
    reporter = re.match(r"(潼南|遂宁)[区市]_", name)
    term = re.search(r"(\d{4})年(春|秋)", name)
    if reporter is None or term is None:
        return None
    year, half = int(term[1]), 1 if term[2] == "春" else 2
    again = re.search(r"更正(\d*)", name)
    version = 1 + int(again[1] or 1) if again else 1
    return Place(label=f"{year}H{half}-{version}", order=(year, half, version), reporter=reporter[1])
