from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.readers import ReadOptions, csv, divide, quoting, read
from etl_core.readers import parts as cutting
from etl_core.readers.parts import DIVISIBLE, parts, whole
from etl_core.readers.text import DAMAGE, Encoding, decoded

LINES = 3
ENCODINGS = sorted(DIVISIBLE)
LINE = st.sampled_from(
    [
        "1,张,c,d", "2,b,c", ",,,", "", '""', '3,"x, y",c,d', '4,"p', 'q",c,d', '"', '5,a"b,c,d', '6,"x"y,c,d',
        '","', 'z""",c', "张莹", '7,"a""b', '"c𬀩"', "㛃,䶮,c,d", " ,",
        '8,"p\nq",c,d', '9,"p\r\n\nq",c', "a,b,c,d",
    ]
)  # fmt: skip
END = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"])
DAMAGES = st.sampled_from([b"", b"", b"", b"\xff", b"\x81", b"\x810", b"\x810\x81", b"\xd6", b"\xe5\xbc"])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Lines of all kinds, damage before and after any line end."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
    lines = draw(st.lists(st.tuples(LINE, DAMAGES, END), min_size=6, max_size=40))
    data = b"".join(line.encode(encoding.removesuffix("-sig")) + bad + end for line, bad, end in lines)
    last = draw(LINE).encode(encoding.removesuffix("-sig"))
    return ("".encode(encoding) if encoding != "utf-8-sig" else b"\xef\xbb\xbf") + data + last


def rows(path: Path, count: int | None = None, chunk: int = csv.CHUNK) -> list[tuple[object, ...]]:
    """Every row without the null cells at its end, of the whole file or of its parts one after the other."""
    spans = (None,) if count is None else parts(path, ReadOptions(), count)
    grids = (grid for span in spans for grid in csv.grids(path, ReadOptions(), chunk=chunk, part=span))
    return [trimmed(row) for grid in grids for row in grid.rows.iter_rows()]


def trimmed(row: tuple[object, ...]) -> tuple[object, ...]:
    end = max((at for at, cell in enumerate(row) if cell is not None), default=0) + 1
    return row[: max(end, 4)]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files(), st.integers(4, 60), st.sampled_from([60, 1 << 21]), st.sampled_from([7, csv.CHUNK]))
def test_the_parts_one_after_the_other_are_the_whole(tmp_path, data, count, window, chunk):
    path = tmp_path / "table"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quoting, "LINES", LINES)
        patch.setattr(cutting, "WINDOW", window)
        assert rows(path, count, chunk) == rows(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_table_with_cells_of_several_lines_is_cut_into_even_parts(file, monkeypatch, encoding, end):
    monkeypatch.setattr(quoting, "LINES", 20)
    table = "".join(f'{n},"张{end}莹",c,d{end}{n},b,c,d{end}' for n in range(500))
    path = file(table.encode(encoding))
    found = parts(path, ReadOptions(), 4)
    sizes = [(part.end or path.stat().st_size) - part.start for part in found]
    assert len(found) == 4
    assert max(sizes) < 1.1 * min(sizes)
    assert rows(path, 4) == rows(path)


def test_nothing_is_cut_within_the_reach_of_a_quote_that_may_be_open(file, monkeypatch):
    """Line 5 opens a record that ends on line 20: a cut between them would break it in two."""
    monkeypatch.setattr(quoting, "LINES", 30)
    lines = ["a,b,c,d"] * 200
    lines[104], lines[119] = 'a,"b', 'b",c,d,e'
    path = file("\n".join([*lines, ""]).encode())
    monkeypatch.setattr(cutting, "WINDOW", 1 << 12)
    cuts = [part.line for part in parts(path, ReadOptions(), path.stat().st_size // 8)]
    assert not any(105 < line <= 120 for line in cuts)
    assert {105, 121} & set(cuts)
    assert rows(path, 40) == rows(path)


def test_no_part_ends_with_an_empty_row(file, monkeypatch):
    monkeypatch.setattr(quoting, "LINES", 5)
    path = file(b"a,b\n" * 10 + b",\n" * 10 + b'"",""\n\n' * 10 + b"c,d\n" * 10)
    cuts = [part.line for part in parts(path, ReadOptions(), 60)]
    assert not any(11 < line <= 41 for line in cuts)
    assert len(cuts) > 2


def test_the_first_lines_of_a_file_stay_together(file):
    path = file(b"a,b\n" * 5000)
    assert all(part.line > quoting.LINES for part in parts(path, ReadOptions(), 50)[1:])


@pytest.mark.parametrize("data", [b"", b"a", b"a,b\n", b"a,b\r" * 9000, "a,张\n".encode("utf-16") * 9000])
def test_what_cannot_be_cut_is_one_part(file, data):
    assert len(divide(file(data), count=3)) == 1


def test_a_workbook_has_no_parts(file):
    assert divide(file(b"PK\x03\x04"), count=3) == ()


def test_a_part_goes_to_another_process_as_it_is(file):
    found = parts(file(b"a,b\n" * 9000), ReadOptions(), 2)
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_part_without_a_row_is_no_empty_delivery(file):
    path = file(b"a,b\n" + b"\n" * 50)
    assert list(read(path, part=replace(whole(path, ReadOptions()), start=4, line=2))) == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_line_end_is_part_of_a_character_however_damaged_the_bytes_before_it(encoding):
    """Every beginning of a character of up to three bytes, with bytes that could go on after it."""
    leads = [bytes([one]) for one in range(128, 256)]
    pairs = [
        one + bytes([two]) for one in leads for two in (*range(0x30, 0x3A), 0x40, 0x80, 0x81, 0xBF, 0xFE)
    ]
    triples = [pair + bytes([three]) for pair in pairs for three in (0x30, 0x81, 0xBF, 0xFE)]
    for before, end in product([*leads, *pairs, *triples], [b"\n", b"\r"]):
        after = "0中,".encode(encoding)
        whole = (before + end + after).decode(encoding, "chuanyu_damage")
        assert whole == decoded(before + end, Encoding(encoding)) + "0中,"
        alone = (before + end).decode(encoding, "chuanyu_damage")
        assert DAMAGE in alone or whole == alone + "0中,"


def test_damage_is_marked_in_a_part_as_in_the_whole(file, monkeypatch):
    monkeypatch.setattr(quoting, "LINES", 2)
    path = file("张,b\n".encode("gb18030") * 9 + b"\xd6,b\n\x81\nc,\x810\n\0\n" + b"d,e\n" * 9)
    assert rows(path, 30) == rows(path)
    assert not any(DAMAGE in str(row) for row in rows(path, 30))
