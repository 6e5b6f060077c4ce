"""What the tests of the readers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from etl_core.records import Grid

Row = tuple[int, tuple[str | None, ...]]


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes bytes to a file whose name tells nothing."""

    def write(data: bytes) -> Path:
        path = tmp_path / "delivery"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture(scope="session")
def listed() -> Callable[[Iterable[Grid]], list[Row]]:
    """Row number and cells of every row, without the null cells at its end."""

    def trim(cells: tuple[str | None, ...]) -> tuple[str | None, ...]:
        end = len(cells)
        while end and cells[end - 1] is None:
            end -= 1
        return cells[:end]

    return lambda grids: [(row[0], trim(row[4:])) for grid in grids for row in grid.rows.iter_rows()]


@pytest.fixture(scope="session")
def faults() -> Callable[[Iterable[Grid]], list[tuple[int, str, int | None]]]:
    """Row, fault and fault_at of every faulty row."""
    return lambda grids: [
        (row, fault, at)
        for grid in grids
        for row, fault, at in grid.rows.select("row", "fault", "fault_at").iter_rows()
        if fault
    ]
