"""Which year of the programme an export reports, and on which day it was made: the later day corrects the earlier one."""

from __future__ import annotations

import re
from datetime import datetime

from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Year and day from the file's name («中国教师研修平台_国培2023学员学习情况_20231225.xlsx»)."""
    told = re.search(r"国培(\d{4}).*?_(\d{8})(?!\d)", name)
    if told is None:
        return None
    year, day = told.groups()
    try:
        dated = datetime.strptime(day, "%Y%m%d").date()
    except ValueError:  # there is no such day
        return None
    return Place(label=f"{year}-{day}", order=(int(day),), dated=dated)
