"""西南大学: completion data of the national training programme 国培计划, batch by batch."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_swu_guopei.contract import Completion
from etl_source_swu_guopei.normalise import NORMALISE
from etl_source_swu_guopei.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; 学号 is the agency's own key."""
    yield Source(
        name="swu_guopei",
        agency=Agency("500109", "西南大学教师教育学院国培办公室"),
        title="国培计划结业数据",
        contract=Completion,
        normalise=NORMALISE,
        key=("agency_record_id",),
        semantics="append",
        place=place,
        example="西南大学国培结业数据_2024_第1批.csv",
        names=(re.compile(r"西南大学国培结业数据"),),
        ignored=("备注",),
    )
