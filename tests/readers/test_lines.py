from __future__ import annotations

import pytest

from etl_core.readers.lines import rows


def read(data: bytes, *, final: bool = False) -> list[tuple[object, ...]]:
    """Row, width, fault, fault_at and cells."""
    return rows(data, 1, ",", final).frame.rows()


def test_sound_and_broken_records_over_several_lines_stand_in_their_order():
    data = b'1,"a\r\nb"\r\n2,"x"y\r\n3,"c\nd"\r\n4,e\r\n'
    assert read(data) == [
        (1, 2, None, None, "1", "a\r\nb"),
        (3, 2, "row.malformed", None, "2", '"x"y'),
        (4, 2, None, None, "3", "c\nd"),
        (6, 2, None, None, "4", "e"),
    ]


def test_a_line_taken_out_between_a_cr_and_a_lf_leaves_two_line_ends():
    assert [row[:3] for row in read(b'\ra"\n\n')] == [(1, 0, None), (2, 1, None), (3, 0, None)]


@pytest.mark.parametrize("data", [b'a,"",\n', b'"","x\n",""\n', b'"","x""y",\n\n'])
def test_a_quoted_cell_of_no_characters_is_empty(data):
    assert "" not in read(data)[0]


def test_lines_of_a_record_still_open_are_left_unless_they_are_the_last():
    data = b'a,b\n"c\nd\n'
    found = rows(data, 1, ",")
    assert (found.frame.height, found.lines, data[len(data) - found.left :]) == (1, 1, b'"c\nd\n')
    assert [row[2] for row in read(data, final=True)] == [None, "row.malformed", None]


@pytest.mark.parametrize("ends", [(b"\n",) * 3, (b"\r\n",) * 3, (b"\r",) * 3, (b"\r\n", b"\n", b"\r")])
def test_every_line_end_ends_a_line(ends):
    data = b"".join(line + end for line, end in zip((b"a,b", b"", b'"c",d'), ends, strict=True))
    assert read(data) == [(1, 2, None, None, "a", "b"), (2, 0, *[None] * 4), (3, 2, None, None, "c", "d")]
