"""Random bytes, random cuts and random changes of every container give Grids or a delivery error, never anything else."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.readers import ReadOptions, called, read
from etl_core.records import Grid
from etl_schemas import reasons
from tests.containers import CONTAINERS, gzipped, layout, zipped

HEADER = ("XM", "XS")


def bundled(pages: int) -> bytes:
    """A folder of pages as the inbox packs it."""
    told = io.BytesIO()
    with tarfile.open(fileobj=told, mode="w") as whole:
        for at in range(pages):
            entry = tarfile.TarInfo(f"p{at}.json")
            entry.size = len(page(at))
            whole.addfile(entry, io.BytesIO(page(at)))
    return told.getvalue()


def page(at: int) -> bytes:
    """A page of a pull, which has records of its own."""
    items = [dict(zip(HEADER, row, strict=True)) for row in ROWS[at * 10 : at * 10 + 10]]
    return json.dumps({"totalCount": len(ROWS), "items": items}, ensure_ascii=False).encode()


ROWS = [[f"测试{at}", str(at)] for at in range(30)]
PLAIN = {kind: make(HEADER, ROWS) for kind, make in CONTAINERS.items()}
SAMPLES = {
    **PLAIN,
    **{f"{kind}.gz": gzipped(data) for kind, data in PLAIN.items()},
    **{f"{kind}.zip": zipped({f"甲.{kind}": data}) for kind, data in PLAIN.items()},
    "several.zip": zipped({f"甲.{kind}": data for kind, data in PLAIN.items()}),
    "folder": bundled(3),
    "pull.zip": zipped({f"p{at}.json": page(at) for at in range(3)}),
}
OPTIONS = {"txt": ReadOptions(fixed=layout(HEADER)), "ndjson": ReadOptions(lines=True)}

# Of these a cut loses the end only; of all others the whole (ruling 17).
LINES = {"csv", "txt", "ndjson"}

MARKS = [
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"<?xml ?>",
    b"<html>",
    b"{",
    b"[",
    b"\x03",
]

relaxed = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def outcome(path: Path, kind: str = "") -> str:
    """The delivery code, or nothing where there are rows; whatever else is raised fails the test."""
    options = OPTIONS.get(kind.partition(".")[0])
    called(path, f"甲.{kind}")
    try:
        for grid in read(path, options, name=f"甲.{kind}"):
            assert isinstance(grid, Grid)
            assert grid.rows.height > 0
    except DeliveryError as fault:
        assert reasons.severity(fault.code) == "delivery"
        assert fault.__cause__ is None
        assert all("测试" not in str(value) for value in fault.detail.values())
        return fault.code
    return ""


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_sample_has_rows(file: Callable[[bytes], Path], kind: str) -> None:
    assert outcome(file(SAMPLES[kind]), kind) == ""


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(MARKS), st.binary(max_size=200))
def test_random_bytes_are_rows_or_a_delivery_error(
    file: Callable[[bytes], Path], mark: bytes, data: bytes
) -> None:
    for options in (*OPTIONS, ""):
        outcome(file(mark + data), options)


@pytest.mark.parametrize("kind", SAMPLES)
@relaxed
@given(st.floats(0, 1, exclude_max=True))
def test_a_cut_container_is_unreadable_and_cut_text_keeps_its_good_rows(
    file: Callable[[bytes], Path], kind: str, share: float
) -> None:
    data = SAMPLES[kind]
    end = int(share * len(data))
    told = outcome(file(data[:end]), kind)
    if kind in LINES:
        assert told in ("", "empty")
    elif kind == "folder":
        assert told in ("", "unreadable", "empty", "not_settled")
    elif end >= 64 and end < len(data.rstrip(b"\x1a")) and b"</table>" not in data[:end]:
        assert told == "unreadable"


@pytest.mark.parametrize("kind", SAMPLES)
@relaxed
@given(st.data())
def test_changed_bytes_are_rows_or_a_delivery_error(
    file: Callable[[bytes], Path], kind: str, data: st.DataObject
) -> None:
    changed = bytearray(SAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not changed:
            break
    outcome(file(bytes(changed)), kind)
