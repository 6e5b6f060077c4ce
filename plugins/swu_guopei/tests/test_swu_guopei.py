"""The source swu_guopei keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestGuopei(SourceSuite):
    source = "swu_guopei"
    folder = Path(__file__).parent
