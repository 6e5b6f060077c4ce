"""Lineage events in the format of OpenLineage, by its own client: which deliveries a run read, and what it wrote."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl_core.config import Lineage

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent
    from openlineage.client.transport import Transport

    from etl_core.night.journal import Document

JOB = "etl.run"
TABLE = "training_record"
PATIENCE = 20.0  # seconds for the receiver of an event
READ = ("loaded", "rejected")


def emit(document: Document, settings: Lineage) -> None:
    """Tell the beginning and the end of a run. Raises whatever the client does where it cannot.

    ModuleNotFoundError where the extra `lineage` is not installed.
    """
    from openlineage.client import OpenLineageClient

    client = OpenLineageClient(transport=_transport(settings))
    for state, moment in (("START", "started_at"), (_end(document), "finished_at")):
        client.emit(_event(document, settings.namespace, state, document[moment]))
    client.close()


def _end(document: Document) -> str:
    return "FAIL" if document["broken"] else "COMPLETE"


def _transport(settings: Lineage) -> Transport:
    if settings.file is not None:
        from openlineage.client.transport.file import FileConfig, FileTransport

        Path(settings.file).parent.mkdir(parents=True, exist_ok=True)
        return FileTransport(FileConfig(str(settings.file), append=True))
    from openlineage.client.transport.http import HttpConfig, HttpTransport

    wanted: dict[str, Any] = {"url": settings.url, "timeout": PATIENCE, "retry": {"total": 1}}
    if settings.api_key is not None:
        wanted["auth"] = {"type": "api_key", "apiKey": settings.api_key.get_secret_value()}
    return HttpTransport(HttpConfig.from_dict(wanted))


def _event(document: Document, namespace: str, state: str, moment: str) -> RunEvent:
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

    over = state != "START"
    return RunEvent(
        eventType=RunState[state],
        eventTime=moment,
        run=Run(str(uuid.UUID(document["run_id"]))),
        job=Job(namespace, JOB),
        producer=f"urn:chuanyu-etl:{document['software']['chuanyu-etl']}",
        inputs=_inputs(document, namespace) if over else [],
        outputs=[_output(document, namespace)] if over else [],
    )


def _inputs(document: Document, namespace: str) -> list[InputDataset]:
    """The deliveries that were read to their end, by source and content: a file's name may name a person."""
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as quality

    return [
        InputDataset(
            namespace,
            f"{each['source']}/{each['fingerprint']}",
            inputFacets={
                "dataQualityMetrics": quality.DataQualityMetricsInputDatasetFacet(
                    rowCount=each["read"], columnMetrics={}
                )
            },
        )
        for each in document["deliveries"]
        if each["result"] in READ
    ]


def _output(document: Document, namespace: str) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    records = sum(each["records"] for each in document["sources"].values())
    facet = statistics.OutputStatisticsOutputDatasetFacet(rowCount=records)
    return OutputDataset(namespace, TABLE, outputFacets={"outputStatistics": facet})
