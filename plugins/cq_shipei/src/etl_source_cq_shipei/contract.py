"""What the centre promises: an entry per person and class in a ledger, with the class told once for all of its entries."""

from __future__ import annotations

import polars as pl

from etl_core.codes import codes
from etl_core.contract import (
    VALUE,
    RawContract,
    column,
    credited,
    dated,
    ending,
    identified,
    known,
    readable,
    required,
    starting,
)
from etl_core.expressions import amounts, reading, words
from etl_core.expressions.reading import part

CODES = codes(__package__)

# 类型 says what an entry does to the one that 原记录号 names; nothing: it stands for itself.
ENTRIES = {"冲销": "cancellation", "更正": "correction"}
CANCELS = part("entry", "value") == "cancellation"


class Entry(RawContract):
    """One entry per 学员; a fault in what its 批次 says is a fault of each of them (ruling 65)."""

    exported: str = column("市培学分/导出时间", optional=True, example="2024-07-03T10:00:00")
    class_name: str = column("批次/批次号", example="SP2024-06")
    project_code: str = column("批次/项目编号")
    project_name: str = column("批次/项目名称", checks=[required("project_name")])
    level: str = column(
        "批次/层次",
        reads=reading.coded(CODES["level"], pl.Int16),
        checks=[required("level"), known("level")],
    )
    mode_detail: str = column(
        "批次/方式",
        reads=reading.coded(CODES["mode_detail"]),
        checks=[required("mode"), known("mode")],
    )
    credit_kind: str = column(
        "批次/学分类别", reads=reading.coded(CODES["credit_kind"]), checks=[known("credit_kind")]
    )
    start_date: str = column("批次/开始", reads=reading.day, checks=[dated("start_date"), *starting()])
    end_date: str = column("批次/结束", reads=reading.day, checks=[dated("end_date"), *ending("start_date")])
    provider_name: str = column("批次/承办")
    agency_record_id: str = column("记录号", checks=[required("agency_record_id")])
    entry: str = column("类型", reads=reading.coded(ENTRIES), checks=[known("status")], optional=True)
    original: str = column("原记录号", optional=True, example="2024000001")
    person_name: str = column("姓名", checks=[required("person_name")])
    id_number: str = column("身份证号", reads=reading.number, checks=[required("id_number"), *identified()])
    employer_name: str = column("单位")
    subject: str = column(
        "学科", reads=reading.value(words.subject), checks=[readable("subject.unknown", VALUE)]
    )
    title: str = column("职称", reads=reading.value(words.title), checks=[readable("title.unknown", VALUE)])
    credits: str = column(
        "学分",
        reads=reading.value(amounts.credits),
        checks=[required("credits"), *credited(VALUE, negative=CANCELS)],
    )
    result: str = column("结果", reads=reading.coded(CODES["result"]), checks=[known("result")])
