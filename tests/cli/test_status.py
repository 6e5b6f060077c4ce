from __future__ import annotations

import csv
import json

import pytest

from tests.cli.program import PLUGINS, Place, configure, here


def test_each_source_is_told_with_its_last_delivery_and_what_waits(loaded: Place):
    done = here("status", "--config", loaded.config, "--format", "json")
    lines = {line["source"]: line for line in map(json.loads, done.output.splitlines())}
    assert done.exit_code == 0
    assert lines.keys() == {"cq_beibei", "suitong"}
    beibei = lines["cq_beibei"]
    assert (beibei["label"], beibei["read"], beibei["deliveries"]) == ("2023秋-1", 98, 3)
    assert (beibei["current"], beibei["withdrawn"], beibei["open"], beibei["refused"]) == (463, 4, 4, 0)


@pytest.mark.parametrize("source", ["cq_beibei", "suitong"])
def test_the_measures_are_the_goldens_in_their_order(loaded: Place, tmp_path, source):
    out = tmp_path / "measures.csv"
    assert here("status", "--config", loaded.config, "--source", source, "--measures", out).exit_code == 0
    golden = PLUGINS / source / "tests" / "golden" / "expected_state.csv"
    assert list(csv.reader(out.open(encoding="utf-8"))) == list(csv.reader(golden.open(encoding="utf-8")))
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_source_that_never_delivered_is_told_so(loaded: Place):
    done = here("status", "--config", loaded.config, "--source", "moe_template")
    assert done.exit_code == 0
    assert done.stderr == "还没有报送\n"


def test_a_refused_file_is_counted_under_no_source(tmp_path):
    config = configure(tmp_path)
    (tmp_path / "inbox" / "名单.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert here("run", "--config", config).exit_code == 3
    (line,) = map(json.loads, here("status", "--config", config, "--format", "json").output.splitlines())
    assert (line["source"], line["refused"], line["current"]) == (None, 1, 0)
