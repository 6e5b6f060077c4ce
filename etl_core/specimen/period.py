"""Where a file tells its period: in its name («2023年上半年», «_202307»), else in the title above the table."""

from __future__ import annotations

import re

import polars as pl

from etl_core.expressions import dates
from etl_core.seen import Period

# The first that fits is believed: the more is said, the earlier it stands.
KINDS = {
    "half": r"(?<!\d)(20\d{2})年?(上|下)半年",
    "season": r"(?<!\d)(20\d{2})年?(春|秋)季?",
    "batch": r"(?<!\d)(20\d{2})(?!\d).*?第(\d+)[批期]",
    "day": r"(?<!\d)(20\d{2})[-.年]?(0[1-9]|1[0-2])[-.月]?(0[1-9]|[12]\d|3[01])(?!\d)",
    "month": r"(?<!\d)(20\d{2})(?:年|[-.])?(0[1-9]|1[0-2])(?!\d)",
    "school_year": r"(?<!\d)(20\d{2})[-—–~至](20\d{2})(?!\d)",
    "year": r"(?<!\d)(20\d{2})(?!\d)",
}

# What stands in the name of a file that corrects an earlier one (ruling 75).
AGAIN = r"(?:更正|补正|补报|补签|补充|修订|修正|订正)(\d*)"


def period(name: str, above: str) -> Period | None:
    """The kind of period that a name tells, else the title; None where neither does."""
    for where, text in (("name", name), ("title", above)):
        for kind, pattern in KINDS.items():
            if found := re.search(pattern, text):
                return Period(kind, "name" if where == "name" else "title", found[0])
    return None


def titled(above: str) -> tuple[str, str]:
    """The label behind which the title states the dates of all rows, and these («研修时间：2023.3.6-7.14»), or nothing twice."""
    found = re.findall(r"((?:研修|培训|活动|学习|起止|举办)(?:起止)?(?:时间|日期))[:：]\s*(\S+)", above)
    for label, text in found:
        span = pl.DataFrame({"text": [text]}).select(dates.span("text").struct.field("start"))
        if span.item() is not None:
            return str(label), str(text)
    return "", ""
