"""遂潼教师教育创新实验区: joint activity register, sent by 潼南 and by 遂宁, each its own copy."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_suitong.contract import Activity
from etl_source_suitong.normalise import NORMALISE
from etl_source_suitong.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; who reports is told by the file's name."""
    yield Source(
        name="suitong",
        agency=Agency("500152", "遂潼教师教育创新实验区"),
        title="遂潼活动联合登记表",
        contract=Activity,
        normalise=NORMALISE,
        key=("reporter", "person", "project_name", "start_date", "role", "mode_detail"),
        semantics="append",
        place=place,
        example="潼南区_遂潼活动登记_2024年秋.csv",
        names=(re.compile(r"^(潼南区|遂宁市)_遂潼活动登记"),),
        ignored=("接收单位",),
    )
