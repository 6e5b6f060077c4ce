"""四川省教师发展中心: credits of continuing education, pulled whole from the service (a snapshot per year)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_sc_credit.contract import ENTRIES, Application
from etl_source_sc_credit.normalise import NORMALISE, VARIANTS
from etl_source_sc_credit.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; an application with two kinds of credits is two records (ruling 66)."""
    yield Source(
        name="sc_credit",
        agency=Agency("510000", "四川省教师发展中心"),
        title="教师继续教育学分（接口拉取）",
        contract=Application,
        normalise=NORMALISE,
        variants=VARIANTS,
        key=("agency_record_id", "credit_kind"),
        semantics="snapshot",
        place=place,
        period="year_name",
        example="pull_20241008",
        names=(re.compile(r"^pull_\d{8}$"),),
        ignored=(
            *("provinceName", "cityName", "areaName"),
            *("content", "content.trainContent"),
            *(f"applyCredits[{at}].creditTypeId" for at in ENTRIES),
            *("credit", "creditCheckStatus", "waitCheckUnitName", "creationTime", "creationTimeStr"),
            *("picUrl", "pics", "remark", "industryTypeDesc"),
        ),
    )
