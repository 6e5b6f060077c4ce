"""NDJSON: one object a line, of which a broken one costs no other."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, ndjson, read

LINES = ReadOptions(lines=True)


def told(path, options=None, batch=50_000):
    """Row, fault, its cell and the record of every row."""
    found = []
    for grid in read(path, options, batch):
        for row in grid.rows.iter_rows(named=True):
            cells = {
                header: row[f"c{at}"] for at, header in enumerate(grid.headers) if row[f"c{at}"] is not None
            }
            found.append((row["row"], row["fault"], row["fault_at"], cells))
    return found


def code(path, options=None):
    with pytest.raises(DeliveryError) as caught:
        list(read(path, options))
    return caught.value.code


def record(at):
    return {"id": str(at), "姓名": f"测试{at}"}


A, B, C = (json.dumps(record(at), ensure_ascii=False) for at in (1, 2, 3))


@pytest.mark.parametrize("broken", ['{"id": "2", "姓', '{"id": "2",}', "垃圾", "[1]", "7", "{}"])
def test_a_broken_line_is_malformed_and_the_others_load(file, broken):
    rows = told(file(f"{A}\n{broken}\n\n{C}\n".encode()))
    assert [row[:3] for row in rows] == [
        (1, None, None),
        (2, "row.malformed", None),
        (3, None, None),
        (4, None, None),
    ]
    assert (rows[0][3], rows[2][3], rows[3][3]) == (record(1), {}, record(3))
    assert list(rows[1][3].values()) == [broken]


def test_the_last_line_of_a_cut_file_is_malformed(file):
    whole = f"{A}\n{B}\n{C}\n".encode()
    for end in range(len(A.encode()) + 3, len(whole) - 2):
        rows = told(file(whole[:end]))
        assert rows[0] == (1, None, None, record(1))
        assert {fault for _, fault, _, _ in rows[1:]} <= {None, "row.malformed", "text.undecodable"}


def test_an_undecodable_line_has_no_column(file):
    data = f"{A}\n{B}\n{C}\n".encode().replace("测试2".encode(), "测试".encode()[:-1] + b"2")
    assert [row[:3] for row in told(file(data))] == [
        (1, None, None),
        (2, "text.undecodable", None),
        (3, None, None),
    ]


@pytest.mark.parametrize("hidden", ["\\u0000", "\\ud800"])
def test_what_is_no_text_is_not_let_in_by_an_escape(file, hidden):
    rows = told(file(f'{A}\n{{"id": "x{hidden}"}}\n'.encode()))
    assert rows[1] == (2, "text.undecodable", None, {"id": "x\ufffd"})
    document = told(file(f'[{A}, {{"姓名": "x{hidden}"}}]'.encode()))
    assert document[1] == (2, "text.undecodable", 1, {"姓名": "x\ufffd"})


def test_lines_of_an_agency_that_writes_gb18030_are_read(file):
    assert told(file(f"{A}\n{B}\n".encode("gb18030")))[1][3] == record(2)


def test_a_broken_first_line_costs_no_other_where_most_are_whole(file):
    rows = told(file(f'{{"id": "1", "姓\n{B}\n{C}\n'.encode()))
    assert [row[1] for row in rows] == ["row.malformed", None, None]


@pytest.mark.parametrize("lines", [[A], ['{"id": "1", "姓', B], ['{"id": ']])
def test_what_content_leaves_open_the_source_says(file, lines):
    path = file("\n".join(lines).encode())
    assert code(path) == "unreadable"
    assert len(told(path, LINES)) == len(lines)


def test_headers_of_later_lines_come_when_they_are_met(file, monkeypatch):
    monkeypatch.setattr(ndjson, "SETTLED", 1)
    grids = list(read(file(f'{A}\n{{"more": "x"}}\n'.encode()), batch=1))
    assert [grid.headers for grid in grids] == [("id", "姓名"), ("id", "姓名", "more")]
    assert told(file(f'{A}\n{{"more": "x"}}\n'.encode()), batch=1) == [
        (1, None, None, record(1)), (2, None, None, {"more": "x"}),
    ]  # fmt: skip


def test_empty_lines_at_the_end_do_not_exist_and_an_empty_file_of_lines_is_empty(file):
    assert len(told(file(f"{A}\n{B}\n\n \n".encode()))) == 2
    assert code(file(b"\n\n"), LINES) == "empty"


@pytest.mark.parametrize("line", ["[" * 100_000, json.dumps({f"f{at}": 1 for at in range(1001)})])
def test_a_record_beyond_all_measure_is_unsafe(file, line):
    assert code(file(f"{A}\n{line}\n".encode())) == "unsafe"


def test_a_line_beyond_all_measure_is_unsafe(file, monkeypatch):
    monkeypatch.setattr(ndjson, "LONGEST", 1 << 10)
    assert code(file(f'{A}\n{{"id": "{"x" * 2000}'.encode())) == "unsafe"


RECORDS = st.lists(
    st.fixed_dictionaries({"id": st.text('ab,{}[]"\\ \n', max_size=4)}), min_size=1, max_size=4
)
STYLES = st.sampled_from(["one", "pretty", "a record a line", "commas first"])


def written(records, style, wrapped):
    if style in ("one", "pretty"):
        told = {"items": records} if wrapped else records
        return json.dumps(told, indent=2 if style == "pretty" else None)
    comma = ",\n" if style == "a record a line" else "\n,\n"
    body = comma.join(map(json.dumps, records))
    return f'{{"items": [\n{body}\n]}}' if wrapped else f"[\n{body}\n]"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECORDS, STYLES, st.booleans(), st.floats(0, 1))
@example([{"id": ""}], "a record a line", True, 0.85)
def test_a_document_that_was_cut_is_unreadable_as_a_whole_however_it_was_written(
    file, records, style, wrapped, share
):
    whole = written(records, style, wrapped)
    assert len(told(file(whole.encode()))) == len(records)
    end = max(1, int(share * len(whole.rstrip())))
    if end < len(whole.rstrip()):
        assert code(file(whole[:end].encode())) == "unreadable"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["good", "", "broken"]), min_size=1, max_size=30), st.integers(1, 9))
def test_every_line_has_its_own_outcome_whatever_the_batch(file, kinds, batch):
    texts = {"good": B, "": "", "broken": B[:9]}
    data = "\n".join([A, *(texts[kind] for kind in kinds), C]).encode()
    rows = told(file(data), batch=batch)
    wanted = {"good": None, "": None, "broken": "row.malformed"}
    assert [(row, fault) for row, fault, _, _ in rows] == list(
        enumerate([None, *(wanted[kind] for kind in kinds), None], 1)
    )
