from __future__ import annotations

import random
import struct

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, dbf, divide, read

FIELDS = (("XM", "C", 8), ("XS", "N", 6))


def dbase(records, fields=FIELDS, *, count=None, language=0, marks=(), end=b"\x1a", version=3):
    """A table; a cell is text, which is padded, or the bytes of the whole field; `marks` numbers the deleted records."""
    lengths = [length for _, _, length in fields]
    begin, length = 32 + 32 * len(fields) + 1, 1 + sum(lengths)
    total = len(records) if count is None else count
    head = struct.pack("<4BIHH17xB2x", version, 123, 1, 9, total, begin, length, language)
    told = b"".join(
        struct.pack("<11sc4xBB14x", name.encode("gb18030"), kind.encode(), size % 256, size // 256)
        for name, kind, size in fields
    )
    body = b"".join(
        (b"*" if number in marks else b" ") + b"".join(map(padded, record, lengths))
        for number, record in enumerate(records, 1)
    )
    return head + told + b"\r" + body + end


def padded(cell, length):
    data = cell if isinstance(cell, bytes) else cell.encode("gb18030")
    return data[:length].ljust(length)


def refused(path, options=None):
    with pytest.raises(DeliveryError) as caught:
        list(read(path, options))
    assert caught.value.__cause__ is None
    return caught.value.code


def whole(path, batch=50_000):
    return pl.concat([grid.rows for grid in read(path, batch=batch)])


def cells(path, options=None):
    return [row[0] for grid in read(path, options) for row in grid.rows.select("c0").iter_rows()]


def test_fields_are_the_headers_and_records_are_numbered_from_one(file):
    (grid,) = read(file(dbase([("张三", "  16.0"), ("", "     8")])))
    assert (grid.headers, grid.sheet, grid.visible) == (("XM", "XS"), None, True)
    assert grid.rows.select("row", "width", "c0", "c1").rows() == [
        (1, None, "张三", "  16.0"),
        (2, None, None, "     8"),
    ]


def test_a_deleted_record_is_a_row_of_the_kind_deleted(file):
    rows = whole(file(dbase([("张三", "1"), ("李四", "2"), ("王五", "3")], marks={2, 3})))
    assert rows.select("row", "kind").rows() == [(1, None), (2, "deleted"), (3, "deleted")]


def test_a_half_character_at_the_end_of_a_full_field_is_dropped_and_named(file):
    data = dbase([("成都市中小学", "1"), ("成都", "1"), ("成都市中", "1")], (("XM", "C", 9), ("XS", "N", 6)))
    rows = whole(file(data))
    assert rows.select("c0", "fault").rows() == [("成都市中", None), ("成都", None), ("成都市中", None)]
    assert rows["cut"].to_list() == [[0], [], []]


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_part_of_a_character_of_four_bytes_is_dropped_too(left, file):
    data = dbase([("张𬀩", "1")], (("XM", "C", 2 + left), ("XS", "N", 6)))
    assert whole(file(data)).select("c0", "cut", "fault").rows() == [("张", [0], None)]


@pytest.mark.parametrize(
    "cell", [b"\xb3\xc9\xff\xff\xd0\xa1", b"\xb3\xc9\xb6", b"\xb3\xc9\xb6\x00", b"\xff" * 8]
)
def test_other_invalid_bytes_are_undecodable_and_name_the_field(cell, file, faults):
    path = file(dbase([("张三", "1"), (cell, "2")]))
    assert faults(read(path)) == [(2, "text.undecodable", 0)]
    assert whole(path)["cut"].to_list() == [[], []]


def test_nul_is_padding_at_the_end_and_damage_inside(file, faults):
    path = file(dbase([(b"\xd5\xc5\0\0\0\0\0\0", "1"), (b"\xd5\xc5\0\xd5\xc5", "2"), (b"a\0b", "3")]))
    assert cells(path) == ["张", "张�张", "a�b"]
    assert faults(read(path)) == [(2, "text.undecodable", 0), (3, "text.undecodable", 0)]


def test_empty_records_at_the_end_do_not_exist_and_inner_ones_do(file):
    path = file(dbase([("", ""), ("张三", "1"), ("", ""), (b"\0" * 8, "")]))
    assert whole(path).select("row", "c0").rows() == [(1, None), (2, "张三")]


def test_a_deleted_record_at_the_end_exists_though_it_is_empty(file):
    assert whole(file(dbase([("张三", "1"), ("", ""), ("", "")], marks={2})))["row"].to_list() == [1, 2]


@pytest.mark.parametrize("records", [[], [("", ""), ("", "")]])
def test_a_table_without_records_is_empty(records, file):
    assert refused(file(dbase(records))) == "empty"


def test_a_table_cut_anywhere_is_unreadable(file):
    data = dbase([("张三", "1")] * 5)
    for end in range(dbf.HEAD, len(data) - 1):
        assert refused(file(data[:end])) == "unreadable", end


def test_the_mark_at_the_end_may_be_missing_or_padded(file):
    for end in (b"", b"\x1a", b"\x1a" + bytes(500), bytes(500)):
        assert cells(file(dbase([("张三", "1")], end=end))) == ["张三"]


def test_records_that_the_header_does_not_count_are_not_lost_in_silence(file):
    assert refused(file(dbase([("张三", "1")] * 5, count=4))) == "unreadable"


def test_a_record_that_begins_with_no_mark_is_malformed(file, faults):
    data = bytearray(dbase([("张三", "1")] * 3))
    data[97 + 15] = 0xD5
    assert faults(read(file(bytes(data)))) == [(2, "row.malformed", None)]


@pytest.mark.parametrize("at", [8, 9, 10, 11, 32 + 16])
def test_a_header_that_contradicts_itself_is_unreadable(at, file):
    data = bytearray(dbase([("张三", "1")] * 5))
    data[at] += 1
    assert refused(file(bytes(data))) == "unreadable"


def test_a_table_with_changed_bytes_never_raises_another_error(file):
    data = dbase([("张三", "1"), ("成都市中小学", "22.5")] * 10)
    random.seed(12)
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(3):
            changed[random.randrange(len(data) if random.random() < 0.5 else 97)] = random.randrange(256)
        try:
            list(read(file(bytes(changed))))
        except DeliveryError as error:
            assert error.code in {"unreadable", "empty", "unsafe"}


@pytest.mark.parametrize("kind", ["M", "G", "I", "T"])
def test_a_column_that_is_no_text_is_empty_and_its_header_tells_why(kind, file):
    (grid,) = read(file(dbase([("张三", "0000000001")], (("XM", "C", 8), ("BZ", kind, 10)), version=0x83)))
    assert grid.headers == ("XM", f"BZ({kind})")
    assert grid.rows["c1"].to_list() == [None]


def test_text_of_clipper_may_be_longer_than_255_bytes(file):
    assert cells(file(dbase([("长" * 200, "1")], (("XM", "C", 700), ("XS", "N", 6))))) == ["长" * 200]


def test_the_path_that_visual_foxpro_puts_behind_the_descriptors_is_no_record(file):
    data = bytearray(dbase([("张三", "1")], version=0x30))
    struct.pack_into("<H", data, 8, 97 + 263)
    assert cells(file(bytes(data[:97]) + bytes(263) + bytes(data[97:]))) == ["张三"]


def test_the_language_byte_tells_big5_and_nothing_else(file):
    name = "張三豐"
    assert cells(file(dbase([(name.encode("cp950"), "1")], language=0x78))) == [name]
    for language in (0, 0x03, 0x4D, 0x57, 0x7A):
        assert cells(file(dbase([(name, "1")], language=language))) == [name]


@pytest.mark.parametrize("codec", ["big5", "utf-8"])
def test_a_declared_encoding_wins(codec, file):
    path = file(dbase([("張三".encode(codec), "1")]))
    assert cells(path, ReadOptions(encoding=codec)) == ["張三"]


@pytest.mark.parametrize("text", ["0\n\n\n" * 20, "0123456789" * 9, "\x03姓名,学时\n" * 9, "C,D\n" * 20])
def test_a_text_that_begins_like_a_table_is_a_text(text, file):
    assert not dbf.recognised(text.encode("gb18030")[:32])
    (grid,) = read(file(text.encode("gb18030")))
    assert grid.headers is None


def test_a_table_is_not_read_in_parts(file):
    assert divide(file(dbase([("张三", "1")] * 1000)), count=4) == ()


@pytest.mark.parametrize("batch", [1, 3, 7, 100])
def test_batches_of_any_size_give_the_same_rows(batch, file):
    records = [("成都市中小学", str(number)) for number in range(20)]
    path = file(dbase(records, (("XM", "C", 9), ("XS", "N", 6)), marks={3, 20}))
    assert max(grid.rows.height for grid in read(path, batch=batch)) <= batch
    assert whole(path, batch).equals(whole(path))


def test_a_large_table_is_read_in_bounded_pieces(file, monkeypatch):
    path = file(
        dbase([("成都市中小学", str(number)) for number in range(2000)], (("XM", "C", 9), ("XS", "N", 6)))
    )
    expected = whole(path)
    monkeypatch.setattr(dbf, "CHUNK", 1000)
    assert max(grid.rows.height for grid in read(path)) == 1000 // 16
    assert whole(path).equals(expected)


TEXT = st.text(st.sampled_from("张三丰赵钱孙李𬀩㛃·（）()ab1 \n\u3000"), max_size=12)


@given(st.lists(st.tuples(TEXT, st.integers(0, 99_999)), min_size=1, max_size=12), st.integers(4, 24))
def test_every_text_comes_back_up_to_where_its_room_ends(tmp_path_factory, records, length):
    fields = (("XM", "C", length), ("XS", "N", 6))
    path = tmp_path_factory.mktemp("dbf") / "delivery"
    path.write_bytes(dbase([(name, f"{hours:6}") for name, hours in records], fields))
    for (name, hours), row in zip(records, whole(path).iter_rows(named=True), strict=True):
        data = name.encode("gb18030")[:length]
        kept = next(
            name[:end] for end in range(len(name), -1, -1) if len(name[:end].encode("gb18030")) <= length
        )
        lost = kept.encode("gb18030") != data
        assert row["c0"] == (kept.rstrip(" ") or None)
        assert row["cut"] == ([0] if lost else [])
        assert (row["c1"], row["fault"]) == (f"{hours:6}", None)
