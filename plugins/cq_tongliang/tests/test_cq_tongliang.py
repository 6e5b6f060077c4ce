"""The source cq_tongliang keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestTongliang(SourceSuite):
    source = "cq_tongliang"
    folder = Path(__file__).parent
