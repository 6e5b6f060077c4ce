"""The configuration of a pipeline: YAML with marks, a frozen typed model, every fault at once."""

from __future__ import annotations

from etl_core.config.document import Document
from etl_core.config.load import check_sources, load, read, validate
from etl_core.config.model import Config, Dask, Limits, Log, Plugins, Publish, SourceSettings, Warehouse
from etl_core.config.night import Alerts, Due, Lineage, Mail, Metrics, Runs, Webhook
from etl_core.config.places import consulted, written
from etl_core.config.pulls import Bounds, Pages, Pull, Remote, Rest, Sql, named
from etl_core.config.url import private

__all__ = [
    "Alerts",
    "Bounds",
    "Config",
    "Dask",
    "Document",
    "Due",
    "Limits",
    "Lineage",
    "Log",
    "Mail",
    "Metrics",
    "Pages",
    "Plugins",
    "Publish",
    "Pull",
    "Remote",
    "Rest",
    "Runs",
    "SourceSettings",
    "Sql",
    "Warehouse",
    "Webhook",
    "check_sources",
    "consulted",
    "load",
    "named",
    "private",
    "read",
    "validate",
    "written",
]
