"""成都市教科院: training records of an abandoned software, one dBASE table a year (a snapshot per year)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_cd_legacy.contract import History
from etl_source_cd_legacy.normalise import NORMALISE
from etl_source_cd_legacy.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin."""
    yield Source(
        name="cd_legacy",
        agency=Agency("510100", "成都市教科院教师发展所"),
        title="原继教管理软件历史培训数据",
        contract=History,
        normalise=NORMALISE,
        key=("person", "project_name", "start_date", "role", "mode_detail"),
        semantics="snapshot",
        place=place,
        example="PX2024.DBF",
        names=(re.compile(r"PX\d{4}[B-Z]?\.DBF$", re.IGNORECASE),),
        ignored=("CSRQ", "MZM"),
    )
