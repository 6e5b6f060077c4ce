"""Deliveries read by the workers of a Dask cluster: the same jobs, the same answers, the same warehouse.

Only the parent has the person key and the warehouse. What parent and workers hand to each other lies sealed in a place that
all of them reach, under a key of the run that travels inside the tasks (docs/cluster.md).
"""

from __future__ import annotations

from etl_core.cluster.parent import Cluster

__all__ = ["Cluster"]
