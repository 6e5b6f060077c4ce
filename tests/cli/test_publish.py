"""`etl publish`, and the snapshot that a run leaves."""

from __future__ import annotations

import json
import shutil

from etl_core.warehouse import Warehouse
from tests.cli.program import configure, etl, here, samples, settled


def placed(folder, **more):
    config = configure(folder, **more)
    for sample in samples("cq_beibei"):
        settled(sample, folder / "inbox")
    return config


def test_a_run_publishes_what_changed_and_the_next_what_a_killed_one_left_undone(tmp_path):
    config = placed(tmp_path, publish="{folder: out}")
    told = [json.loads(line) for line in etl("run", "--config", config).stdout.splitlines()]
    (published,) = [each for each in told if each["event"] == "published"]
    assert published["rows"]["deliveries.parquet"] == 3
    assert (tmp_path / "out" / "current").readlink().name == "000001"
    assert "published" not in etl("run", "--config", config).stdout
    shutil.rmtree(tmp_path / "out")
    assert "新的快照" in here("run", "--config", config, "--format", "table").output
    assert (tmp_path / "out" / "current" / "records.parquet").exists()


def test_a_dry_run_and_a_run_without_the_section_publish_nothing(tmp_path):
    config = placed(tmp_path, publish="{folder: out}")
    here("run", "--config", config, "--dry-run")
    assert not (tmp_path / "out").exists()
    here("run", "--config", configure(tmp_path))
    assert not (tmp_path / "out").exists()
    refused = here("publish", "--config", config)
    assert refused.exit_code == 2


def test_publish_tells_files_and_rows_and_whether_anything_is_new(tmp_path):
    config = placed(tmp_path, publish="{folder: out}")
    here("run", "--config", config)
    again = etl("publish", "--config", config)
    assert again.returncode == 0
    assert "records.parquet" in again.stdout
    assert "快照没有变化" in again.stdout
    configure(tmp_path, publish="{folder: out, names: true}")
    named = etl("publish", "--config", config, "--format", "json")
    assert {json.loads(line)["file"] for line in named.stdout.splitlines()} >= {
        "records.parquet",
        "measures.csv",
    }
    assert (tmp_path / "out" / "current").readlink().name == "000002"


def test_publish_needs_the_section_and_a_warehouse_that_nobody_holds(tmp_path):
    config = placed(tmp_path)
    refused = etl("publish", "--config", config)
    assert refused.returncode == 2
    assert "publish.folder" in refused.stderr
    here("run", "--config", config)
    configure(tmp_path, publish="{folder: out}")
    with Warehouse.open(f"sqlite:///{tmp_path / 'data.sqlite'}", None) as opened, opened.lock():
        assert here("publish", "--config", config).exit_code == 75
    assert not (tmp_path / "out").exists()


def test_a_snapshot_that_cannot_be_written_takes_nothing_from_the_run_but_its_exit_code(tmp_path):
    (tmp_path / "out").write_text("no folder")
    config = placed(tmp_path, publish="{folder: out}", runs="{folder: runs}")
    done = etl("run", "--config", config)
    assert (done.returncode, done.stderr.count(str(tmp_path / "out"))) == (2, 1)
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["event"], last["exit_code"], last["deliveries"]) == ("run.finished", 2, {"loaded": 3})
    (kept,) = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "runs").glob("*.json")]
    assert (kept["broken"], kept["exit_code"], len(kept["deliveries"])) == (None, 2, 3)
    (tmp_path / "out").unlink()
    assert here("run", "--config", config).exit_code == 0
    assert (tmp_path / "out" / "current" / "records.parquet").exists()
