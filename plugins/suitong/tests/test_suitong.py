"""The source suitong keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestSuitong(SourceSuite):
    source = "suitong"
    folder = Path(__file__).parent
