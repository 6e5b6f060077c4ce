"""Which term an export holds, and how many answers: of two exports of a questionnaire the larger one is the later."""

from __future__ import annotations

import re

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Term and number of answers from the file's name («236654321_按文本_石柱县2023年春季晒课登记_160_160.xlsx»)."""
    told = re.search(r"(\d{4})年([春秋])季.*_(\d+)\.", name)
    if told is None:
        return None
    year, season, answers = int(told[1]), told[2], int(told[3])
    slot = f"{year}{season}"
    return Place(f"{slot}-{answers:04}", (year, 1 if season == "春" else 2, answers), slot)
