from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core.config import Rest
from etl_core.errors import PullError
from etl_core.pulls.pages import envelope, found
from tests.pulls.conftest import Pulling, Told
from tests.web import table, web


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", {"a": {"b.c": 1, "d": [2]}, "@odata.nextLink": "x"}),
        ("a.d", [2]),
        ("a.b.c", 1),
        ("@odata.nextLink", "x"),
        ("a.d.e", None),
        ("nowhere", None),
        ("a.nowhere.c", None),
    ],
)
def test_a_path_leads_to_what_stands_under_it(path, value):
    assert found({"a": {"b.c": 1, "d": [2]}, "@odata.nextLink": "x"}, path) == value


@pytest.mark.parametrize("total", ["-1", "1.5", '"many"', "null", "true", "1e3", "9" * 5000])
def test_a_total_is_a_whole_number(total):
    rest = Rest(url="https://h/x", items="items", total="total")
    with pytest.raises(PullError, match=r"pull\.unreadable column=total"):
        envelope(rest, b'{"items": [], "total": %s}' % total.encode())
    assert envelope(rest, b'{"items": [1], "total": "7"}').total == 7


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text(max_size=3), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_no_body_raises_anything_but_a_pull_error(body):
    try:
        read = envelope(Rest(url="https://h/x"), body)
    except PullError as fault:
        assert fault.code == "pull.unreadable"
    else:
        assert read.items == len(json.loads(body))


@settings(max_examples=25)
@given(
    count=st.integers(1, 40),
    size=st.integers(1, 15),
    by=st.sampled_from(["number", "offset", "cursor", "link"]),
    total=st.sampled_from([None, "data.totalCount"]),
    stops=st.lists(st.integers(1, 5), max_size=2),
)
def test_whatever_the_pages_and_however_often_it_is_stopped_every_record_comes_once(
    count, size, by, total, stops
):
    pages = {"by": by, **({"next": "data.cursor"} if by == "cursor" else {})}
    with tempfile.TemporaryDirectory() as folder, web(table(count, size, by)) as running:
        pulling = Pulling(Path(folder))
        rest = {
            "url": f"{running.url}/x",
            "items": "data.items",
            "total": total,
            "rate": 1000,
            "pages": pages,
        }
        whole: list[str] = []
        for stop in stops:
            with suppress(KeyboardInterrupt):
                pulling(Told(stop_after=stop), rest=rest)
                whole = ["pull"]
            # A pull that was stopped leaves nothing of its own, and what an earlier one brought stays.
            assert pulling.deliveries() == whole
        pulled = pulling(rest=rest)
        assert pulled.error is None
        (name,) = pulling.deliveries()
        bodies = [json.loads(path.read_bytes()) for path in sorted((pulling.landing / name).iterdir())]
    assert [int(each["id"]) for body in bodies for each in body["data"]["items"]] == list(range(count))
