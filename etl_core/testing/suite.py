"""The suite that a plugin's test inherits; every test's name is the sentence that it proves."""

from __future__ import annotations

import pytest

PARTS = ("balanced", "declared", "drift", "faithful", "hostile", "orderly", "pure", "sturdy")

# Without it a failed assertion of these modules would not show what it compared.
pytest.register_assert_rewrite(*(f"etl_core.testing.{part}" for part in ("case", "shaped", *PARTS)))

from etl_core.testing.balanced import Balance  # noqa: E402
from etl_core.testing.declared import Declaration  # noqa: E402
from etl_core.testing.drift import Drift  # noqa: E402
from etl_core.testing.faithful import Faithfulness  # noqa: E402
from etl_core.testing.hostile import Hostility  # noqa: E402
from etl_core.testing.orderly import Order  # noqa: E402
from etl_core.testing.pure import Purity  # noqa: E402
from etl_core.testing.sturdy import Sturdiness  # noqa: E402


class SourceSuite(Declaration, Faithfulness, Order, Sturdiness, Purity, Drift, Hostility, Balance):
    """Everything that a source plugin must prove: set `source` and `folder` (see case.py)."""
