"""The suite that a plugin's test inherits; every test's name is the sentence that it proves."""

from __future__ import annotations

import pytest

# Without it a failed assertion of these modules would not show what it compared.
pytest.register_assert_rewrite(
    *(f"etl_core.testing.{part}" for part in ("case", "declared", "faithful", "orderly", "sturdy"))
)

from etl_core.testing.declared import Declaration  # noqa: E402
from etl_core.testing.faithful import Faithfulness  # noqa: E402
from etl_core.testing.orderly import Order  # noqa: E402
from etl_core.testing.sturdy import Sturdiness  # noqa: E402


class SourceSuite(Declaration, Faithfulness, Order, Sturdiness):
    """Everything that a source plugin must prove: set `source` and `folder` (see case.py)."""
