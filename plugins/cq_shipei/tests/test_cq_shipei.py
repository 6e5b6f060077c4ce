"""The source cq_shipei keeps everything that a source plugin promises."""

from __future__ import annotations

from pathlib import Path

from etl_core.testing import SourceSuite


class TestShipei(SourceSuite):
    source = "cq_shipei"
    folder = Path(__file__).parent
