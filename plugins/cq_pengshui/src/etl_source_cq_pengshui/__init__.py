"""彭水苗族土家族自治县教师进修学校: attendance sheets of the art teachers' training, without identity numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_cq_pengshui.contract import Attendance
from etl_source_cq_pengshui.normalise import NORMALISE
from etl_source_cq_pengshui.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; who was there is known by name and school."""
    yield Source(
        name="cq_pengshui",
        agency=Agency("500243", "彭水苗族土家族自治县教师进修学校"),
        title="美术教师培训签到册",
        contract=Attendance,
        normalise=NORMALISE,
        key=("person", "project_name", "start_date"),
        semantics="append",
        place=place,
        example="彭水县2024年中小学美术教师专业能力提升培训签到册.xlsx",
        names=(re.compile(r"彭水.*签到册"),),
        says=("彭水",),
        ignored=("序号",),
    )
