from __future__ import annotations

import io
import random

import openpyxl
import pytest

from etl_core.errors import DeliveryError
from etl_core.readers import read


def workbook(cells: int) -> bytes:
    book = openpyxl.Workbook()
    for index in range(cells):
        book.active.append([f"张{index}", index])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n,,\n", workbook(0)])
def test_a_delivery_without_a_row_is_empty(data, file):
    with pytest.raises(DeliveryError) as caught:
        list(read(file(data)))
    assert caught.value.code == "empty"


def test_the_content_decides_and_not_the_name(tmp_path, listed):
    (tmp_path / "a.csv").write_bytes(workbook(1))
    (tmp_path / "a.xlsx").write_bytes("张0,0\n".encode())
    assert listed(read(tmp_path / "a.csv")) == listed(read(tmp_path / "a.xlsx")) == [(1, ("张0", "0"))]


def test_a_workbook_cut_anywhere_is_unreadable(file):
    data = workbook(40)
    random.seed(7)
    for end in (4, 8, 100, len(data) - 1, *random.sample(range(8, len(data)), 60)):
        with pytest.raises(DeliveryError) as caught:
            list(read(file(data[:end])))
        assert caught.value.code == "unreadable"


def test_a_workbook_with_a_changed_byte_never_raises_another_error(file):
    data = workbook(40)
    random.seed(8)
    for _ in range(150):
        at = random.randrange(8, len(data))
        try:
            list(read(file(data[:at] + random.randbytes(1) + data[at + 1 :])))
        except DeliveryError as error:
            assert error.code in {"unreadable", "encrypted", "unsafe", "empty"}
            assert error.__cause__ is None
            assert error.__suppress_context__ or error.__context__ is None
