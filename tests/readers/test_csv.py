from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, read
from etl_core.readers import csv as reader

# No tab, no semicolon, no full-width comma: in a table of one column it would be taken for the delimiter.
CELLS = st.text(st.sampled_from('ab, "\n\r.张三。“”0é'), max_size=6)
FREE = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Rows of one width; not every width, so that no cell can pass for a record (quoting.PROOF)."""
    width = draw(st.integers(1, 3))
    return draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12))


def oracle(text: str, delimiter: str = ",") -> list[tuple[int, int, tuple[str | None, ...]]]:
    """Row number, width and cells by Python's csv, which tells the line a record ends on."""
    rows, start = [], 1
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for cells in table:
        rows.append((start, len(cells), tuple(cell or None for cell in cells)))
        start = table.line_num + 1
    while rows and not any(rows[-1][2]):
        rows.pop()
    return rows


def found(path: Path, **sizes: int) -> list[tuple[int, int, tuple[str | None, ...]]]:
    return [
        (row[0], row[1], row[4 : 4 + row[1]])
        for grid in reader.grids(path, ReadOptions(), **sizes)
        for row in grid.rows.iter_rows()
    ]


@FREE
@given(tables(), st.sampled_from(["\r\n", "\n", "\r"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_every_well_formed_table_reads_as_python_reads_it(tmp_path, table, end, quoting):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end, quoting=quoting).writerows(table)
    path = tmp_path / "table"
    path.write_bytes(buffer.getvalue().encode("utf-8-sig"))
    assert found(path) == oracle(buffer.getvalue())


@FREE
@given(st.text(st.sampled_from('a,"\n\r张'), max_size=40), st.integers(1, 9), st.integers(1, 4))
def test_neither_chunk_nor_batch_changes_a_row(tmp_path, listed, faults, text, chunk, batch):
    path = tmp_path / "table"
    path.write_bytes(text.encode("utf-8-sig"))
    whole = list(reader.grids(path, ReadOptions()))
    parts = list(reader.grids(path, ReadOptions(), batch=batch, chunk=chunk))
    assert (listed(parts), faults(parts)) == (listed(whole), faults(whole))
    assert all(grid.rows.height <= batch for grid in parts)


@FREE
@given(
    st.text(st.sampled_from('a,"\n'), max_size=40), st.lists(st.sampled_from(["x,y,z", '"p ""q""",,r', ""]))
)
def test_good_rows_below_any_rubbish_survive(tmp_path, listed, faults, rubbish, below):
    """Beyond the last line that a record begun in the rubbish can reach: one that proves it ended."""
    path = tmp_path / "table"
    path.write_bytes((rubbish + '\nproof,"of","end"\n' + "\n".join(below) + "\nlast,row,here\n").encode())
    grids = list(reader.grids(path, ReadOptions()))
    assert listed(grids)[-1][1] == ("last", "row", "here")
    tail = oracle("\n".join(below) + "\nlast,row,here\n")
    assert [cells for _, cells in listed(grids)][-len(tail) :] == [
        tuple(cells) if any(cells) else () for _, _, cells in tail
    ]
    assert not any(fault for row, fault, _ in faults(grids) if row > rubbish.count("\n") + 2)


def test_the_row_is_the_line_on_which_the_record_starts(file, listed):
    path = file('号,单位\r\n1,"北碚小学\n（东区）"\r\n2,"甲ޙ\r\n乙"\r\n3,丙\r\n'.encode())
    assert listed(read(path)) == [
        (1, ("号", "单位")),
        (2, ("1", "北碚小学\n（东区）")),
        (4, ("2", "甲ޙ\r\n乙")),
        (6, ("3", "丙")),
    ]


def test_an_unclosed_quote_costs_its_own_line_only(file, listed, faults):
    grids = list(read(file(b'a,b\n1,"x\n2,y\n3,z\n4,"p, q"\n')))
    assert listed(grids) == [
        (1, ("a", "b")),
        (2, ("1", '"x')),
        (3, ("2", "y")),
        (4, ("3", "z")),
        (5, ("4", "p, q")),
    ]
    assert faults(grids) == [(2, "row.malformed", None)]


def test_a_quote_that_never_closes_costs_its_own_line_only_across_chunks(file, faults):
    path = file(b'a,b\n1,"x\n' + b"2,y\n" * 5000)
    grids = list(reader.grids(path, ReadOptions(), chunk=1000))
    assert faults(grids) == [(2, "row.malformed", None)]
    assert sum(grid.rows.height for grid in grids) == 5002


def test_two_lost_quotes_swallow_no_record_between_them(file, listed, faults):
    grids = list(read(file(b'1,"x,c,d\n2,y,c,d\n3,z",c,d\n4,w,c,d\n')))
    assert faults(grids) == [(1, "row.malformed", None)]
    assert [cells for row, cells in listed(grids) if row in {2, 4}] == [
        ("2", "y", "c", "d"),
        ("4", "w", "c", "d"),
    ]


def test_text_after_a_closing_quote_is_malformed(file, faults):
    assert faults(read(file(b'1,"x"y\n2,z\n'))) == [(1, "row.malformed", None)]


def test_a_quote_inside_an_unquoted_field_is_text(file, listed, faults):
    grids = list(read(file('1,5" 管,甲"乙"丙\n'.encode())))
    assert (listed(grids), faults(grids)) == ([(1, ("1", '5" 管', '甲"乙"丙'))], [])


def test_a_file_cut_inside_a_quoted_field_keeps_its_good_rows(file, listed, faults):
    grids = list(read(file(b'a,b\n1,"x\ny"\n2,"cut')))
    assert listed(grids)[:2] == [(1, ("a", "b")), (2, ("1", "x\ny"))]
    assert faults(grids) == [(4, "row.malformed", None)]


def test_the_width_is_the_number_of_fields_of_the_record(file):
    rows = next(read(file(b'a,b,c\n1\n1,2\n1,2,3,4\n\n"x,y",,\n'))).rows
    assert rows.get_column("width").to_list() == [3, 1, 2, 4, 0, 3]


def test_one_absurdly_wide_row_is_told_truly_in_bounded_memory(file):
    path = file(b"a,b\n" * 200_000 + b"," * 100_000 + b"\nlast,row\n")
    grids = list(read(path))
    assert max(grid.rows.get_column("width").max() for grid in grids) == 100_001
    assert all(grid.rows.width <= 200 for grid in grids)
    assert grids[-1].rows.tail(1).select("row", "c0", "c1").row(0) == (200_002, "last", "row")


def test_a_row_of_millions_of_fields_keeps_a_bounded_number_of_cells(file):
    rows = next(read(file(b"," * 2_000_000 + b"x\nlast,row\n"))).rows
    assert rows.get_column("width").to_list() == [2_000_001, 2]
    assert rows.width < 20_000


def test_a_line_beyond_all_measure_is_unsafe(file, monkeypatch):
    monkeypatch.setattr(reader, "LONGEST", 1000)
    with pytest.raises(DeliveryError) as caught:
        list(reader.grids(file(b"a,b\n" + b"x" * 5000), ReadOptions(), chunk=100))
    assert caught.value.code == "unsafe"


def test_empty_rows_at_the_end_do_not_exist_and_inner_ones_do(file, listed):
    path = file(b"\n,,\na,b\n\n,\n" + b"\n" * 40 + b"c,d\n,,,\n\n\n")
    grids = list(reader.grids(path, ReadOptions(), batch=3, chunk=5))
    rows = listed(grids)
    assert [row for row, _ in rows] == list(range(1, 47))
    assert [row for row in rows if row[1]] == [(3, ("a", "b")), (46, ("c", "d"))]


def test_a_tab_is_the_delimiter_where_the_first_lines_have_no_comma(file, listed):
    assert listed(read(file("姓名\t单位\n张莹\t校，一\n".encode()))) == [
        (1, ("姓名", "单位")),
        (2, ("张莹", "校，一")),
    ]


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_a_mark_that_every_line_has_as_often_is_the_delimiter_though_cells_hold_commas(mark, file, listed):
    rows = [("姓名", "单位", "学时"), ("张莹", "一校,本部", "1,5"), ("李莹", "二校", "2")]
    data = "\n".join(map(mark.join, rows)).encode()
    assert listed(read(file(data))) == list(enumerate(rows, 1))


def test_marks_inside_the_cells_of_a_table_with_commas_are_text(file, listed):
    """Excel's exports put a tab before a number that shall stay text, and lists are written with semicolons."""
    rows = [("姓名", "证件号", "学科"), ("张莹", "\t1", "语文;数学;科学"), ("李莹", "\t2", "语文;数学;科学")]
    data = "\n".join(map(",".join, rows)).encode()
    assert listed(read(file(data))) == list(enumerate(rows, 1))


def test_a_full_width_mark_between_the_fields_is_named(file):
    data = "姓名，单位，学时\n张莹，一校，8\n李莹，二校，8，补\n".encode("gb18030")
    with pytest.raises(DeliveryError) as fault:
        list(read(file(data)))
    assert (fault.value.code, fault.value.detail) == ("unreadable", {"separator": "，"})


@pytest.mark.parametrize("delimiter", [";", "|", "\t", "^", "]", "\\", "-"])
def test_any_mark_can_be_stated_as_the_delimiter(delimiter, file, listed):
    data = f'a{delimiter}"b{delimiter}c"\n1{delimiter}"x""\ny"\n'.encode()
    assert listed(read(file(data), ReadOptions(delimiter=delimiter))) == [
        (1, ("a", f"b{delimiter}c")),
        (2, ("1", 'x"\ny')),
    ]


def test_grids_never_get_narrower(file):
    path = file(b"a,b,c\n1,2,3\n" + b"x\n" * 5)
    widths = [grid.rows.width for grid in reader.grids(path, ReadOptions(), batch=2, chunk=4)]
    assert widths == sorted(widths)


def test_every_grid_has_the_columns_of_the_contract(file):
    for grid in read(file(b'a,b\n1,"x\ny"\n\n"p,q\n')):
        types = dict(grid.rows.schema)
        assert [str(types.pop(name)) for name in ("row", "width", "fault", "fault_at")] == [
            "Int64",
            "Int64",
            "String",
            "Int64",
        ]
        assert {str(kind) for kind in types.values()} == {"String"}
        assert list(types) == [f"c{index}" for index in range(len(types))]
