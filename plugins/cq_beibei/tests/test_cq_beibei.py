"""The source cq_beibei keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestBeibei(SourceSuite):
    source = "cq_beibei"
    folder = Path(__file__).parent
