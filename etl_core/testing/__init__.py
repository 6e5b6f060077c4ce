"""The conformance kit: what every source plugin must prove, inherited in nine lines.

    from pathlib import Path
    from etl_core.testing import SourceSuite

    class TestBeibei(SourceSuite):
        source = "cq_beibei"
        folder = Path(__file__).parent

`folder` holds samples/ (synthetic deliveries) and golden/ (what must become of them; see golden.py). Nothing is ever written there.
"""

from __future__ import annotations

from etl_core.testing.suite import SourceSuite

__all__ = ["SourceSuite"]
