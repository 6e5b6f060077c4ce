"""What 彭水 promises: a mark for each half-day, under two header rows; the year stands in the title."""

from __future__ import annotations

import polars as pl

from etl_core.contract import RawContract, check, column, columns, required, title
from etl_core.expressions import dates
from etl_core.expressions.reading import Reading, part

HALF_DAYS = r"\d+月\d+日/(上午|下午)"
PRESENT = "[√○]"  # 到, and 迟到, which counts as 到
MARKS = "^[√○假缺]$"
MEANINGS = {"√": "到", "○": "迟到，算到", "假": "请假", "缺": "缺勤"}
TITLE = "彭水县2024年中小学美术教师专业能力提升培训签到册"
LATE = 700  # a first day from July on may be followed by days of the next year


def attendance(field: str) -> Reading:
    """Half-days that were attended, all half-days, and the sheet's first and last day (ruling 44)."""
    headers = part(field, "headers")
    days = headers.str.extract_all(r"\d+月\d+日").list.eval(_number(pl.element()))
    turned = days.list.max() - days.list.min() > LATE - 100
    old, new = (
        days.list.eval(pl.element().filter(side)) for side in (pl.element() >= LATE, pl.element() < LATE)
    )
    first = pl.when(turned).then(old.list.min()).otherwise(days.list.min())
    last = pl.when(turned).then(new.list.max()).otherwise(days.list.max())
    span = dates.span(_written(first) + "~" + _written(last), pl.col("year").cast(pl.Int32, strict=False))
    value = pl.struct(
        present=pl.col(field).str.count_matches(PRESENT),
        total=headers.str.count_matches("午"),
        start=span.struct.field("start"),
        end=span.struct.field("end"),
    )
    return Reading(field, value, ("present", "total", "start", "end"), words=MEANINGS)


def _number(day: pl.Expr) -> pl.Expr:
    """10月12日 → 1012."""
    month, of_month = (day.str.extract(rf"(\d+){unit}", 1).cast(pl.Int32) for unit in "月日")
    return month * 100 + of_month


def _written(number: pl.Expr) -> pl.Expr:
    return pl.format("{}月{}日", number // 100, number % 100)


class Attendance(RawContract):
    """One row per person and course."""

    project_name: str = title(
        r"(?m)^\s*(\S.*?)签到册", shown="标题", checks=[required("project_name")], example=TITLE
    )
    year: str = title(r"(\d{4})年", shown="标题", example=TITLE)
    person_name: str = column("姓名", checks=[required("person_name")])
    employer_name: str = column("单位")
    half_days: str = columns(
        HALF_DAYS,
        shown="签到",
        reads=attendance,
        members=("3月12日/上午", "3月12日/下午", "3月13日/上午", "3月13日/下午"),
        checks=[check("code.unknown.result", lambda cell: pl.col(cell).str.contains(MARKS))],
    )
