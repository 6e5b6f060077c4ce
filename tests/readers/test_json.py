"""JSON: pages of a pull, lists of records, lines; every value as it stands in the file."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import read
from etl_core.readers.json import Page, pages
from etl_core.readers.ndjson import COLUMNS
from etl_core.readers.options import ReadOptions


def told(path: Path, batch: int = 50_000) -> list[dict[str, Any]]:
    """Every record as header → text, with its place."""
    found = []
    for grid in read(path, batch=batch):
        assert grid.headers is not None
        for line in grid.rows.iter_rows(named=True):
            cells = {header: line[f"c{at}"] for at, header in enumerate(grid.headers)}
            found.append({"": (grid.file, line["row"]), **cells})
    return found


def write(path: Path, value: Any) -> Path:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def packed(path: Path, **files: Any) -> Path:
    """A folder as the inbox packs it."""
    with tarfile.open(path, "w") as archive:
        for name, value in files.items():
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            entry = tarfile.TarInfo(f"{name}.json")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def test_a_value_is_the_text_of_the_file(tmp_path):
    path = write(
        tmp_path / "a",
        '[{"n": 500199198001010015, "f": 30.50, "e": 5.0E+17, "t": true, "z": null, "s": " x"}]',
    )
    ((record),) = told(path)
    assert record == {
        "": (None, 1),
        "n": "500199198001010015",
        "f": "30.50",
        "e": "5.0E+17",
        "t": "true",
        "z": None,
        "s": " x",
    }


def test_nested_fields_are_named_by_their_path(tmp_path):
    path = write(
        tmp_path / "a", [{"a": {"b": "1"}, "c": [{"d": "2"}, {"d": "3"}], "e": ["x", "y"], "f": [], "g": {}}]
    )
    (record,) = told(path)
    assert record == {
        "": (None, 1),
        "a.b": "1",
        "c[0].d": "2",
        "c[1].d": "3",
        "e": "x;y",
        "f": None,
        "g": None,
    }


def test_the_list_of_records_is_found_wherever_it_stands(tmp_path):
    path = write(tmp_path / "a", {"code": 0, "data": {"items": [{"id": "1"}, {"id": "2"}], "totalCount": 2}})
    assert [record["id"] for record in told(path)] == ["1", "2"]


def test_a_record_on_each_line_has_the_number_of_its_line(tmp_path):
    path = write(tmp_path / "a", '{"id": 1}\n\n{"id": 2, "more": "x"}\n')
    assert told(path) == [
        {"": (None, 1), "id": "1", "more": None},
        {"": (None, 2), "id": None, "more": None},
        {"": (None, 3), "id": "2", "more": "x"},
    ]


def test_a_field_that_only_the_last_page_has_is_a_column_of_every_page(tmp_path):
    path = packed(tmp_path / "a", p1={"items": [{"id": 1}]}, p2={"items": [{"id": 2, "late": "x"}]})
    assert told(path) == [
        {"": ("p1.json", 1), "id": "1", "late": None},
        {"": ("p2.json", 1), "id": "2", "late": "x"},
    ]


def test_a_pull_with_a_missing_page_is_not_settled(tmp_path):
    page = {"totalCount": 3, "items": [{"id": 1}, {"id": 2}]}
    with pytest.raises(DeliveryError) as fault:
        told(packed(tmp_path / "a", p1=page))
    assert (fault.value.code, fault.value.detail) == ("not_settled", {"found": 2, "expected": 3})


def refusal(tmp_path: Path, **files: Any) -> dict[str, Any]:
    with pytest.raises(DeliveryError) as fault:
        told(packed(tmp_path / "a", **files))
    assert fault.value.code == "not_settled"
    return fault.value.detail


def leaf(*ids: int, **beside: Any) -> dict[str, Any]:
    return {"data": {**beside, "items": [{"id": each} for each in ids]}}


def test_a_pull_with_more_records_than_there_are_is_not_settled(tmp_path):
    pages = {f"p{at}": leaf(2 * at, 2 * at + 1, totalCount=3) for at in range(2)}
    assert refusal(tmp_path, **pages) == {"found": 4, "expected": 3}


def test_a_page_that_came_twice_is_told_though_the_number_of_records_is_right(tmp_path):
    pages = {"p1": leaf(1, 2, totalCount=4), "p2": leaf(1, 2, totalCount=4)}
    assert refusal(tmp_path, **pages) == {"page": "p2.json", "other": "p1.json"}


def test_a_page_most_of_whose_records_came_before_is_told(tmp_path):
    pages = {"p1": leaf(1, 2, 3, totalCount=6), "p2": leaf(3, 4, 2, totalCount=6)}
    assert refusal(tmp_path, **pages) == {"page": "p2.json", "other": "p1.json"}


def test_single_records_may_come_again(tmp_path):
    pages = {"p1": leaf(1, 2, 3, 1, totalCount=6), "p2": leaf(3, totalCount=6), "p3": leaf(9, totalCount=6)}
    assert len(told(packed(tmp_path / "a", **pages))) == 6


@pytest.mark.parametrize("name", ["pageIndex", "pageNo", "page"])
def test_a_number_that_two_pages_have_is_told(tmp_path, name):
    pages = {"p1": leaf(1, **{name: 1}), "p2": leaf(2, **{name: 2}), "p3": leaf(3, **{name: "2"})}
    assert refusal(tmp_path, **pages) == {"page": "p3.json", "other": "p2.json"}


def test_pages_that_are_missing_by_their_numbers_are_named(tmp_path):
    pages = {f"p{at}": leaf(at, pageIndex=at, totalPages=6) for at in (2, 5)}
    assert refusal(tmp_path, **pages) == {"missing": "1，3，4，6"}
    assert refusal(tmp_path, p=leaf(1, pageIndex=10**9)) == {"missing": "1，2，3，4，5，6，7，8……"}


@pytest.mark.parametrize("first", [0, 1])
def test_pages_are_counted_from_0_or_from_1(tmp_path, first):
    pages = {f"p{at}": leaf(at, pageIndex=at + first) for at in range(3)}
    assert len(told(packed(tmp_path / "a", **pages))) == 3


def test_what_a_page_counts_of_itself_is_not_the_total(tmp_path):
    pages = {"p1": leaf(1, 2, count=2), "p2": leaf(3, 4, count=2)}
    assert len(told(packed(tmp_path / "a", **pages))) == 4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"items": [{"id": 1}', "unreadable"),
        ('{"items": 3}', "unreadable"),
        ("[1, 2]", "unreadable"),
        ("[]", "empty"),
        ("[" * 100_000, "unsafe"),
        (json.dumps([{f"f{at}": 1 for at in range(COLUMNS + 1)}]), "unsafe"),
    ],
)
def test_what_is_no_list_of_records_is_refused(tmp_path, text, code):
    with pytest.raises(DeliveryError) as fault:
        told(write(tmp_path / "a", text))
    assert fault.value.code == code


def test_a_folder_of_something_else_is_unreadable(tmp_path):
    with pytest.raises(DeliveryError) as fault:
        told(packed(tmp_path / "a", p1=b"a,b\n1,2\n"))
    assert fault.value.code == "unreadable"


def test_pages_of_an_agency_that_writes_gb18030_are_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes('[{"姓名": "测试𬀩"}]'.encode("gb18030"))
    assert told(path)[0]["姓名"] == "测试𬀩"


RECORD = st.dictionaries(
    st.text("ab学", min_size=1, max_size=2),
    st.one_of(
        st.none(), st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=3), st.integers()
    ),
    min_size=1,
)


@given(st.lists(st.lists(RECORD, max_size=4), min_size=1, max_size=4), st.integers(1, 5))
def test_every_record_of_every_page_comes_once_whatever_the_batch(pull, batch):
    pull = [[{**each, "id": f"{at}-{n}"} for n, each in enumerate(page)] for at, page in enumerate(pull)]
    given_pages = [
        Page(f"p{at}", lambda each=each: json.dumps({"items": each}).encode()) for at, each in enumerate(pull)
    ]
    rows = [
        (
            grid.file,
            line["row"],
            {header: line[f"c{at}"] for at, header in enumerate(grid.headers) if line[f"c{at}"] is not None},
        )
        for grid in pages(given_pages, ReadOptions(), batch)
        for line in grid.rows.iter_rows(named=True)
    ]
    wanted = [
        (f"p{at}", number, {name: str(value) for name, value in record.items() if value not in (None, "")})
        for at, each in enumerate(pull)
        for number, record in enumerate(each, 1)
    ]
    assert rows == wanted
