from __future__ import annotations

import codecs
import random
from pathlib import Path

import pytest

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, read
from etl_core.readers.text import DAMAGE, Encoding, blocks, recognise

TABLE = "姓名,单位,学时\r\n张莹,铜梁区小林中学校,16\r\n阿尔·日哈,“名师”工作室,30.5\r\n"
ROWS = [
    (1, ("姓名", "单位", "学时")),
    (2, ("张莹", "铜梁区小林中学校", "16")),
    (3, ("阿尔·日哈", "“名师”工作室", "30.5")),
]


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode("utf-8"),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("gb18030"),
        b"\x84\x31\x95\x33" + TABLE.encode("gb18030"),
        codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TABLE.encode("utf-32-be"),
    ],
    ids=["utf-8", "utf-8 bom", "gb18030", "gb18030 bom", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"],
)
def test_one_table_reads_the_same_in_every_encoding(data, file, listed):
    assert listed(read(file(data))) == ROWS


@pytest.mark.parametrize("encoding", ["big5", "utf-16-le", "utf-16-be", "utf-8", "gb18030"])
def test_the_options_say_what_the_ladder_cannot_tell(encoding, file, listed):
    table = "姓名,學時\n張瑩,16\n"
    path = file(table.encode(encoding))
    assert listed(read(path, ReadOptions(encoding=encoding))) == [(1, ("姓名", "學時")), (2, ("張瑩", "16"))]


def test_a_byte_order_mark_overrules_the_options(file, listed):
    path = file(TABLE.encode("utf-8-sig"))
    assert listed(read(path, ReadOptions(encoding="gb18030"))) == ROWS


def test_characters_that_only_gb18030_has_are_read(file, listed):
    assert listed(read(file("㛃䶮𬀩,一\n".encode("gb18030")))) == [(1, ("㛃䶮𬀩", "一"))]


def test_gb18030_is_recognised_however_late_its_first_character_comes(file):
    path = file(b"a,b\n" * 600_000 + "张,三\n".encode("gb18030"))
    assert recognise(path) == Encoding("gb18030")


def test_pure_ascii_is_utf8(file):
    assert recognise(file(b"a,b\n")) == Encoding("utf-8", valid=True)


def test_bad_bytes_spoil_only_the_record_that_holds_them(file, listed, faults):
    good = TABLE.encode("gb18030")
    bad = "罗".encode("gb18030") + b",\xff\xff" + "学校,8\r\n".encode("gb18030")
    grids = list(read(file(good + bad + "李,校,4\r\n".encode("gb18030"))))
    assert listed(grids) == [*ROWS, (4, ("罗", "\ufffd\ufffd学校", "8")), (5, ("李", "校", "4"))]
    assert faults(grids) == [(4, "text.undecodable", 1)]


def test_half_a_character_before_a_delimiter_leaves_the_delimiter(file, listed, faults):
    grids = list(read(file("张,".encode("gb18030") + b"\xd6,8\n" + "李,校,4\n".encode("gb18030"))))
    assert listed(grids) == [(1, ("张", "\ufffd", "8")), (2, ("李", "校", "4"))]
    assert faults(grids) == [(1, "text.undecodable", 1)]


def test_one_bad_byte_does_not_turn_a_utf8_file_into_mojibake(file, listed, faults):
    data = TABLE.encode() * 3
    grids = list(read(file(data.replace("铜".encode(), "铜".encode()[:2], 1))))
    assert faults(grids) == [(2, "text.undecodable", 1)]
    assert [cells for row, cells in listed(grids) if row != 2] == [cells for _, cells in ROWS * 3][:1] + [
        cells for _, cells in ROWS * 3
    ][2:]


def test_a_utf8_file_cut_inside_a_character_stays_utf8(file, listed, faults):
    grids = list(read(file(TABLE.encode() + "李莹,校".encode()[:-1])))
    assert listed(grids)[:3] == ROWS
    assert faults(grids) == [(4, "text.undecodable", 1)]


def test_a_replacement_character_that_the_file_holds_is_no_fault(file, listed, faults):
    for encoding in ("utf-8", "gb18030"):
        grids = list(read(file("张\ufffd,一\n".encode(encoding))))
        assert (listed(grids), faults(grids)) == ([(1, ("张\ufffd", "一"))], [])


def test_bytes_that_are_no_text_are_unreadable(file):
    for data in (b"\x7fELF" + bytes(5000), TABLE.encode("utf-16-le")):
        with pytest.raises(DeliveryError) as caught:
            list(read(file(data)))
        assert caught.value.code == "unreadable"


def test_blocks_of_any_size_are_the_same_text(file):
    data = (TABLE * 3).encode("gb18030")[:-7] + b"\xff\x81"
    path = file(data)
    whole = b"".join(blocks(path, recognise(path)))
    assert whole.decode().count(DAMAGE) == 2
    for size in (1, 2, 3, 7):
        assert b"".join(blocks(path, recognise(path), size)) == whole


def test_random_bytes_never_raise_anything_but_a_delivery_error(file):
    random.seed(5)
    for _ in range(150):
        try:
            list(read(file(random.randbytes(random.randrange(1, 400)))))
        except DeliveryError as error:
            assert error.code in {"unreadable", "empty"}


def test_a_nul_character_is_no_text_and_is_marked_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("姓名,学时\n赵,1\0\n钱,2\n".encode())
    rows = next(read(path)).rows
    assert rows["fault"].to_list() == [None, "text.undecodable", None]
    assert rows["fault_at"].to_list() == [None, 1, None]
