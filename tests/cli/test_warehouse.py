"""`etl warehouse init`, `upgrade` and `check`, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import sqlite3

import pytest
import sqlalchemy as sa

from etl_core.keys import Keys
from etl_core.warehouse import Warehouse, dialect, lock, schema, tables
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


def older(url: str, keys: Keys) -> None:
    """A warehouse of the first schema, made with these keys."""
    engine = engine_of(url)
    at_revision(engine, "0001")
    with engine.begin() as connection:
        known = {"key_check": keys.check_value(), "created_at": dialect.now()}
        connection.execute(sa.insert(tables.warehouse).values(known))
    engine.dispose()


def content(url: str) -> object:
    """What a database is: the bytes of a file, or the version and the tables of a server's."""
    file = dialect.file_of(dialect.address(url))
    if file is not None:
        return file.read_bytes()
    engine = dialect.connectable(dialect.address(url), create=False)
    try:
        return schema.found(engine), sorted(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


QUESTIONS = [
    ("status",),
    ("status", "--as-of", "2024-01-01"),
    ("deliveries", "list"),
    ("deliveries", "show", "1"),
    ("deliveries", "rows", "1"),
    ("runs", "list"),
    ("quarantine", "list"),
    ("quarantine", "export", "--source", "suitong", "--out", "wanted.csv"),
    ("quarantine", "replay", "--dry-run"),
    ("codes", "unmapped"),
    ("records", "find", "--delivery", "1", "--row", "1"),
    ("explain", "1"),
    ("publish",),
    ("warehouse", "check"),
]
"""What only asks of a warehouse; `publish` writes elsewhere."""


@pytest.mark.parametrize("typed", QUESTIONS, ids=" ".join)
def test_who_asks_an_older_warehouse_is_told_to_upgrade_it_and_changes_nothing(
    tmp_path, warehouse_url, typed, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    config = configure(tmp_path, warehouse=f'{{url: "{warehouse_url}"}}', publish="{folder: out}")
    older(warehouse_url, Keys.load(tmp_path / "keys" / "person.key"))
    before = content(warehouse_url)
    done = here(*typed, "--config", config)
    assert (done.exit_code, "etl warehouse upgrade" in done.stderr) == (2, True)
    assert content(warehouse_url) == before


@pytest.mark.parametrize("typed", [*QUESTIONS, ("warehouse", "upgrade")], ids=" ".join)
def test_who_asks_an_empty_database_is_told_that_there_is_no_warehouse_and_makes_none(
    tmp_path, warehouse_url, typed, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    config = configure(tmp_path, warehouse=f'{{url: "{warehouse_url}"}}', publish="{folder: out}")
    Keys.load(tmp_path / "keys" / "person.key")
    if file := dialect.file_of(dialect.address(warehouse_url)):
        file.touch(mode=0o600)
    before = content(warehouse_url)
    assert before in (b"", (None, []))
    done = here(*typed, "--config", config)
    assert (done.exit_code, "还没有仓库" in done.stderr) == (2, True)
    assert content(warehouse_url) == before


def test_who_reads_a_warehouse_leaves_every_byte_as_it_was(tmp_path):
    config = configure(tmp_path)
    settled(samples("suitong")[0], tmp_path / "inbox")
    here("run", "--config", config)
    before = (tmp_path / "data.sqlite").read_bytes()
    for typed in (
        ("status",),
        ("deliveries", "list"),
        ("quarantine", "list"),
        ("runs", "list"),
        ("explain", "1"),
    ):
        assert here(*typed, "--config", config).exit_code == 0
    assert here("run", "--config", config, "--dry-run").exit_code == 0
    assert (tmp_path / "data.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    "typed", [("warehouse", "upgrade"), ("run",), ("run", "--wait", "0.7")], ids=" ".join
)
def test_nobody_migrates_a_warehouse_that_another_holds(config, warehouse_url, tmp_path, typed):
    older(warehouse_url, Keys.load(tmp_path / "keys" / "person.key"))
    engine = dialect.connectable(dialect.address(warehouse_url), create=False)
    with lock.locked(engine):
        done = here(*typed, "--config", config)
        assert (done.exit_code, "another run holds the warehouse" in done.stderr) == (75, True)
        assert schema.found(engine) == "0001"
    engine.dispose()
    assert here(*typed, "--config", config).exit_code == 0
    assert Warehouse.revision_of(warehouse_url) == schema.HEAD


def test_a_warehouse_is_not_migrated_with_another_ones_key(config, warehouse_url, tmp_path):
    older(warehouse_url, Keys.random())
    Keys.load(tmp_path / "keys" / "person.key")
    for typed in (("warehouse", "upgrade"), ("run",)):
        done = here(*typed, "--config", config)
        assert (done.exit_code, "the key is not the one" in done.stderr) == (2, True)
    assert Warehouse.revision_of(warehouse_url) == "0001"


def test_an_older_warehouse_is_not_changed_by_init(config, warehouse_url, tmp_path):
    older(warehouse_url, Keys.load(tmp_path / "keys" / "person.key"))
    done = here("warehouse", "init", "--config", config)
    assert (done.exit_code, "etl warehouse upgrade" in done.stderr) == (2, True)
    assert Warehouse.revision_of(warehouse_url) == "0001"


def test_an_older_warehouse_is_upgraded_and_says_from_where_to_where(config, warehouse_url, tmp_path):
    older(warehouse_url, Keys.load(tmp_path / "keys" / "person.key"))
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
    assert list(lines) == ["schema", "key", "tables", "damaged", "orphan", "unbalanced", "mark", "changed"]
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
