"""A whole source plugin that no agency sends: the tests' own, installed as a file by fakes.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import polars as pl

from etl_core.contract import RawContract, check, column, dated, houred, identified, required, starting
from etl_core.expressions import names, reading
from etl_core.expressions.reading import part
from etl_core.hookspecs import hookimpl
from etl_core.records import Agency, Place
from etl_core.source import Source

etl_api = 1

NAME = "made_up"
HEADERS = ("姓名", "证件号", "单位", "项目", "日期", "学时", "备注")


class Sheet(RawContract):
    """One row per person and project."""

    person_name: str = column("姓名", "教师姓名", checks=[required("person_name")])
    id_number: str = column("证件号", reads=reading.number, checks=[required("id_number"), *identified()])
    employer_name: str = column(
        "单位", checks=[check("provider.unknown", lambda cell: pl.col(cell) != "无名学校")]
    )
    project_name: str = column("项目", checks=[required("project_name")])
    start_date: str = column("日期", reads=reading.day, checks=[dated("start_date"), *starting()])
    hours: str = column("学时", reads=reading.hours, checks=[required("hours"), *houred()])


NORMALISE: dict[str, pl.Expr] = {
    "person_name": names.person_name("person_name"),
    "id_type": pl.lit("resident_id"),
    "id_number": part("id_number", "number"),
    "employer_name": pl.col("employer_name"),
    "project_name": pl.col("project_name"),
    "level": pl.lit(40),
    "mode_detail": pl.lit("face_to_face"),
    "role": pl.lit("trainee"),
    "start_date": part("start_date", "day"),
    "end_date": part("start_date", "day"),
    "date_precision": pl.lit("day"),
    "hours": part("hours", "hours"),
    "hours_basis": part("hours", "basis"),
    "result": pl.lit("passed"),
    "status": pl.lit("recognised"),
}


def place(name: str, above: str) -> Place | None:
    """The year in the name of the file, and its version («made_up_2023_2.csv»)."""
    found = re.search(r"_(\d{4})(?:_(\d+))?", name)
    return Place(found[0][1:], (int(found[1]), int(found[2] or 1))) if found else None


def source(**changes: Any) -> Source:
    """The source, with some of its attributes otherwise."""
    usual: dict[str, Any] = {
        "name": NAME,
        "agency": Agency("500199", "某进修学院"),
        "title": "登记表",
        "contract": Sheet,
        "normalise": NORMALISE,
        "key": ("person", "project_name", "start_date"),
        "semantics": "append",
        "place": place,
        "names": (re.compile(f"^{NAME}_"),),
        "ignored": ("备注",),
    }
    return Source(**{**usual, **changes})


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin."""
    return [source()]
