"""XML: records among other elements, in bounded memory; nothing is expanded, nothing cut short goes through."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import elements, read, xml
from etl_core.readers.options import ReadOptions
from etl_core.records import Encoding, Grid

File = Callable[[bytes], Path]

OPTIONS = ReadOptions(record="学员")

# A register in small: a default namespace, batches with attributes, records with attributes and elements.
REGISTER = """<?xml version="1.0" encoding="GB18030"?>
<!-- 导出 -->
<学分 xmlns="http://example.invalid/2022" 时间="2023-07-03">
  <批次 层次="市级" 项目="跟岗 &amp; 观摩">
    <学员 号="1"><姓名>㛃娟</姓名><学分>6</学分></学员>
    <学员 号="2"><姓名>李&#x52C7;</姓名><学分/></学员>
  </批次>
  <批次 层次="国家级">
    <学员 号="3" 类型="冲销"><姓名><![CDATA[<王>]]></姓名><学分>-6</学分></学员>
  </批次>
</学分>
"""


def cells(grids: Iterable[Grid]) -> list[dict[str, Any]]:
    """Every record as header → text without the empty ones; the row number stands under ""."""
    found = []
    for grid in grids:
        assert grid.headers is not None
        assert len(set(grid.headers)) == len(grid.headers) == grid.rows.width - 4
        for line in grid.rows.iter_rows(named=True):
            named = {header: line[f"c{at}"] for at, header in enumerate(grid.headers)}
            found.append({"": line["row"], **{header: text for header, text in named.items() if text}})
    return found


def code(path: Path, options: ReadOptions = OPTIONS) -> str:
    """The delivery error that a file ends with."""
    with pytest.raises(DeliveryError) as caught:
        list(read(path, options))
    assert caught.value.__cause__ is None
    return caught.value.code


def document(records: Iterable[str], record: str = "学员") -> str:
    return f"<表>{''.join(f'<{record}>{each}</{record}>' for each in records)}</表>"


def test_each_record_has_its_attributes_its_elements_and_what_stands_around_it(file: File) -> None:
    assert cells(read(file(REGISTER.encode("gb18030")), OPTIONS)) == [
        {"": 1, "号": "1", "姓名": "㛃娟", "学分": "6", "学分/时间": "2023-07-03", "批次/层次": "市级", "批次/项目": "跟岗 & 观摩"},
        {"": 2, "号": "2", "姓名": "李勇", "学分/时间": "2023-07-03", "批次/层次": "市级", "批次/项目": "跟岗 & 观摩"},
        {"": 3, "号": "3", "类型": "冲销", "姓名": "<王>", "学分": "-6", "学分/时间": "2023-07-03", "批次/层次": "国家级"},
    ]  # fmt: skip


def test_what_a_record_has_of_its_own_stands_before_what_it_shares(file: File) -> None:
    (grid,) = read(file(REGISTER.encode("gb18030")), OPTIONS)
    assert grid.headers == ("号", "姓名", "学分", "学分/时间", "批次/层次", "批次/项目", "类型")


def test_names_are_without_prefix_and_namespace(file: File) -> None:
    data = '<a:表 xmlns:a="u:1" xmlns:b="u:2"><b:学员 a:号="1" b:类="x"><a:姓名>甲</a:姓名></b:学员></a:表>'
    assert cells(read(file(data.encode()), OPTIONS)) == [{"": 1, "号": "1", "类": "x", "姓名": "甲"}]


def test_what_is_deeper_is_joined_and_what_comes_again_is_numbered(file: File) -> None:
    inner = '<单位 码="5"><名>甲</名></单位><学科>语文</学科><学科>数学</学科><学科/>'
    assert cells(read(file(document([inner]).encode()), OPTIONS)) == [
        {"": 1, "单位/码": "5", "单位/名": "甲", "学科": "语文", "学科#2": "数学"}
    ]


def test_text_between_elements_is_not_lost(file: File) -> None:
    assert cells(read(file(document(["\n 甲 <备注>一<b>二</b>三</备注>\n"]).encode()), OPTIONS)) == [
        {"": 1, "学员": "\n 甲 ", "备注": "一", "备注/b": "二", "备注#2": "三"}
    ]


def test_an_element_that_is_always_empty_is_a_column_too(file: File) -> None:
    (grid,) = read(file(document(["<姓名>甲</姓名><职称/>"] * 3).encode()), OPTIONS)
    assert grid.headers == ("姓名", "职称")


def test_empty_records_inside_are_rows_and_at_the_end_there_are_none(file: File) -> None:
    (grid,) = read(file(document(["", "<姓名>甲</姓名>", "", "<姓名>乙</姓名>", "", ""]).encode()), OPTIONS)
    assert grid.rows["c0"].to_list() == [None, "甲", None, "乙"]
    assert grid.rows["row"].to_list() == [1, 2, 3, 4]


@pytest.mark.parametrize("text", ["<表/>", "<表><学员/></表>", "<?xml version='1.0'?><其他>甲</其他>"])
def test_a_document_without_a_record_that_is_not_empty_is_an_empty_delivery(file: File, text: str) -> None:
    assert code(file(text.encode())) == "empty"


@pytest.mark.parametrize("batch", [1, 3, 50_000])
def test_batches_of_any_size_give_the_same_rows_and_columns(
    file: File, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(xml, "SETTLED", 5)
    monkeypatch.setattr(xml, "BLOCK", 4)
    path = file(document([f"<姓名>{at}</姓名><k{at}>x</k{at}>" for at in range(40)]).encode())
    grids = list(read(path, OPTIONS, batch))
    assert all(grid.rows.height <= batch for grid in grids)
    assert cells(grids) == [{"": at + 1, "姓名": str(at), f"k{at}": "x"} for at in range(40)]


def test_columns_that_appear_further_down_widen_the_grids_that_come_then(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml, "SETTLED", 3)
    monkeypatch.setattr(xml, "PIECE", 64)
    path = file(document([*["<姓名>甲</姓名>"] * 20, "<姓名>乙</姓名><类型>冲销</类型>"]).encode())
    headers = [grid.headers for grid in read(path, OPTIONS, 2)]
    assert headers[0] == ("姓名",)
    assert headers[-1] == ("姓名", "类型")
    assert cells(read(path, OPTIONS, 2))[-1] == {"": 21, "姓名": "乙", "类型": "冲销"}


NAMES = st.sampled_from(["姓名", "学科", "a", "单位"])
TEXTS = st.text(st.characters(codec="gb18030", exclude_categories=["Cc", "Cs"]), max_size=8)
RECORDS = st.lists(st.dictionaries(NAMES, TEXTS, max_size=4), max_size=12)


@given(
    RECORDS,
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from([1, 7, 64, 1 << 20]),
)
def test_every_text_comes_back_whatever_the_encoding_and_wherever_the_pieces_end(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, str]], encoding: str, piece: int
) -> None:
    path = tmp_path_factory.mktemp("xml") / "delivery"
    inner = ["".join(f"<{name}>{escape(text)}</{name}>" for name, text in each.items()) for each in records]
    declared = f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?>"
    path.write_bytes((declared + document([*inner, "<姓名>末</姓名>"])).encode(encoding))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(xml, "PIECE", piece)
        found = cells(read(path, OPTIONS, 5))
    wanted = [{name: text for name, text in each.items() if text} for each in records]
    assert [{name: each[name] for name in each if name} for each in found] == [*wanted, {"姓名": "末"}]


@given(st.dictionaries(NAMES, TEXTS, max_size=4))
def test_attributes_are_what_the_elements_of_the_same_names_would_be(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("xml") / "delivery"
    written = " ".join(f"{name}={quoteattr(text)}" for name, text in record.items())
    path.write_text(f"<表><学员 {written}/><学员 末='1'/></表>", encoding="utf-8")
    assert cells(read(path, OPTIONS))[0] == {"": 1, **{name: text for name, text in record.items() if text}}


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("GB2312", "gb18030"), ("gbk", "gb18030"), ("UTF-8", "gb18030"), ("GB18030", "utf-8"), ("utf-8", "utf-8-sig"),
        ("Big5", "big5"), ("UTF-16", "utf-16"), ("utf-16", "utf-16-le"), ("utf-16", "utf-16-be"), ("x-none", "gb18030"),
        ("GB18030-2099", "gb18030"), ("zlib", "gb18030"),
    ],
)  # fmt: skip
def test_the_bytes_decide_the_encoding_and_where_they_do_not_the_declaration(
    file: File, declared: str, written: str
) -> None:
    data = f"<?xml version='1.0' encoding='{declared}'?>" + document(["<姓名>中文國語</姓名>"])
    if written == "big5":
        data = data.replace("学员", "學員").replace("国", "國")
    record = ReadOptions(record="學員" if written == "big5" else "学员")
    assert cells(read(file(data.encode(written)), record)) == [{"": 1, "姓名": "中文國語"}]


def test_a_stated_encoding_overrules_the_declared_one(file: File) -> None:
    data = "<?xml version='1.0' encoding='gb18030'?>" + document(["<姓名>中文</姓名>"], "r")
    options = ReadOptions(encoding="big5", record="r")
    assert cells(read(file(data.encode("big5", "xmlcharrefreplace")), options))[0]["姓名"] == "中文"


@pytest.mark.parametrize("damage", [b"\xff", b"\x81", b"\0", b"\xd0\xff"])
def test_damaged_bytes_are_the_fault_of_the_record_and_column_that_they_stand_in(
    file: File, faults: Callable[[Iterable[Grid]], Any], damage: bytes
) -> None:
    data = document(["<姓名>甲</姓名><职称>一级</职称>", "<姓名>乙</姓名><职称>二级</职称>"]).encode(
        "gb18030"
    )
    path = file(data.replace("二级".encode("gb18030"), damage))
    assert faults(read(path, OPTIONS)) == [(2, "text.undecodable", 1)]


def test_damage_in_what_stands_around_is_the_fault_of_every_record_in_it(
    file: File, faults: Callable[[Iterable[Grid]], Any]
) -> None:
    data = REGISTER.encode("gb18030").replace("国家级".encode("gb18030"), b"\xff")
    assert faults(read(file(data), OPTIONS)) == [(3, "text.undecodable", 4)]


BOMB = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10))


@pytest.mark.parametrize(
    "prolog",
    [
        f'<!DOCTYPE 表 [<!ENTITY a0 "ha">{BOMB}]>',
        '<!DOCTYPE 表 [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE 表 SYSTEM "http://example.invalid/x.dtd">',
        "<!DOCTYPE 表>",
        "<!-- 说明 --><!DOCTYPE 表 [<!ATTLIST 学员 a CDATA 'x'>]>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_document_type_is_unsafe_whatever_it_declares(file: File, prolog: str, encoding: str) -> None:
    text = f"<?xml version='1.0'?>{prolog}<表><学员><姓名>&a9;&x;</姓名></学员></表>"
    for options in (OPTIONS, ReadOptions()):
        assert code(file(text.encode(encoding)), options) == "unsafe"


@pytest.mark.parametrize(
    "text",
    [
        "<表>" + "<a>" * elements.DEPTH + "</a>" * elements.DEPTH + "</表>",
        document(["<a>" * elements.DEPTH + "</a>" * elements.DEPTH]),
        document(["".join(f"<a{at}/>" for at in range(elements.COLUMNS + 1))]),
        document(["<a/>" * (elements.COLUMNS + 1)]),
        document([f"<a{at}/>" for at in range(elements.COLUMNS + 1)]),
        f"<表><批次 a='{'x' * (elements.AROUND + 1)}'><学员/></批次></表>",
        "<表>" + "".join(f"<a{at}/>" for at in range(elements.NAMES)) + "</表>",
    ],
    ids=["deep", "deep record", "wide record", "repeated", "many columns", "long batch", "names"],
)
def test_what_no_register_comes_near_is_unsafe(file: File, text: str) -> None:
    assert code(file(text.encode())) == "unsafe"


@pytest.mark.parametrize(
    "text",
    [
        document(["<姓名>" + "x" * 4_000 + "</姓名>"]),
        document(["<姓名>x</姓名>" * 400]),
        f"<表 a='{'x' * 4_000}'/>",
        f"<表><!--{'x' * 4_000}--></表>",
        f"<表><?a {'x' * 4_000}?></表>",
    ],
    ids=["text", "elements", "tag", "comment", "instruction"],
)
def test_a_record_or_a_tag_beyond_all_measure_is_unsafe_before_it_ends(
    file: File, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(xml, "SPAN", 1_000)
    monkeypatch.setattr(xml, "PIECE", 100)
    assert code(file(text.encode())) == "unsafe"


def test_what_is_long_outside_of_the_records_is_passed_over(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml, "SPAN", 1_000)
    monkeypatch.setattr(xml, "PIECE", 100)
    text = f"<表>{'x' * 4_000}{'<a>y</a>' * 400}<学员><姓名>甲</姓名></学员></表>"
    assert cells(read(file(text.encode()), OPTIONS)) == [{"": 1, "姓名": "甲"}]


def test_a_document_cut_anywhere_is_unreadable(file: File) -> None:
    data = REGISTER.strip().encode("gb18030")
    for end in range(len("<?xml"), len(data)):
        assert code(file(data[:end])) == "unreadable", end


@pytest.mark.parametrize(
    "text", ["<表><学员></表></学员>", "<表>&nbsp;</表>", "<表/><表/>", "<a:表/>", "<表 a='1' a='2'/>"]
)
def test_what_is_not_well_formed_is_unreadable(file: File, text: str) -> None:
    assert code(file(text.encode())) == "unreadable"


def test_a_changed_byte_never_raises_another_error(file: File) -> None:
    data = REGISTER.encode("gb18030")
    lot = random.Random(5)
    for _ in range(300):
        at = lot.randrange(len("<?xml"), len(data))
        try:
            list(read(file(data[:at] + lot.randbytes(1) + data[at + 1 :]), OPTIONS))
        except DeliveryError as error:
            assert error.code in {"unreadable", "unsafe", "empty"}


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (REGISTER, "学员"),
        ("<表><头><单位>甲</单位></头><行 a='1'/><行 a='2'/></表>", "行"),
        ("<表><批次 a='1'><行 a='1'/><行 a='2'/></批次></表>", "行"),
        (document(["<课 分='1'/><课 分='2'/><名>甲</名>"] * 3), "学员"),
        (document(["<证><号>1</号></证><名>甲</名>"] * 3), "学员"),
        ("<表><批次><学员><姓名>甲</姓名></学员></批次></表>", "学员"),
        ("<表>甲</表>", None),
    ],
)
def test_the_most_frequent_element_with_elements_of_text_is_likely_the_record(
    file: File, text: str, record: str | None
) -> None:
    assert xml.likely(file(text.encode()), Encoding("utf-8")) == record


def test_without_a_stated_record_the_likely_one_is_read(file: File) -> None:
    path = file(REGISTER.encode("gb18030"))
    assert cells(read(path)) == cells(read(path, OPTIONS))


@pytest.mark.parametrize(
    ("head", "yes"),
    [
        (b"<?xml version='1.0'?><a/>", True), (b"\xef\xbb\xbf \r\n<a>", True), ("<学员>".encode("gb18030"), True),
        ("\ufeff<a>".encode("utf-16-le"), True), ("<a>".encode("utf-16-be"), True), (b"<?xml version='1.0'", True),
        (b"<!-- a --><!DOCTYPE a []><a>", True), (b"<?xml version='1.0'?><!-- a", True),
        (b"<html>", False), (b"<!DOCTYPE html PUBLIC '-//W3C'>", False), (b"<?xml version='1.0'?>\n<HTML xmlns='a'>", False),
        (b"<?xml version='1.0'?><!-- a --><table border=0>", False), (b"<table>", False), (b"<title>a", False),
        (b"", False), (b"<", False), (b"<>,<5", False), (b"<3,5\n", False), ("姓名,<a>".encode(), False), (b"{}", False),
    ],
)  # fmt: skip
def test_xml_is_known_by_its_beginning_and_html_is_none(head: bytes, yes: bool) -> None:
    assert xml.recognised(head) is yes
