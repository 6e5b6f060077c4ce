"""Figures of the last run for monitoring: a text file in Prometheus' format, which node_exporter collects."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from etl_core.night.journal import Document

ROWS = ("read", "loaded", "quarantined", "skipped", "inserted", "updated", "withdrawn")


def write(document: Document, alerts: int | None, path: Path) -> None:
    """Write the figures of a run record, complete or not at all.

    Raises OSError, and ModuleNotFoundError where the extra `metrics` is not installed.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile

    registry = CollectorRegistry()
    _run(registry, document, alerts)
    _rows(registry, document)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)
    path.chmod(0o644)  # the collector is another user, and nothing of a person is in it


def _run(registry: CollectorRegistry, document: Document, alerts: int | None) -> None:
    finished = datetime.fromisoformat(document["finished_at"].replace("Z", "+00:00")).timestamp()
    figures: dict[str, tuple[str, float]] = {
        "chuanyu_etl_last_run_timestamp_seconds": ("When the last run ended", finished),
        "chuanyu_etl_last_run_duration_seconds": ("How long it took", document["seconds"]),
        "chuanyu_etl_last_run_exit_code": ("Its exit code", document["exit_code"]),
        "chuanyu_etl_last_run_broken": ("Whether it ended before its time", int(bool(document["broken"]))),
        "chuanyu_etl_plugins_refused": ("Plugins that cannot be used", len(document["problems"])),
    }
    if alerts is not None:
        figures["chuanyu_etl_conditions"] = (
            "What is not as it should be: late, shrunken, refused, stopped, inbox, plugin",
            alerts,
        )
    for name, (meaning, value) in figures.items():
        _gauge(registry, name, meaning).set(value)


def _rows(registry: CollectorRegistry, document: Document) -> None:
    deliveries = _gauge(
        registry, "chuanyu_etl_last_run_deliveries", "Deliveries by what became of them", "result"
    )
    for result, number in document["results"].items():
        deliveries.labels(result).set(number)
    rows = _gauge(
        registry, "chuanyu_etl_last_run_rows", "Rows of the last run by outcome", "source", "outcome"
    )
    for source, sums in document["sources"].items():
        for outcome in ROWS:
            rows.labels(source, outcome).set(sums[outcome])


def _gauge(registry: CollectorRegistry, name: str, meaning: str, *labels: str) -> Any:
    from prometheus_client import Gauge

    return Gauge(name, meaning, labels, registry=registry)
