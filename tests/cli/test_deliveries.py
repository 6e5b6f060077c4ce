from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.program import PLUGINS, Place, here, samples

FILE = samples("suitong")[0].name


def golden(file: str) -> list[dict[str, str]]:
    path = PLUGINS / "suitong" / "tests" / "golden" / "expected.csv"
    return [row for row in csv.DictReader(path.open(encoding="utf-8")) if row["file"] == file]


def test_every_delivery_is_listed_with_its_books(loaded: Place):
    shown = here("deliveries", "list", "--config", loaded.config, "--format", "json").output
    lines = [json.loads(line) for line in shown.splitlines()]
    assert len(lines) == 6
    assert all(one["read"] == one["loaded"] + one["quarantined"] + one["skipped"] for one in lines)
    assert {one["result"] for one in lines} == {"loaded"}
    assert "已入库" in here("deliveries", "list", "--config", loaded.config, "--source", "suitong").output


def test_the_rows_of_a_delivery_are_the_golden(loaded: Place):
    shown = here("deliveries", "rows", FILE, "--config", loaded.config).output
    rows = list(csv.DictReader(io.StringIO(shown)))
    assert rows == golden(FILE)
    assert list(rows[0]) == ["file", "sheet", "row", "outcome", "reasons", "warnings", "n_records"]


def test_a_number_names_a_delivery_as_well_and_a_file_is_private(loaded: Place, tmp_path):
    out = tmp_path / "rows.csv"
    lines = here("deliveries", "list", "--config", loaded.config, "--format", "json").output.splitlines()
    number = next(line["delivery_id"] for line in map(json.loads, lines) if line["file"] == FILE)
    assert here("deliveries", "rows", number, "--config", loaded.config, "--out", out).exit_code == 0
    assert list(csv.DictReader(out.open(encoding="utf-8"))) == golden(FILE)
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["999", "no.csv"])
def test_a_delivery_that_is_not_there_is_a_usage_error(loaded: Place, name):
    assert here("deliveries", "rows", name, "--config", loaded.config).exit_code == 2


def test_a_folder_that_is_not_there_is_told_with_its_path(loaded: Place, tmp_path):
    out = tmp_path / "nowhere" / "rows.csv"
    done = here("deliveries", "rows", FILE, "--config", loaded.config, "--out", out)
    assert done.exit_code == 2
    assert f"无法写入｜cannot be written: {out}" in done.stderr
