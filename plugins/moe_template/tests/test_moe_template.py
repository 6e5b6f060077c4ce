"""The source moe_template keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestTemplate(SourceSuite):
    source = "moe_template"
    folder = Path(__file__).parent
