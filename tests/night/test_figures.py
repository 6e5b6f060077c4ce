"""Figures for Prometheus and events for OpenLineage, read back by the tools that they are for."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from etl_core.config import Lineage
from etl_core.night import journal, lineage, metrics
from tests.night.test_journal import COURSE, FACTS, OUTCOMES, configured


@pytest.fixture
def record(tmp_path):
    return journal.document(COURSE, configured(tmp_path), OUTCOMES, [FACTS])


def samples(path) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_textfile_has_the_figures_of_the_run_and_others_can_read_it(record, tmp_path):
    path = tmp_path / "textfile" / "etl.prom"
    metrics.write(record, 2, path)
    found = samples(path)
    assert found["chuanyu_etl_last_run_exit_code",] == 3
    assert found["chuanyu_etl_conditions",] == 2
    assert found["chuanyu_etl_last_run_rows", "quarantined", "suitong"] == 2
    assert found["chuanyu_etl_last_run_deliveries", "failed"] == 1
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in path.parent.iterdir()] == ["etl.prom"]


def test_a_broken_run_is_seen_in_the_figures_and_says_nothing_of_conditions(record, tmp_path):
    path = tmp_path / "etl.prom"
    metrics.write({**record, "broken": "WarehouseError"}, None, path)
    found = samples(path)
    assert found["chuanyu_etl_last_run_broken",] == 1
    assert ("chuanyu_etl_conditions",) not in found


def test_events_go_to_the_file_with_inputs_by_content_and_without_a_file_name(record, tmp_path):
    path = tmp_path / "lineage" / "events.jsonl"
    lineage.emit(record, Lineage(file=path))
    start, end = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == end["run"]["runId"]
    assert [each["name"] for each in end["inputs"]] == [f"suitong/{letter * 64}" for letter in "ae"]
    assert urlsplit(end["producer"]).scheme == "urn"  # the specification wants a URI
    assert end["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert "a.csv" not in path.read_text(encoding="utf-8")


def test_a_broken_run_fails_in_lineage_too(record, tmp_path):
    lineage.emit({**record, "broken": "WarehouseError"}, Lineage(file=tmp_path / "e.jsonl"))
    assert '"eventType": "FAIL"' in (tmp_path / "e.jsonl").read_text(encoding="utf-8")


def test_events_go_to_an_address_with_its_key(record, hook):
    lineage.emit(record, Lineage.model_validate({"url": hook.url, "api_key": "k"}))
    told = [(asked.headers["Authorization"], json.loads(asked.body)["eventType"]) for asked in hook.asked]
    assert told == [("Bearer k", "START"), ("Bearer k", "COMPLETE")]
