"""Mendings: what a child does with a workbook of refused rows that comes back (docs/mending.md), and how it makes one.

A mending says nothing of its own about period, version or title: it is read with the tables of the delivery that it mends,
as if its rows stood there. A masked cell stands for the cell that was masked, and that is known from the original alone.

original ─► versions ─► overlay, excerpt          lexicon
"""

from __future__ import annotations

from etl_core.mending.excerpt import excerpts
from etl_core.mending.lexicon import lexicon
from etl_core.mending.overlay import mended
from etl_core.mending.sheets import sent
from etl_core.mending.versions import Versions, marked, versions

__all__ = ["Versions", "excerpts", "lexicon", "marked", "mended", "sent", "versions"]
