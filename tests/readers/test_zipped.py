"""Zip and gzip around any container: the rows are those of what is inside."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, archive, called, divide, read
from etl_core.records import Grid
from tests.containers import CONTAINERS, delimited, document, gzipped, layout, locked, ods, xlsx, zipped

HEADER = ("XM", "XS")
ROWS = [["测试一", "16"], ["测试二", "8"]]
CSV = delimited(HEADER, ROWS)


def told(grids: Iterator[Grid]) -> list[tuple[object, ...]]:
    """Everything of every grid but the path and the names."""
    return [
        (grid.sheet, grid.visible, grid.headers, grid.page, grid.rows.columns, grid.rows.rows())
        for grid in grids
    ]


def refused(path: Path) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        list(read(path))
    return caught.value


TEXT = st.text(st.sampled_from("一学ab"), min_size=1, max_size=4)


@pytest.mark.parametrize("kind", CONTAINERS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=2, max_size=4), st.sampled_from([1, 3, 100]))
def test_the_rows_of_a_file_and_of_its_zip_and_gzip_are_the_same(file, kind, rows, batch):
    data = CONTAINERS[kind](HEADER, rows)
    options = ReadOptions(fixed=layout(HEADER) if kind == "txt" else None, lines=kind == "ndjson")
    plain = told(read(file(data), options, batch))
    assert sum(len(rows) for *_, rows in plain) >= len(rows)
    assert told(read(file(gzipped(data)), options, batch)) == plain
    assert told(read(file(zipped({f"一.{kind}": data})), options, batch)) == plain


def test_a_file_in_an_archive_says_where_it_stands_and_what_it_is_called(file):
    (grid,) = read(file(zipped({"报送/台账.csv": CSV})), name="附件.zip")
    assert (grid.path("附件.zip"), grid.names("附件.zip")) == ("附件.zip/报送/台账.csv", ("台账.csv", "附件"))
    assert called(file(zipped({"报送/台账.csv": CSV})), "附件.zip") == ("台账.csv", "附件")


@pytest.mark.parametrize("name", ["台账.csv.gz", "台账.csv.GZ", "台账.csv.gzip"])
def test_a_gzip_is_called_what_it_was_before(file, name):
    (grid,) = read(file(gzipped(CSV)), name=name)
    assert (grid.path(name), grid.names(name)) == (name, ("台账.csv",))
    assert called(file(gzipped(CSV)), name) == ("台账.csv",)


def test_what_is_not_packed_is_called_as_it_is(file):
    for data in (CSV, xlsx(HEADER, ROWS), ods(HEADER, ROWS), b"PK\x03\x04 cut", b""):
        assert called(file(data), "甲.zip") == ("甲.zip",)


def test_several_files_come_by_name_each_with_its_own_rows(file):
    data = zipped({"乙.xlsx": xlsx(HEADER, ROWS), "甲.csv": CSV, "丙.ods": ods(HEADER, ROWS)})
    assert [grid.file for grid in read(file(data))] == ["丙.ods", "乙.xlsx", "甲.csv"]


def test_each_file_is_read_as_its_names_wish(file):
    data = zipped({"甲.txt": b"a|b\n", "乙.txt": b"a;b\n"})
    marks = {"甲.txt": "|", "乙.txt": ";"}
    grids = read(file(data), lambda names: ReadOptions(delimiter=marks[names[0]]), name="报送.zip")
    assert [grid.rows.select("c0", "c1").row(0) for grid in grids] == [("a", "b")] * 2


def test_pages_of_json_in_an_archive_are_a_pull(file):
    first, second = ({"totalCount": 3, "items": each} for each in ([{"a": 1}, {"a": 2}], [{"b": 3}]))
    pages = {
        "pull_20231008/p1.json": json.dumps(first).encode(),
        "pull_20231008/p2.json": json.dumps(second).encode(),
    }
    grids = list(read(file(zipped(pages)), name="下载.zip"))
    assert {grid.headers for grid in grids} == {("a", "b")}
    assert [(grid.file, grid.page, grid.table) for grid in grids] == [
        ("pull_20231008/p1.json", True, (None, None)),
        ("pull_20231008/p2.json", True, (None, None)),
    ]
    assert grids[0].names("下载.zip") == ("pull_20231008", "下载")
    del pages["pull_20231008/p2.json"]
    fault = refused(file(zipped(pages)))
    assert (fault.code, fault.detail["expected"]) == ("not_settled", 3)


@pytest.mark.parametrize("flag", [0, 0x800])
@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_name_is_read_whatever_the_program_wrote(file, flag, codec):
    if flag and codec != "utf-8":
        return
    raw = "报送\\台账𬀩.csv".encode(codec)
    data = bytearray(zipped({"x" * len(raw): CSV}))
    data = data.replace(b"x" * len(raw), raw)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(mark) + at, flag)
    (grid,) = read(file(bytes(data)))
    assert grid.file == "报送/台账𬀩.csv"


def test_a_name_is_shown_without_what_moves_the_cursor_or_turns_the_direction(file):
    (grid,) = read(file(zipped({"a\x1b[2J\u202egnp.csv": CSV})))
    assert grid.file == "a\\x1b[2J\\u202egnp.csv"


@pytest.mark.parametrize(
    "name", ["../甲.csv", "a/../../甲.csv", "/etc/甲.csv", "C:\\甲.csv", "a\\..\\甲.csv"]
)
def test_a_name_that_leads_out_of_the_archive_is_unsafe(file, name):
    assert refused(file(zipped({name: CSV}))).code == "unsafe"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_there_twice_is_unsafe(file):
    told = io.BytesIO()
    with zipfile.ZipFile(told, "w") as whole:
        whole.writestr("甲.csv", CSV)
        whole.writestr("甲.csv", b"a,b\n1,2\n")
    assert refused(file(told.getvalue())).code == "unsafe"


RUBBISH = ("__MACOSX/._台账.csv", "~$台账.xlsx", "Thumbs.db", "a/.DS_Store", "desktop.ini")


def test_what_desktops_leave_behind_is_left_out(file):
    members = dict.fromkeys(RUBBISH, b"\x00\x01\x02") | {"a/台账.csv": CSV}
    assert [grid.file for grid in read(file(zipped(members)))] == ["a/台账.csv"]
    assert refused(file(zipped(dict.fromkeys(RUBBISH, b"x")))).code == "empty"


@pytest.mark.parametrize(
    "data",
    [
        zipped({"内.zip": zipped({"甲.csv": CSV})}),
        zipped({"内.gz": gzipped(CSV)}),
        gzipped(gzipped(CSV)),
        gzipped(zipped({"甲.csv": CSV})),
    ],
)
def test_an_archive_in_an_archive_is_unsafe(file, data):
    assert refused(file(data)).code == "unsafe"


def test_a_bomb_is_unsafe_by_what_it_really_unpacks_to(file, monkeypatch):
    monkeypatch.setattr(archive, "FREE", 1 << 16)
    bomb = bytes(1 << 20)
    assert refused(file(gzipped(bomb))).code == "unsafe"
    assert refused(file(zipped({"a.csv": bomb}))).code == "unsafe"
    monkeypatch.setattr(archive, "BYTES", 100)
    assert refused(file(gzipped(CSV * 20))).code == "unsafe"
    assert refused(file(zipped({"a.csv": CSV, "b.csv": CSV * 20}))).code == "unsafe"
    monkeypatch.setattr(archive, "MEMBERS", 2)
    assert refused(file(zipped({f"{at}.csv": b"" for at in range(3)}))).code == "unsafe"


def test_a_size_that_a_member_only_claims_is_unreadable(file):
    data = bytearray(zipped({"甲.csv": CSV}))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    assert refused(file(bytes(data))).code == "unreadable"


def test_an_archive_with_a_password_is_encrypted(file):
    assert refused(file(locked(zipped({"甲.csv": CSV})))).code == "encrypted"


def test_a_fault_of_one_file_names_it_and_fails_the_whole(file):
    fault = refused(file(zipped({"甲.csv": CSV, "说明.docx": zipped({"[Content_Types].xml": b"<a/>"})})))
    assert (fault.code, fault.detail) == ("unreadable", {"member": "说明.docx"})
    fault = refused(file(zipped({"甲.csv": CSV, "扫描.pdf": b"%PDF-1.7"})))
    assert (fault.code, fault.detail) == ("unreadable", {"member": "扫描.pdf"})


def test_a_file_without_a_row_is_no_fault_beside_others_and_empty_alone(file):
    assert len(list(read(file(zipped({"甲.csv": CSV, "空.csv": b""}))))) == 1
    assert refused(file(zipped({"空.csv": b""}))).code == "empty"
    assert refused(file(gzipped(b""))).code == "empty"
    assert refused(file(zipped({}))).code in ("empty", "unreadable")


def test_an_office_workbook_stays_a_workbook_whatever_it_is_called(file):
    for data in (xlsx(HEADER, ROWS), ods(HEADER, ROWS)):
        (grid,) = read(file(data), name="台账.zip")
        assert (grid.file, grid.called) == (None, ())


def test_a_page_of_html_may_declare_what_it_is_inside_an_archive(file):
    page = CONTAINERS["xls"](HEADER, ROWS)
    assert len(list(read(file(zipped({"甲.xls": page}))))) == 1


def test_packed_text_is_not_read_in_parts(file):
    assert divide(file(gzipped(CSV * 5000)), None, 4) == ()
    assert divide(file(zipped({"甲.csv": CSV * 5000})), None, 4) == ()


def test_a_gzip_of_several_parts_is_one_file_and_one_with_something_behind_it_unreadable(file, listed):
    assert listed(read(file(gzip.compress(CSV) + gzip.compress(CSV)))) == listed(read(file(CSV + CSV)))
    assert refused(file(gzipped(CSV) + b"more")).code == "unreadable"


def test_the_pages_of_a_folder_are_no_pages_where_there_is_one_file(file):
    (grid,) = read(file(zipped({"甲.json": document(HEADER, ROWS)})), name="甲.zip")
    assert (grid.page, grid.file, grid.rows.height) == (False, "甲.json", 2)
