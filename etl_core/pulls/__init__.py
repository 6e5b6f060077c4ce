"""Deliveries that nobody brings: fetched from a service, a database or a remote folder, and landed as bytes.

    every ─► rest ─► asking (the network), pages (what an envelope says)
          ├► sql ──► values (exact texts)              ─► landing: a hidden part that grows, then one rename
          └► remote ► stores (the network)

A pull never reads records: what it lands is a delivery like any other, walked, fingerprinted, parsed in the child and
entered in the ledger as if a person had put it there. Beside the cluster, this is the only place that reaches a network.
"""

from __future__ import annotations

from etl_core.pulls.every import pull
from etl_core.pulls.outcome import Meter, Progress, Pulled

__all__ = ["Meter", "Progress", "Pulled", "pull"]
