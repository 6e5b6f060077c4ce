"""石柱县教师进修学校: showcased lessons, as an online questionnaire exports them (a snapshot per term)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_cq_shizhu.contract import Answers
from etl_source_cq_shizhu.normalise import NORMALISE
from etl_source_cq_shizhu.place import place

etl_api = 1

# One question more, and the number before this one is another: it must not be kept as an unknown column then.
PHONES = ("您的手机号码", *(f"{number}、您的手机号码" for number in range(1, 31)))


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; of several answers of one teacher on one topic the last submitted stands (ruling 12)."""
    yield Source(
        name="cq_shizhu",
        agency=Agency("500240", "石柱县教师进修学校"),
        title="晒课登记（网上问卷）",
        contract=Answers,
        normalise=NORMALISE,
        key=("person", "project_name", "class_name"),
        semantics="snapshot",
        place=place,
        example="236654321_按文本_石柱县2024年春季晒课登记_160_160.xlsx",
        names=(re.compile(r"石柱县.*晒课登记"),),
        ignored=("序号",),
        dropped=("所用时间", "来源", "来源详情", "来自IP", *PHONES),
    )
