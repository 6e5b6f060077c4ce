"""W(all, revoke x) = W(all − x): whatever deliveries of the agencies came, in whatever order, and whichever of them are revoked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_core.loading import begun
from etl_core.testing.bench import KEYS, load
from etl_core.warehouse import Warehouse
from tests.services import Server
from tests.test_again import content
from tests.test_deliveries import SAMPLES

MODIFIED = 1.76e9

# One source of each way of adding up, and one whose teachers another one knows; the largest file is left to other tests.
SMALL = [
    path
    for path in SAMPLES
    if path.parts[-4] in ("cq_beibei", "sc_credit", "suitong", "cq_shipei", "cq_tongliang")
]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def fresh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Iterator[str]]:
    """Addresses of fresh warehouses, of each kind of database."""
    if request.param == "sqlite":
        return lambda: iter([f"sqlite:///{tmp_path_factory.mktemp('w') / 'w.sqlite'}"])
    server: Server = request.getfixturevalue("postgres_server")

    def databases() -> Iterator[str]:
        with server.database() as url:
            yield url

    return databases


def revoked(into: Warehouse, files: Iterable[Path]) -> None:
    names = {file.name for file in files}
    for line in into.deliveries().iter_rows(named=True):
        if line["file"] in names:
            with into.revoking(line["delivery_id"], begun()):
                pass


def state(url: str) -> dict[str, list[str]]:
    return {name: lines for name, lines in content(url).items() if name != "alembic_version"}


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_revoked_was_never_there(fresh: Callable[[], Iterator[str]], data: st.DataObject) -> None:
    came = data.draw(st.lists(st.sampled_from(SMALL), min_size=2, max_size=5, unique=True))
    gone = [each for each in came if data.draw(st.booleans())] or came[:1]
    rest = data.draw(st.permutations([each for each in came if each not in gone]))
    states = []
    for files, undone in ((came, gone), (rest, [])):
        for url in fresh():
            with Warehouse.open(url, KEYS) as into:
                load(into, files, MODIFIED)
                revoked(into, undone)
            states.append(state(url))
    assert states[0] == states[1]
