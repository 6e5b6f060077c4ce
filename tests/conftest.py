"""Fixtures of the whole suite: a fresh warehouse of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import mariadb
from tests.services import Server, server
from tests.web import Answer, Web, web

# The time of one example says nothing on a shared machine; where CI is set, its profile stays the base.
settings.register_profile("house", settings(), deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A private PostgreSQL server, one per session (and so one per worker of pytest-xdist)."""
    with server() as running:
        yield running


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """URL of a fresh, empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[mariadb.Server]:
    """A private MariaDB server, one per session; it is pulled from, never loaded into."""
    with mariadb.server() as running:
        yield running


@pytest.fixture
def hook() -> Iterator[Web]:
    """A service that is posted to and says nothing; `asked` has what it heard, `answering` can be changed."""
    with web(lambda _: Answer(status=204)) as running:
        yield running


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'warehouse.sqlite'}"


@pytest.fixture(params=["sqlite", "postgres"])
def warehouse_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh warehouse, once per kind of database that the framework supports."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
