"""全国教师管理信息系统: import template «国内培训», one workbook per county and year."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_moe_template.contract import Import
from etl_source_moe_template.normalise import NORMALISE
from etl_source_moe_template.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin: one record per person, year and project."""
    yield Source(
        name="moe_template",
        agency=Agency("510000", "区县教师发展机构"),
        title="“国内培训”导入表",
        contract=Import,
        normalise=NORMALISE,
        key=("person", "training_year", "project_name"),
        semantics="append",
        place=place,
        example="国内培训导入模板_2024.xlsx",
        names=(re.compile(r"国内培训导入模板"),),
        ignored=("错误信息",),
    )
