"""The steps at which a run touches the world, by name, told to Python's own audit hooks (PEP 578).

In a run nobody listens. The sweeps (tests/sweeps) do: they kill, stop or fail a run at every one of them.
"""

from __future__ import annotations

import sys
from typing import Literal, get_args

EVENT = "etl_core.step"

Name = Literal[
    "fingerprinted",  # the bytes of a delivery in an inbox are known
    "copied",  # they lie in the private room
    "claimed",  # a source knows the delivery
    "archived",  # it is kept
    "begun",  # its line is in the ledger, inside the transaction
    "batch",  # some of its rows are on their way into the warehouse
    "staged",  # all of them are
    "counted",  # the books balance
    "settled",  # it is decided which versions stand
    "committing",  # everything is there, and nobody else sees it
    "committed",  # everybody does
    "noted",  # the ledger says that it failed
    "ended",  # the run is over
    "publishing",  # a snapshot is complete, and nobody reads it yet
    "published",  # whoever opens the folder now reads it
]

STEPS: tuple[str, ...] = get_args(Name)


def step(name: Name) -> None:
    """Say that a step was reached."""
    sys.audit(EVENT, name)
