"""Fixed width text: fields at fixed places of each line, in bytes of the old system's encoding."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, divide, fixed, read
from etl_core.readers.options import FixedWidth
from tests.containers import dbf, delimited, document, ods, xlsx, xml

FIELDS = (("姓名", 8), ("学时", 4), ("单位", 10))
HEADERS = tuple(name for name, _ in FIELDS)


def options(encoding: str | None = None, **more) -> ReadOptions:
    return ReadOptions(encoding, fixed=FixedWidth(FIELDS, **more))


def line(*cells: str, codec: str = "gb18030") -> bytes:
    padded = (cell.encode(codec).ljust(width) for cell, (_, width) in zip(cells, FIELDS, strict=True))
    return b"".join(padded)


GOOD = line("测试一", "  16", "某小学")
AGAIN = line("测试二", "   8", "另一小学")


def told(path, of: ReadOptions, batch: int = 50_000) -> list[tuple[int, str | None, str | None, tuple]]:
    """Row, fault, kind and cells of every row."""
    rows = []
    for grid in read(path, of, batch):
        assert grid.headers == HEADERS
        assert grid.rows.columns[4:6] == ["kind", "cut"]
        rows += [(row, fault, kind, cells) for row, _, fault, _, kind, _, *cells in grid.rows.iter_rows()]
    return [(row, fault, kind, tuple(cells)) for row, fault, kind, cells in rows]


ONE = ("测试一", "  16", "某小学")
TWO = ("测试二", "   8", "另一小学")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_each_line_is_a_row_with_the_number_of_its_line(file, end):
    path = file(end.join([GOOD, b"", AGAIN, b"   ", b"", b""]))
    assert told(path, options()) == [(1, None, None, ONE), (2, None, None, (None,) * 3), (3, None, None, TWO)]


def test_the_files_own_header_and_trailer_are_no_records(file):
    path = file(b"\n".join([b"PX20230901", b"", GOOD, AGAIN, b"99000002"]))
    rows = told(path, options(header=2, trailer="99"))
    assert [(row, fault, kind) for row, fault, kind, _ in rows] == [
        (1, None, "header"), (2, None, "header"), (3, None, None), (4, None, None), (5, None, "total"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cut", "fault"),
    [
        (GOOD[:-4], None),  # trailing blanks that an editor trims
        (GOOD[:14], None),  # into the last field
        (GOOD[:13], "row.malformed"),  # with half a character there
        (GOOD[:12], "row.malformed"),  # the last field is missing altogether
        (GOOD[:5], "row.malformed"),
        (GOOD + b"   ", None),
        (GOOD + b"x", "row.malformed"),
    ],
)
def test_a_line_is_whole_if_nothing_but_blanks_is_missing_or_too_much(file, cut, fault):
    rows = told(file(b"\n".join([AGAIN, cut, AGAIN, b""])), options())
    assert [row[1] for row in rows] == [None, fault, None]
    assert [row[0] for row in rows] == [1, 2, 3]


def test_a_last_line_without_its_end_is_whole_only_at_its_full_length(file):
    assert [row[1] for row in told(file(AGAIN + b"\n" + GOOD), options())] == [None, None]
    assert [row[1] for row in told(file(AGAIN + b"\n" + GOOD[:-1]), options())] == [None, "row.malformed"]


def test_fields_that_may_be_empty_may_be_missing_where_the_source_says_so(file):
    path = file(AGAIN + b"\n" + line("测试一", "16", "").rstrip() + b"\n")
    assert [row[1] for row in told(path, options())] == [None, "row.malformed"]
    assert told(path, options(spare=1))[1] == (2, None, None, ("测试一", "16", None))


def test_half_a_character_at_the_end_of_a_full_field_is_dropped_and_told(file):
    long = "a某中心小学校".encode("gb18030")[:10]
    (grid,) = read(file(line("测试一", "16", "")[:12] + long + b"\n" + GOOD + b"\n"), options())
    assert grid.rows["fault"].to_list() == [None, None]
    assert grid.rows["cut"].to_list() == [[2], []]
    assert grid.rows["c2"][0] == "a某中心小"


@pytest.mark.parametrize("bad", [b"\xff\xff\xff\xff", b"a\0b", b"\xb2 x"])
def test_invalid_bytes_inside_are_undecodable_at_their_column(file, bad):
    data = bad.ljust(8) + GOOD[8:] + b"\n" + AGAIN + b"\n"
    (grid,) = read(file(data), options("cp936"))
    assert grid.rows.select("fault", "fault_at").rows() == [("text.undecodable", 0), (None, None)]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-8", "utf-16"])
def test_a_file_saved_anew_in_another_encoding_has_its_fields_where_they_were(file, codec):
    text = b"\r\n".join([GOOD, AGAIN, b""]).decode("gb18030")
    assert told(file(text.encode(codec)), options()) == [(1, None, None, ONE), (2, None, None, TWO)]


def test_names_that_happen_to_be_utf8_too_are_read_as_the_old_system_wrote_them(file):
    name = b"\xc3\xa9\xc3\xa8"
    assert name.decode("utf-8")
    (grid,) = read(file(name.ljust(8) + GOOD[8:12] + b"x".ljust(10) + b"\n"), options())
    assert grid.rows["c0"].to_list() == [name.decode("gb18030")]


def test_what_cannot_be_put_back_into_the_stated_encoding_is_undecodable(file):
    data = codecs.BOM_UTF8 + ("𠮷é".ljust(12) + "x".ljust(10) + "\n").encode() + b"a".ljust(22) + b"\n"
    (grid,) = read(file(data), options("big5"))
    assert grid.rows["fault"].to_list() == ["text.undecodable", None]


@pytest.mark.parametrize("batch", [1, 2, 3, 50])
def test_batches_of_any_size_give_the_same_rows(file, monkeypatch, batch):
    data = b"\n".join([GOOD, b"", b"", AGAIN, GOOD[:3], b"", AGAIN, b"", b""])
    whole = told(file(data), options())
    monkeypatch.setattr(fixed, "CHUNK", 30)
    assert told(file(data), options(), batch) == whole
    assert len(whole) == 7


@pytest.mark.parametrize("container", [xlsx, ods, xml, document, dbf])
def test_a_layout_never_swallows_what_is_something_else(file, listed, container):
    data = container(["XM", "XS"], [["测试一", "16"], ["测试二", "8"]])
    assert listed(read(file(data), options())) == listed(read(file(data)))


def test_text_of_which_no_line_fits_is_delimited_text(file, listed):
    data = delimited(["姓名", "学时", "单位"], [["测试一", "16", "某小学"]])
    assert listed(read(file(data), options())) == [
        (1, ("姓名", "学时", "单位")),
        (2, ("测试一", "16", "某小学")),
    ]


def test_a_line_without_an_end_is_no_record(file, monkeypatch):
    monkeypatch.setattr(fixed, "LONGEST", 100)
    with pytest.raises(DeliveryError) as caught:
        list(read(file(GOOD + b"\n" + b"x" * 101), options()))
    assert caught.value.code == "unsafe"


def test_it_is_not_read_in_parts(file):
    assert divide(file((GOOD + b"\n") * 5000), options(), 4) == ()


CELL = st.text(st.sampled_from("一学aé𬀩 "), max_size=6).map(str.strip)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL, CELL).filter(any), min_size=1, max_size=5))
def test_every_cell_comes_back_up_to_where_its_room_ends(file, rows):
    data = b"".join(
        b"".join(
            cell.encode("gb18030")[:width].ljust(width) for cell, (_, width) in zip(row, FIELDS, strict=True)
        )
        + b"\n"
        for row in rows
    )
    (grid,) = read(file(data), options("gb18030"))
    for told_row, row in zip(grid.rows.iter_rows(named=True), rows, strict=True):
        for at, (cell, (_, width)) in enumerate(zip(row, FIELDS, strict=True)):
            room = cell.encode("gb18030")[:width].decode("gb18030", "ignore")
            assert (told_row[f"c{at}"] or "") == room.rstrip()
            assert (at in told_row["cut"]) == (
                len(cell.encode("gb18030")[:width]) > len(room.encode("gb18030"))
            )
