"""国培远程培训平台: what trainees of the national programme learnt online, exported once a year and corrected in January."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_guopei_vendor.contract import Learning
from etl_source_guopei_vendor.normalise import NORMALISE
from etl_source_guopei_vendor.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; 学员编号 is the platform's own key. The second 姓名 is the tutor's (ruling 52)."""
    yield Source(
        name="guopei_vendor",
        agency=Agency("100000", "国培远程培训平台项目部"),
        title="学员学习情况导出",
        contract=Learning,
        normalise=NORMALISE,
        key=("agency_record_id",),
        semantics="append",
        place=place,
        example="中国教师研修平台_国培2024学员学习情况_20241225.xlsx",
        names=(re.compile(r"中国教师研修平台.*国培"),),
        ignored=("姓名#2", "辅导教师单位"),
    )
