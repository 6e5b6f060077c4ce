"""统一表样: the unified contract itself as a form, for agencies that have none of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_unified.contract import Records
from etl_source_unified.normalise import NORMALISE
from etl_source_unified.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; who reports is told by the file's name, and keeps two agencies' records apart."""
    yield Source(
        name="unified",
        agency=Agency("100000", "使用统一表样的单位"),
        title="教师培训记录统一表样",
        contract=Records,
        normalise=NORMALISE,
        key=("reporter", "person", "project_name", "class_name", "start_date", "role", "mode_detail"),
        semantics="append",
        place=place,
        example="教师培训记录_某某区教师进修学校_2024年上半年.xlsx",
        names=(re.compile(r"^教师培训记录_[^_]+_\d{4}年"),),
    )
