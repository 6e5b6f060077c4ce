"""重庆市中小学教师发展中心: the ledger of credits for training at the city's level."""

from __future__ import annotations

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
from etl_core.readers import ReadOptions
from etl_core.records import Agency
from etl_core.source import Source
from etl_source_cq_shipei.contract import Entry
from etl_source_cq_shipei.normalise import NORMALISE
from etl_source_cq_shipei.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin; 记录号 is the agency's own key, by which later entries cancel or correct earlier ones."""
    yield Source(
        name="cq_shipei",
        agency=Agency("500000", "重庆市中小学教师发展中心"),
        title="市级培训学分（流水）",
        contract=Entry,
        normalise=NORMALISE,
        key=("agency_record_id",),
        semantics="ledger",
        place=place,
        period="exported",
        example="市培学分_202407.xml",
        names=(re.compile(r"市培学分_\d{6}"),),
        read=ReadOptions(record="学员"),
    )
