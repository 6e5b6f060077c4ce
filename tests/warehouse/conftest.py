"""An empty warehouse in memory, and one of each kind on disk or server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from etl_core.keys import Keys
from etl_core.warehouse import Warehouse


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    """A warehouse that is gone after the test."""
    with Warehouse.memory() as opened:
        yield opened


@pytest.fixture
def each_warehouse(warehouse_url: str) -> Iterator[Warehouse]:
    """The same test on SQLite and on PostgreSQL."""
    with Warehouse.open(warehouse_url, Keys.random()) as opened:
        yield opened
