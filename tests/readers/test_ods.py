"""Workbooks of LibreOffice and WPS (.ods): the same rows as those of Excel would be."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import extent, read
from tests.containers import ods, ods_book, ods_cell, ods_row, ods_sheet, xlsx


def refused(path) -> str:
    with pytest.raises(DeliveryError) as caught:
        list(read(path))
    return caught.value.code


TEXTS = st.text(st.sampled_from("张三ab '=+-@,é𬀩<&"), min_size=1, max_size=6).filter(
    lambda text: text == text.strip() and "  " not in text
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_an_ods_has_the_rows_of_an_xlsx_of_the_same_text(file, listed, rows):
    head, *body = rows
    as_ods = listed(read(file(ods(head, body))))
    assert as_ods == listed(read(file(xlsx(head, body))))


def test_values_are_text_as_a_person_sees_them(file, listed):
    cells = [
        ods_cell("5.00E+17", "float", 'office:value="500199198108058961"'),
        ods_cell("1.1E+14", "float", 'office:value="110105491231002"'),
        ods_cell("16", "float", 'office:value="16"'),
        ods_cell("30.5", "currency", 'office:value="30.5"'),
        ods_cell("50%", "percentage", 'office:value="0.5"'),
        ods_cell("23-9-1", "date", 'office:date-value="2023-09-01"'),
        ods_cell("x", "date", 'office:date-value="2023-09-01T08:05:33"'),
        ods_cell("36:00", "time", 'office:time-value="PT36H00M00S"'),
        ods_cell("真", "boolean", 'office:boolean-value="true"'),
        ods_cell("500199198108058961"),
        ods_cell("=SUM"),
    ]
    expected = (
        "5.0019919810805894E+17 110105491231002 16 30.5 0.5 2023-09-01 2023-09-01#08:05:33 36:00:00 TRUE"
    )
    expected += " 500199198108058961 =SUM"
    told = tuple(each.replace("#", " ") for each in expected.split())
    assert listed(read(file(ods_book(ods_sheet("表", ods_row(*cells)))))) == [(1, told)]


def test_repeated_rows_and_cells_are_rows_and_cells(file, listed):
    rows = ods_row(ods_cell(None, more='table:number-columns-repeated="2"'), ods_cell("甲"))
    rows += ods_row(ods_cell(None, more='table:number-columns-repeated="16384"'), times=3)
    rows += ods_row(ods_cell("乙", more='table:number-columns-repeated="2"'), times=2)
    rows += ods_row(ods_cell(None, more='table:number-columns-repeated="16384"'), times=1_048_570)
    assert listed(read(file(ods_book(ods_sheet("表", rows))))) == [
        (1, (None, None, "甲")),
        (2, ()),
        (3, ()),
        (4, ()),
        (5, ("乙", "乙")),
        (6, ("乙", "乙")),
    ]


def test_the_repeated_tail_costs_nothing(file):
    path = file(ods(["甲", "乙"], [["1", "2"]]))
    began = time.perf_counter()
    (grid,) = read(path)
    assert (grid.rows.height, time.perf_counter() - began < 1) == (2, True)


def test_sheets_come_in_order_with_their_visibility_and_empty_ones_not_at_all(file):
    one = ods_row(ods_cell("x"))
    data = ods_book(ods_sheet("空", ""), ods_sheet("乙", one), ods_sheet("甲", one, hidden=True))
    assert [(grid.sheet, grid.visible) for grid in read(file(data))] == [("乙", True), ("甲", False)]


@pytest.mark.parametrize(
    "rows",
    [
        ods_row(ods_cell("x", more='table:number-columns-repeated="16384"'), times=1_048_576),
        ods_row(ods_cell("x"))
        + ods_row(ods_cell(None), times=5_000_000)
        + ods_row(ods_cell(None, more='table:number-columns-repeated="16000"'), ods_cell("x")),
        ods_row(ods_cell("x", more='table:number-columns-repeated="99999999999999"')),
        ods_row(ods_cell("x", more='table:number-columns-repeated="-1"')),
    ],
)
def test_cells_beyond_all_measure_are_unsafe_before_anything_lays_them_out(file, rows):
    assert refused(file(ods_book(ods_sheet("表", rows)))) == "unsafe"


def test_the_bound_is_that_of_every_workbook(file, monkeypatch):
    monkeypatch.setattr(extent, "CELLS", 6)
    assert (
        len(list(read(file(ods_book(ods_sheet("表", ods_row(ods_cell("x"), ods_cell("y"), times=3))))))) == 1
    )
    assert (
        refused(file(ods_book(ods_sheet("表", ods_row(ods_cell("x"), ods_cell("y"), times=4))))) == "unsafe"
    )


@pytest.mark.parametrize("content", [b"\x8f\x02\x11 no xml", b"<office:document-content>"])
def test_an_ods_with_a_password_is_encrypted_whatever_its_content_looks_like(file, content):
    lock = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    assert refused(file(ods_book(manifest=lock, content=content))) == "encrypted"


def test_an_ods_that_is_no_xml_is_unreadable_and_one_with_entities_unsafe(file):
    assert refused(file(ods_book(content=b"<a><b></a>"))) == "unreadable"
    assert refused(file(ods_book(content=b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'))) == "unsafe"


def test_a_text_document_is_no_workbook(file):
    data = ods(["甲"], [["1"]]).replace(b"opendocument.spreadsheet", b"opendocument.textxxxxxxx")
    assert refused(file(data)) == "unreadable"
