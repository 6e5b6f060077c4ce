"""`etl warehouse init`, `upgrade` and `check`, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import sqlite3

import pytest
import sqlalchemy as sa

from etl_core.keys import Keys
from etl_core.warehouse import dialect, schema, tables
from tests.cli.program import configure, here, samples, settled
from tests.warehouse.test_schema import at_revision, engine_of


@pytest.fixture
def config(tmp_path, warehouse_url):
    return configure(tmp_path, warehouse=f'{{url: "{warehouse_url}"}}')


def test_a_warehouse_is_made_once_with_its_key(config, tmp_path):
    first = here("--lang", "en", "warehouse", "init", "--config", config)
    key = (tmp_path / "keys" / "person.key").read_bytes()
    again = here("--lang", "en", "warehouse", "init", "--config", config)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert f": made ({schema.HEAD})" in first.stdout
    assert f": is there already, nothing was changed ({schema.HEAD})" in again.stdout
    assert (tmp_path / "keys" / "person.key").read_bytes() == key
    assert here("run", "--config", config).exit_code == 0


def test_a_warehouse_whose_key_is_gone_gets_no_new_one(config, tmp_path):
    here("warehouse", "init", "--config", config)
    (tmp_path / "keys" / "person.key").unlink()
    assert here("warehouse", "init", "--config", config).exit_code == 2
    assert not (tmp_path / "keys" / "person.key").exists()


def test_an_older_warehouse_is_upgraded_and_says_from_where_to_where(config, warehouse_url, tmp_path):
    keys = Keys.load(tmp_path / "keys" / "person.key")
    engine = engine_of(warehouse_url)
    at_revision(engine, "0001")
    with engine.begin() as connection:
        known = {"key_check": keys.check_value(), "created_at": dialect.now()}
        connection.execute(sa.insert(tables.warehouse).values(known))
    engine.dispose()
    refused = here("run", "--config", config, "--dry-run")
    assert (refused.exit_code, "etl warehouse upgrade" in refused.stderr) == (2, True)
    assert here("warehouse", "check", "--config", config).exit_code == 2
    done = here("--lang", "en", "warehouse", "upgrade", "--config", config)
    assert (done.exit_code, f"upgraded: 0001 → {schema.HEAD}" in done.stdout) == (0, True)
    assert "up to date already" in here("--lang", "en", "warehouse", "upgrade", "--config", config).stdout
    assert here("warehouse", "check", "--config", config).exit_code == 0


def test_a_warehouse_that_is_not_there_is_not_made_by_an_upgrade_or_a_check(tmp_path):
    config = configure(tmp_path)
    for name in ("upgrade", "check"):
        assert here("warehouse", name, "--config", config).exit_code == 2
    assert not (tmp_path / "data.sqlite").exists()


def test_a_whole_warehouse_is_told_so_with_its_counts(config, tmp_path):
    settled(samples("suitong")[0], tmp_path / "inbox")
    assert here("run", "--config", config).exit_code == 3
    done = here("warehouse", "check", "--config", config, "--format", "json")
    lines = {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.exit_code == 0
    assert {line["state"] for line in lines.values()} == {"ok"}
    assert list(lines) == ["schema", "key", "tables", "damaged", "orphan", "unbalanced", "changed"]
    assert "record 124" in lines["tables"]["message"]


def test_a_check_writes_nothing_and_ends_with_3_where_a_row_is_gone(tmp_path):
    config = configure(tmp_path)
    settled(samples("suitong")[0], tmp_path / "inbox")
    here("run", "--config", config)
    connection = sqlite3.connect(tmp_path / "data.sqlite")
    connection.execute("delete from record where record_id = 5")
    connection.commit()
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    before = (tmp_path / "data.sqlite").read_bytes()
    done = here("--lang", "en", "warehouse", "check", "--config", config)
    assert done.exit_code == 3
    assert "delivery 1: records: 1: the books do not balance" in done.stdout
    assert (tmp_path / "data.sqlite").read_bytes() == before


def test_a_warehouse_of_newer_software_is_refused_by_all_three(tmp_path):
    config = configure(tmp_path)
    here("warehouse", "init", "--config", config)
    connection = sqlite3.connect(tmp_path / "data.sqlite")
    connection.execute("update alembic_version set version_num = '9999'")
    connection.commit()
    connection.close()
    for name in ("init", "upgrade", "check"):
        done = here("warehouse", name, "--config", config)
        assert (done.exit_code, "9999, newer" in done.stderr) == (2, True)


def test_the_first_schema_can_still_be_made(warehouse_url):
    engine = engine_of(warehouse_url)
    at_revision(engine, "0001")
    assert "alert" not in sa.inspect(engine).get_table_names()
    engine.dispose()
