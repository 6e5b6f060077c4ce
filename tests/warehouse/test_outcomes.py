"""What became of each physical row."""

from __future__ import annotations

import polars as pl

from tests.warehouse.samples import at, batch, deliver, fault, one


def test_every_row_has_one_line_with_its_reasons_or_warnings(each_warehouse):
    faults = [
        fault(6, "id_number.damaged", "身份证号"), fault(6, "hours.unparsable", "学时"), fault(6, "title.unknown", "职称", "warning"),
        fault(5, "row.malformed"), fault(4, "id_number.masked", "身份证号", "warning"), fault(4, "division.unknown", "区县", "warning"),
        fault(6, "hours.unparsable", "学时"),
    ]  # fmt: skip
    load, _ = deliver(
        each_warehouse, batch(one(4), one(4, mode_detail="online"), faults=faults, skips={1: "title"})
    )
    assert each_warehouse.outcomes(load.delivery_id).rows() == [
        ("a.xlsx", "Sheet1", 1, "skipped", "skip:title", None, 0),
        ("a.xlsx", "Sheet1", 4, "loaded", None, "division.unknown@区县;id_number.masked@身份证号", 2),
        ("a.xlsx", "Sheet1", 5, "quarantined", "row.malformed", None, 0),
        ("a.xlsx", "Sheet1", 6, "quarantined", "id_number.damaged@身份证号;hours.unparsable@学时", None, 0),
    ]


def test_rows_of_files_without_sheets_have_none(each_warehouse):
    faults = [fault(2, "row.malformed", sheet=None), fault(1, "title.unknown", "职称", "warning", sheet=None)]
    load, _ = deliver(each_warehouse, batch(one(1, sheet=None), faults=faults))
    lines = each_warehouse.outcomes(load.delivery_id)
    assert lines.select("sheet", "outcome", "warnings").rows() == [
        (None, "loaded", "title.unknown@职称"), (None, "quarantined", None),
    ]  # fmt: skip
    assert each_warehouse.quarantined("sample")["sheet"].to_list() == [None]


def test_a_later_delivery_does_not_change_what_became_of_the_rows(each_warehouse):
    first, _ = deliver(each_warehouse, batch(one(1)), place=at(1))
    before = each_warehouse.outcomes(first.delivery_id)
    deliver(each_warehouse, batch(one(1, hours=4)), name="b", place=at(2))
    assert each_warehouse.outcomes(first.delivery_id).equals(before)
    assert each_warehouse.records(first.delivery_id)["state"].to_list() == ["superseded"]


def test_a_delivery_nobody_knows_has_no_rows_but_all_columns(each_warehouse):
    lines = each_warehouse.outcomes(99)
    assert lines.columns == ["file", "sheet", "row", "outcome", "reasons", "warnings", "n_records"]
    assert lines.is_empty()
    assert each_warehouse.records(99).schema["hours"] == pl.Decimal(7, 2)
    assert each_warehouse.deliveries().is_empty()
    assert each_warehouse.quarantined("sample").is_empty()


def test_unknown_words_are_those_of_rows_that_wait_and_of_records_that_stand(each_warehouse):
    role = fault(2, "code.unknown.role", "角色") | {"word": "嘉宾"}
    title = fault(1, "title.unknown", "职称", "warning") | {"word": "特级"}
    gone = fault(3, "title.unknown", "职称", "warning") | {"word": "讲师"}
    deliver(each_warehouse, batch(one(1), one(3), faults=[role, title, gone, fault(4, "hours.range")]))
    deliver(each_warehouse, batch(one(3)), name="b.xlsx", place=at(2))
    words = each_warehouse.unknown("sample").select("code", "column", "row", "word").rows()
    assert words == [("title.unknown", "职称", 1, "特级"), ("code.unknown.role", "角色", 2, "嘉宾")]
    assert each_warehouse.unknown("another").is_empty()
