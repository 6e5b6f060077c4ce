"""A warehouse in memory, an archive, and a folder for what is sent to and fro."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl_core.archive import Archive
from etl_core.testing.bench import KEYS, warehouse
from tests.mending.agency import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office with nothing in it."""
    with warehouse() as opened:
        yield Office(opened, Archive(tmp_path / "archive", KEYS), tmp_path)
