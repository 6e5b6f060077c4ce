"""What has arrived: settled regular files of the inbox folders, each as a private copy whose bytes are fixed.

Nothing in an inbox is trusted: a file is opened relative to its folder without following links, judged by
fstat on the open descriptor, and copied into a private room. Nothing in an inbox is ever changed.
"""

from __future__ import annotations

from etl_core.filenames import shown
from etl_core.inbox.arrivals import Refused, Unchanged, arrivals, single
from etl_core.inbox.listing import CLOSED
from etl_core.inbox.room import released, workroom

__all__ = [
    "CLOSED",
    "Refused",
    "Unchanged",
    "arrivals",
    "released",
    "shown",
    "single",
    "workroom",
]
