"""A mending beside a cluster."""

from __future__ import annotations

from pathlib import Path

from etl_core.cluster import Cluster
from etl_core.config import Dask
from etl_core.inbox import single, workroom
from etl_core.loading import Loading, Scope
from etl_core.protocol import Hello
from tests.mending.agency import Office, samples
from tests.nodes import nodes


class Nobody:
    """Who need not be told."""

    def started(self, name: str) -> None: ...

    def advanced(self, rows: int) -> None: ...

    def finished(self, outcome: object) -> None: ...


def test_a_mending_is_read_on_the_machine_that_starts_the_run(office: Office, tmp_path: Path):
    """It wants several files at once, of which the cluster's workers have one."""
    office.take(samples("cq_beibei")[-1])
    ((of, path),) = office.workbooks("cq_beibei")
    with nodes(tmp_path) as running, workroom() as room:
        dask = Dask.model_validate({"address": running.address, "staging": f"file://{tmp_path / 'staging'}"})
        with Cluster(Hello(2048), 120, dask) as cluster:
            loading = Loading(cluster, office.warehouse, Nobody(), Scope(), archive=office.archive)
            (outcome,) = loading.outcomes(iter([single(path, room)]))
    assert (outcome.result, outcome.counts.quarantined) == ("loaded", len(of.faults))
