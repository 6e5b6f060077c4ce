from __future__ import annotations

import html as escaping
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, divide, html, read
from etl_core.readers import page as pages

META = '<html xmlns:x="urn:x"><head><meta http-equiv="Content-Type" content="text/html; charset={}"></head><body>'


def page(rows: str, charset: str = "utf-8") -> bytes:
    whole = f"{META.format(charset)}<table border=1>{rows}</table></body></html>"
    return whole.encode(charset)


def row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def code(path: Path) -> str:
    with pytest.raises(DeliveryError) as caught:
        list(read(path))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gb2312", "gbk", "big5"])
def test_a_page_is_read_in_the_encoding_of_its_bytes(charset, file, listed):
    path = file(
        page(
            row("姓名", "服務學校" if charset == "big5" else "服务学校")
            + row("王 杰", "小學" if charset == "big5" else "小学"),
            charset,
        )
    )
    (_, header), (number, cells) = listed(read(path))
    assert header[0] == "姓名"
    assert (number, cells[0]) == (2, "王 杰")
    assert divide(path, None, 4) == ()


@pytest.mark.parametrize("stated", ["gb2312", "big5", "iso-8859-1"])
def test_bytes_that_are_utf_8_are_believed_more_than_what_the_page_says(stated, file, listed):
    data = page(row("姓名")).replace(b"charset=utf-8", b"charset=" + stated.encode())
    assert listed(read(file(data))) == [(1, ("姓名",))]


def test_options_overrule_what_the_page_says(file, listed):
    data = page(row("服務"), "big5").replace(b"charset=big5", b"charset=gbk")
    assert listed(read(file(data), ReadOptions(encoding="big5"))) == [(1, ("服務",))]


@pytest.mark.parametrize(
    ("head", "is_page"),
    [
        (b"<table><tr>", True),
        (b"<TABLE border=1>", True),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html PUBLIC '-//W3C'>", True),
        (b'<?xml version="1.0"?>\n<html xmlns="urn:x">', True),
        (b"<!-- made by\na system -->\n<style>td{}</style>", True),
        ("\ufeff<html>".encode("utf-16-le"), True),
        (b"<tables>", False),
        (b"<?xml version='1.0'?><Workbook>", False),
        (b"name,<table>", False),
        (b"", False),
    ],
)
def test_a_page_is_known_by_its_first_tag(head, is_page):
    assert html.recognised(head) is is_page


def test_entities_blanks_and_breaks_are_as_a_browser_shows_them(file, listed):
    cells = (
        "&#x27;5001",
        " a&nbsp;&amp;\n  b ",
        "一<br/>二<BR>三",
        "<p>甲</p>\n<p>乙</p>",
        "<b>粗</b>体",
        "　全 ",
    )
    shown = ("'5001", "a\xa0& b", "一\n二\n三", "甲\n乙", "粗体", "　全")
    assert listed(read(file(page(row(*cells))))) == [(1, shown)]


def test_what_no_one_sees_is_no_text(file, listed):
    hidden = "<script>var a = '<td>x</td>';</script><style>td{}</style><!-- <tr><td>旧</td></tr> -->甲"
    assert listed(read(file(page(row(hidden))))) == [(1, ("甲",))]


def test_of_a_cell_over_several_columns_and_rows_the_first_has_the_text(file, listed):
    upper = "<tr><th rowspan=2>姓名</th><th colspan='2'>学时</th><th rowspan=2>备注</th></tr>"
    rows = f"{upper}<tr><th>集中</th><th>网络</th></tr>{row('赵', '8', '4', '无')}"
    assert listed(read(file(page(rows)))) == [
        (1, ("姓名", "学时", None, "备注")),
        (2, (None, "集中", "网络")),
        (3, ("赵", "8", "4", "无")),
    ]


@pytest.mark.parametrize("stated", ["0", "-1", "x", "", "²", "9" * 40])
def test_a_span_that_is_no_number_is_one_column_and_a_huge_one_is_cut(stated, file, listed):
    ((_, cells),) = listed(read(file(page(f"<tr><td colspan='{stated}'>甲</td><td>乙</td></tr>"))))
    assert cells == ("甲", "乙")


def test_ends_that_are_not_written_are_understood(file, listed):
    assert listed(read(file(page("<tr><td>甲<td>乙<tr><th>丙")))) == [(1, ("甲", "乙")), (2, ("丙",))]


def test_rows_are_numbered_through_all_tables_and_a_blank_one_counts(file, listed):
    inner = f"外<table>{row('内')}</table>边"
    rows = f"{row('甲')}<tr></tr>{row(inner)}</table><table>{row('乙')}"
    assert listed(read(file(page(rows)))) == [
        (1, ("甲",)),
        (2, ()),
        (3, ("外边",)),
        (4, ("内",)),
        (5, ("乙",)),
    ]


def test_undecodable_bytes_are_the_fault_of_their_cell(file, faults):
    data = page(row("甲", "乙" * 40) + row("丙" * 40, "XYZ") + row("丁" * 99)).replace(b"XYZ", b"\xff\xfe")
    assert faults(read(file(data))) == [(2, "text.undecodable", 1)]


def test_pages_without_a_filled_cell_are_empty(file):
    assert code(file(b"<html><body>\xe8\xaf\xb7\xe7\x99\xbb\xe5\xbd\x95</body></html>")) == "empty"
    assert code(file(page("<tr><td> </td></tr>"))) == "empty"


def test_a_page_cut_before_its_table_ends_is_unreadable(file):
    data = page("".join(row(f"张{number}", "8") for number in range(40)))
    end = data.index(b"</table>")
    random.seed(5)
    for size in (end, end + 7, *random.sample(range(20, end), 60)):
        assert code(file(data[:size])) == "unreadable"


@pytest.mark.parametrize(
    "hostile",
    [
        b'<!DOCTYPE html [<!ENTITY a "b">]><table><tr><td>&a;</td></tr></table>',
        page("<tr>" + "<td colspan=1000>x</td>" * 17 + "</tr>"),
        page("<tr><td>" + "<table><tr><td>" * 200 + "x"),
        page("<tr><td " + "a" * (pages.LONGEST + 2 * html.PIECE)),
    ],
    ids=["entities", "wide", "deep", "long"],
)
def test_what_no_one_exports_is_unsafe(hostile, file):
    assert code(file(hostile)) == "unsafe"


def test_tables_of_more_cells_than_any_are_unsafe(file, monkeypatch):
    monkeypatch.setattr(pages, "CELLS", 1_000)
    assert len(list(read(file(page(row("甲") * 1_000))))) == 1
    assert code(file(page(row("甲") * 999 + row("乙", "丙")))) == "unsafe"


def test_a_page_with_changed_bytes_never_raises_another_error(file):
    data = page("".join(row(f"张{number}", "<br>8") for number in range(20)))
    random.seed(6)
    for _ in range(200):
        at = random.randrange(len(data))
        noise = random.choice([b"<", b">", b"&", b"<![", b"<!-", b'"', b"</", random.randbytes(2)])
        try:
            list(html.grids(file(data[:at] + noise + data[at + 1 :]), ReadOptions()))
        except DeliveryError as error:
            assert error.code in {"unreadable", "unsafe", "empty"}


cell = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"]), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.lists(cell, min_size=1, max_size=4), min_size=1, max_size=5),
    charset=st.sampled_from(["utf-8", "gb18030"]),
    piece=st.integers(1, 40),
    batch=st.integers(1, 3),
)
def test_every_cell_comes_back_however_the_pieces_fall(lines, charset, piece, batch, file, listed):
    rows = "".join(row(*map(escaping.escape, line)) for line in lines)
    told = listed(html.grids(file(page(rows, charset)), ReadOptions(), batch, piece))
    while lines and not any(lines[-1]):
        lines = lines[:-1]
    wanted = [(at, [text or None for text in line]) for at, line in enumerate(lines, 1)]
    assert [
        (at, [*cells, *[None] * (len(line) - len(cells))])
        for (at, cells), (_, line) in zip(told, wanted, strict=True)
    ] == wanted


def test_many_comments_before_something_else_are_looked_at_once():
    assert not html.recognised(b"<!---->" * 500 + b"<other>")
    assert html.recognised(b"<!-- a - b -->" * 200 + b"<html>")
