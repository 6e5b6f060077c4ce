"""A pipeline over copies of the plugins' samples, run once, and the canaries that stand in their cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.cli.program import Place, configure, etl, samples, settled


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two sources loaded by the real program, whose standard output is a pipe. Nothing writes here afterwards."""
    folder = tmp_path_factory.mktemp("loaded")
    config = configure(folder, log="{file: log/etl.jsonl}")
    for sample in samples("cq_beibei", "suitong"):
        settled(sample, folder / "inbox")
    first = etl("run", "--config", config)
    return Place(
        folder, config, folder / "inbox", folder / "data.sqlite", folder / "log" / "etl.jsonl", first
    )


@pytest.fixture(scope="session")
def canaries() -> set[str]:
    """Names of three characters and whole ID numbers of the persons in the samples."""
    cells = {cell for path in samples("cq_beibei", "suitong") for cell in _persons(path)}
    found = {cell for cell in cells if len(cell) in (3, 18)}
    assert len(found) > 200
    return found


def _persons(path: Path) -> Iterator[str]:
    if path.suffix == ".csv":
        lines = path.read_bytes().decode("gb18030", errors="replace").splitlines()
        table = lines[next(at for at, line in enumerate(lines) if line.startswith("省市,")) :]
        yield from (row["姓名"] for row in csv.DictReader(table) if row.get("姓名"))
        return
    for row in load_workbook(path).worksheets[0].iter_rows(min_row=5, max_col=4, values_only=True):
        yield from (str(cell).strip() for cell in (row[1], row[3]) if cell)
