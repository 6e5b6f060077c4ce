"""The source cq_pengshui keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestPengshui(SourceSuite):
    source = "cq_pengshui"
    folder = Path(__file__).parent
