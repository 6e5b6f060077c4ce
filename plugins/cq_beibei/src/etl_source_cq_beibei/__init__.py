"""北碚区教师进修学院: hours register of the principals' curriculum-leadership training (a snapshot per term)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_cq_beibei.contract import Register
from etl_source_cq_beibei.normalise import NORMALISE, VARIANTS
from etl_source_cq_beibei.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin."""
    yield Source(
        name="cq_beibei",
        agency=Agency("500109", "北碚区教师进修学院"),
        title="校长“课程领导力”研修学时登记表",
        contract=Register,
        normalise=NORMALISE,
        variants=VARIANTS,
        key=("person", "project_name", "start_date", "role", "mode_detail"),
        semantics="snapshot",
        place=place,
        example="北碚区校长课程领导力研修学时登记表（2024年春季）.xlsx",
        names=(re.compile(r"北碚区.*课程领导力.*登记表"),),
        ignored=("序号", "职务", "备注"),
    )
