"""The configuration of a pipeline: YAML with marks, a frozen typed model, every fault at once."""

from __future__ import annotations

from etl_core.config.document import Document
from etl_core.config.load import check_sources, load, read, validate
from etl_core.config.model import Config, Dask, Limits, Log, Plugins, SourceSettings, Warehouse
from etl_core.config.night import Alerts, Due, Lineage, Mail, Metrics, Runs, Webhook
from etl_core.config.url import private

__all__ = [
    "Alerts",
    "Config",
    "Dask",
    "Document",
    "Due",
    "Limits",
    "Lineage",
    "Log",
    "Mail",
    "Metrics",
    "Plugins",
    "Runs",
    "SourceSettings",
    "Warehouse",
    "Webhook",
    "check_sources",
    "load",
    "private",
    "read",
    "validate",
]
