"""铜梁区教师进修学校: half-yearly register of teacher training, a sheet for each subject."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_cq_tongliang.contract import Register
from etl_source_cq_tongliang.normalise import NORMALISE
from etl_source_cq_tongliang.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; the key is what the agency says that a 补正 row replaces."""
    yield Source(
        name="cq_tongliang",
        agency=Agency("500151", "铜梁区教师进修学校"),
        title="学科教师培训台账",
        contract=Register,
        normalise=NORMALISE,
        key=("person", "project_name", "start_date"),
        semantics="append",
        place=place,
        example="铜梁区2024年上半年教师培训台账.xls",
        names=(re.compile(r"铜梁区.*教师培训台账"),),
        says=("铜梁",),
        ignored=("序号", "备注"),
    )
