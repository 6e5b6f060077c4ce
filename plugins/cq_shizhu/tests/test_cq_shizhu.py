"""The source cq_shizhu keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestShizhu(SourceSuite):
    source = "cq_shizhu"
    folder = Path(__file__).parent
