"""Where a file tells its period (periods), as a look tells it; and the dates of all rows that a title states."""

from __future__ import annotations

import re

import polars as pl

from etl_core import periods
from etl_core.expressions import dates
from etl_core.seen import Period


def period(name: str, above: str) -> Period | None:
    """The period that a name tells, else the title; None where neither does."""
    told = periods.told(name, above)
    if told is None:
        return None
    return Period(periods.kinds(name, above), told.where, told.text, told.label, told.left)


def titled(above: str) -> tuple[str, str]:
    """The label behind which the title states the dates of all rows, and these («研修时间：2023.3.6-7.14»), or nothing twice."""
    found = re.findall(r"((?:研修|培训|活动|学习|起止|举办)(?:起止)?(?:时间|日期))[:：]\s*(\S+)", above)
    for label, text in found:
        span = pl.DataFrame({"text": [text]}).select(dates.span("text").struct.field("start"))
        if span.item() is not None:
            return str(label), str(text)
    return "", ""
