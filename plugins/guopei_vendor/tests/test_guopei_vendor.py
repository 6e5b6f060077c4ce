"""The source guopei_vendor keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestVendor(SourceSuite):
    source = "guopei_vendor"
    folder = Path(__file__).parent
