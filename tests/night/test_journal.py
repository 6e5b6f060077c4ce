"""The record of a run: complete, by its published schema, for its owner only."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from etl_core import config
from etl_core.night import journal
from etl_core.protocol import Problem, SourceFacts
from etl_core.records import Counts, Outcome, Place

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "schemas" / "run.schema.json").read_text("utf-8"))
BEGAN = datetime(2026, 11, 1, 18, 30, tzinfo=UTC)
COURSE = journal.Course("0" * 32, BEGAN, BEGAN + timedelta(seconds=3), 3.0, None, 3)
OUTCOMES = (
    Outcome(
        "a.csv",
        "suitong",
        "loaded",
        Counts(3, 1, 1, 1, 2, {"header": 1}, {"hours.range": 1}, {}),
        place=Place("2023H2-1", (2023, 2), "2023H2"),
        inserted=2,
        fingerprint="a" * 64,
        seconds=1.5,
    ),
    Outcome("b.csv", None, "failed", error="unrecognised", detail={"nearest": "suitong"}),
    Outcome("c.csv", None, "unchanged", fingerprint="c" * 64),
    Outcome("d.csv", None, "revoked", fingerprint="d" * 64),
    Outcome("e.csv", "suitong", "rejected", Counts(1, 0, 1, 0), "too_many_errors", fingerprint="e" * 64),
)
FACTS = SourceFacts("suitong", "t", "a", "append", ("person",), (), 0.2, "etl-source-suitong 0.1.0")


def configured(folder: Path, more: str = "") -> config.Config:
    path = folder / "pipeline.yaml"
    text = "warehouse: {url: 'sqlite:///w.sqlite'}\nkey_file: k\ninbox: [in]\n" + more
    path.write_text(text, encoding="utf-8")
    return config.load(path, {})


@pytest.fixture
def record(tmp_path) -> journal.Document:
    problem = Problem("broken", "etl-source-broken", "1.0", "import_failed: x")
    return journal.document(COURSE, configured(tmp_path), OUTCOMES, [FACTS], [problem])


def test_a_record_is_as_its_published_schema_says(record):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(json.dumps(record)), SCHEMA)
    assert set(found(SCHEMA, "result")[0]["enum"]) == {each.result for each in OUTCOMES}


def found(schema: object, name: str) -> list[dict]:
    """Every property of this name in a schema."""
    if isinstance(schema, list):
        return [one for each in schema for one in found(each, name)]
    if not isinstance(schema, dict):
        return []
    mine = [schema[name]] if isinstance(schema.get(name), dict) else []
    return mine + [one for each in schema.values() for one in found(each, name)]


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_the_schema_misses_whatever_is_left_out(record, name):
    del record[name]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, SCHEMA)


def test_the_schema_refuses_what_it_does_not_know(record):
    record["deliveries"][0]["cells"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, SCHEMA)


def test_a_record_says_what_became_of_every_delivery_and_sums_it_by_source(record):
    assert [each["result"] for each in record["deliveries"]] == [
        "loaded",
        "failed",
        "unchanged",
        "revoked",
        "rejected",
    ]
    assert record["deliveries"][1]["error"] == "unrecognised"
    assert record["deliveries"][0]["fingerprint"] == "a" * 64
    assert record["results"] == {"failed": 1, "loaded": 1, "rejected": 1, "revoked": 1, "unchanged": 1}
    assert record["sources"] == {
        "suitong": {
            "read": 4,
            "loaded": 1,
            "quarantined": 2,
            "skipped": 1,
            "records": 2,
            "inserted": 2,
            "updated": 0,
            "withdrawn": 0,
        }
    }
    assert record["plugins"] == {"suitong": "etl-source-suitong 0.1.0"}


def test_the_settings_fingerprint_follows_the_settings_and_not_the_secrets(tmp_path):
    plain = journal.fingerprint(configured(tmp_path))
    assert journal.fingerprint(configured(tmp_path)) == plain
    assert journal.fingerprint(configured(tmp_path, "settle_seconds: 9\n")) != plain
    secret = "alerts: {{webhook: {{url: 'https://example.org/{}'}}}}\n"
    one, other = (journal.fingerprint(configured(tmp_path, secret.format(token))) for token in "ab")
    assert one == other


def test_a_record_is_a_whole_file_of_its_owners_and_comes_back(record, tmp_path):
    folder = tmp_path / "runs"
    path = journal.write(record, folder)
    assert path.name == "20261101T183000.000Z-00000000.json"
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert journal.kept(folder) == [json.loads(json.dumps(record))]
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_a_folder_that_takes_no_file_leaves_no_draft(record, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "full")

    monkeypatch.setattr(journal.os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        journal.write(record, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_what_is_no_record_is_left_alone_and_the_newest_one_is_found(record, tmp_path):
    (tmp_path / "a.json").write_text("{cut")
    (tmp_path / "z.json").write_text("[]")
    assert journal.kept(tmp_path) == []
    assert journal.last(tmp_path) is None
    journal.write(record, tmp_path)
    later = {**record, "run_id": "1" * 32, "started_at": "2026-11-02T18:30:00.000Z"}
    journal.write(later, tmp_path)
    assert journal.last(tmp_path)["run_id"] == "1" * 32
    assert journal.last(tmp_path, lambda one: one["run_id"][0] == "0")["run_id"] == "0" * 32


def test_what_a_killed_run_was_writing_is_gone_when_it_is_old(record, tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    for name, moment in ((".old.json.1", 0), (".new.json.2", time.time())):
        (runs / name).write_text("{")
        os.utime(runs / name, (moment, moment))
    path = journal.write(record, runs)
    assert {each.name for each in runs.iterdir()} == {path.name, ".new.json.2"}
