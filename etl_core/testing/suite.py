"""The suite that a plugin's test inherits; every test's name is the sentence that it proves."""

from __future__ import annotations

from etl_core.testing.declared import Declaration
from etl_core.testing.faithful import Faithfulness
from etl_core.testing.orderly import Order
from etl_core.testing.sturdy import Sturdiness


class SourceSuite(Declaration, Faithfulness, Order, Sturdiness):
    """Everything that a source plugin must prove: set `source` and `folder` (see case.py)."""
