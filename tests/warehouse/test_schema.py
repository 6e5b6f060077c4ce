"""The version of the schema, and its agreement with the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from etl_core.errors import WarehouseError
from etl_core.keys import Keys
from etl_core.warehouse import Warehouse, dialect, schema, tables
from tests.warehouse.samples import RUN, at, batch, deliver, fault, one


def engine_of(url):
    return dialect.connectable(dialect.address(url), create=True)


def of_this_database(engine):
    """Leave out indexes that the tables give to the other database alone; alembic does not ask."""

    def included(thing, _name, kind, *_):
        condition = getattr(thing, "_ddl_if", None) if kind == "index" else None
        return condition is None or condition.dialect == engine.dialect.name

    return included


def test_the_migrated_schema_is_the_one_of_the_tables(warehouse_url):
    engine = engine_of(warehouse_url)
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": of_this_database(engine)})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_constraints_and_the_view_are_there_too(warehouse_url):
    engine = engine_of(warehouse_url)
    schema.upgrade(engine)
    told = sa.inspect(engine)
    assert set(told.get_view_names()) == {"training_record", "record_history"}
    names = ("record", "quarantine", "delivery", "former_delivery")
    checks = {name: [each["name"] for each in told.get_check_constraints(name)] for name in names}
    assert checks == {
        "record": ["entry_known", "state_known"],
        "quarantine": ["state_known"],
        "delivery": ["result_known"],
        "former_delivery": ["way_known"],
    }
    engine.dispose()


INDEXES = "select name, sql from sqlite_master where type = 'index' and sql is not null order by name"
PARTS = ("get_check_constraints", "get_unique_constraints", "get_pk_constraint", "get_foreign_keys")


def test_a_warehouse_in_memory_has_the_tables_of_one_on_disk(sqlite_url):
    with Warehouse.memory() as memory, Warehouse.open(sqlite_url, Keys.random()) as disk:
        drawn, migrated = sa.inspect(memory._engine), sa.inspect(disk._engine)
        names = drawn.get_table_names()
        assert {*names, "alembic_version"} == set(migrated.get_table_names())
        for part, name in product(PARTS, names):
            assert getattr(drawn, part)(name) == getattr(migrated, part)(name)
        indexes = [opened._engine.connect().exec_driver_sql(INDEXES).all() for opened in (memory, disk)]
        assert indexes[0] == indexes[1]


def test_the_newest_step_is_the_one_the_software_expects():
    config = Config()
    config.set_main_option("script_location", "etl_core.warehouse:migrations")
    steps = ScriptDirectory.from_config(config)
    assert steps.get_heads() == [schema.HEAD]
    assert {each.revision for each in steps.walk_revisions()} == set(schema.KNOWN)


def test_upgrading_twice_changes_nothing(warehouse_url):
    engine = engine_of(warehouse_url)
    for _ in range(2):
        schema.upgrade(engine)
        with engine.connect() as connection:
            assert schema.revision(connection) == schema.HEAD
    engine.dispose()


@pytest.fixture
def second_url(request, tmp_path, warehouse_url):
    """The address of another fresh warehouse of the same kind."""
    if warehouse_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'second.sqlite'}"
        return
    with request.getfixturevalue("postgres_server").database() as url:
        yield url


def first_step(url):
    """A database as the first release of the schema made it."""
    engine = engine_of(url)
    with dialect.writing(engine, "test") as connection:
        config = Config()
        config.set_main_option("script_location", "etl_core.warehouse:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    return engine


def copied(source, target):
    """Every row of every table that the target has."""
    known = sa.MetaData()
    known.reflect(target)
    with source.connect() as reading, dialect.writing(target, "test") as connection:
        for table in known.sorted_tables:
            rows = reading.execute(sa.select(table)).mappings().all()
            if rows and table.name != "alembic_version":
                connection.execute(sa.insert(table), [dict(row) for row in rows])


def test_a_filled_warehouse_of_the_first_schema_is_brought_to_ours(warehouse_url, second_url):
    keys = Keys.random()
    with Warehouse.open(warehouse_url, keys) as newest:
        deliver(newest, batch(one(1), one(2), faults=[fault(3, "hours.range")]), place=at(1))
        deliver(newest, batch(one(2, hours=4)), name="b", place=at(2))
        first = first_step(second_url)
        copied(newest._engine, first)
        first.dispose()
        with Warehouse.open(second_url, keys) as upgraded:
            assert upgraded.deliveries().equals(newest.deliveries())
            assert upgraded.as_of().equals(newest.as_of())
            assert upgraded.measures() == newest.measures()
            assert upgraded.outcomes(1).equals(newest.outcomes(1))
            with upgraded.revoking(2, RUN) as left:
                assert (left.gone, left.revived) == (1, 1)
            with upgraded._engine.connect() as connection:
                assert schema.revision(connection) == schema.HEAD
                assert len(connection.exec_driver_sql("select * from record_history").all()) == 4


def test_a_warehouse_of_newer_software_is_refused(warehouse_url):
    Warehouse.open(warehouse_url, Keys.random()).close()
    engine = engine_of(warehouse_url)
    with dialect.writing(engine, "test") as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    engine.dispose()
    with pytest.raises(WarehouseError, match="9999, newer"):
        Warehouse.open(warehouse_url, Keys.random())


def test_a_migration_that_breaks_off_leaves_an_empty_database(warehouse_url, monkeypatch):
    engine = engine_of(warehouse_url)
    migrate = schema._migrate

    def broken(connection):
        migrate(connection)
        raise KeyboardInterrupt

    monkeypatch.setattr(schema, "_migrate", broken)
    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(engine)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def at_revision(engine, wanted: str) -> None:
    """A warehouse as software of before left it."""
    config = Config()
    config.set_main_option("script_location", "etl_core.warehouse:migrations")
    with dialect.writing(engine, "test") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)


MOMENT = datetime(2026, 11, 1, 2, 30, tzinfo=UTC)
BEFORE = {
    "run": {"run_id": "r", "started_at": MOMENT, "software": "chuanyu-etl 0.1.0", "plugins": {}},
    "delivery": {
        **dict.fromkeys(("slot", "label", "reporter", "error", "plugin"), ""),
        **{"delivery_id": 1, "run_id": "r", "source": "sample", "file": "a.csv", "fingerprint": "f" * 64},
        **{"size": 1, "modified": 1.0, "sort_key": "1", "result": "loaded", "semantics": "append"},
        **{"detail": {}, "accounts": [], "loaded_at": MOMENT, "rows_read": 1, "rows_loaded": 1, "records": 1},
    },
    "person": {"person_key": b"p", "id_type": "resident_id", "id_masked": "511***", "sex": 1},
    "record": {
        **{"record_id": 1, "delivery_id": 1, "file": "a.csv", "sheet": "", "row": 2, "record_key": b"k"},
        **{"event_key": b"e", "person_key": b"p", "person_name": "测试甲", "id_type": "resident_id"},
        **{"project_name": "研修", "level": 40, "mode": 2, "mode_detail": "face_to_face", "role": "trainee"},
        **{"date_precision": "day", "training_year": 2023, "hours_x100": 800, "hours_basis": "stated"},
        **{"credits_basis": "none", "result": "passed", "status": "recognised", "own_side": True},
        **{"reporter": "", "state": "current"},
    },
}
"""One line in each table that every revision has, with the columns that the first one had."""


@pytest.mark.parametrize("revision", schema.KNOWN)
def test_a_warehouse_of_every_revision_is_brought_to_ours_with_its_data(warehouse_url, revision):
    engine = engine_of(warehouse_url)
    at_revision(engine, revision)
    old = sa.MetaData()
    old.reflect(engine, only=["warehouse", *BEFORE])
    keys = Keys.random()
    with dialect.writing(engine, "test") as connection:
        known = {"key_check": keys.check_value(), "created_at": MOMENT}
        for name, line in {"warehouse": known, **BEFORE}.items():
            connection.execute(sa.insert(old.tables[name]).values(line))
    engine.dispose()
    assert Warehouse.revision_of(warehouse_url) == revision
    with Warehouse.open(warehouse_url, keys) as warehouse:
        assert warehouse.revision() == schema.HEAD
        assert warehouse.faults() == []
        assert warehouse.measures()["hours_recognised_passed_trainee"] == "8"
        assert warehouse.records(1)["person_name"].to_list() == ["测试甲"]
        assert [run["run_id"] for run in warehouse.runs()] == ["r"]
        load, _ = deliver(warehouse, batch(one(1)), name="b")
        assert load.result == "loaded"


def test_an_older_warehouse_that_may_not_be_changed_is_refused_with_what_to_do(warehouse_url):
    engine = engine_of(warehouse_url)
    at_revision(engine, "0001")
    engine.dispose()
    with pytest.raises(WarehouseError, match="run etl warehouse upgrade first"):
        Warehouse.open(warehouse_url, Keys.random(), migrate=False)
    assert Warehouse.revision_of(warehouse_url) == "0001"


def test_what_a_first_warehouse_quarantined_still_waits_and_mends_nothing(warehouse_url):
    engine = engine_of(warehouse_url)
    at_revision(engine, "0001")
    old = sa.MetaData()
    old.reflect(engine, only=["warehouse", "quarantine", "reason", *BEFORE])
    keys = Keys.random()
    lines = {
        "warehouse": {"key_check": keys.check_value(), "created_at": MOMENT},
        **BEFORE,
        "quarantine": {
            **{"quarantine_id": 1, "delivery_id": 1, "file": "a.csv", "sheet": "", "row": 7},
            **{"sealed": b"", "state": "open"},
        },
        "reason": {
            **{"quarantine_id": 1, "position": 0, "code": "code.unknown.level", "column": "x", "detail": {}}
        },
    }
    with dialect.writing(engine, "test") as connection:
        for name, line in lines.items():
            connection.execute(sa.insert(old.tables[name]).values(line))
    engine.dispose()
    with Warehouse.open(warehouse_url, keys) as opened:
        assert opened.deliveries("sample").select("file", "mends").rows() == [("a.csv", None)]
        assert opened.reasons("sample").select("row", "code").rows() == [(7, "code.unknown.level")]
        assert opened.unknown().is_empty()
        assert [line["file"] for line in opened.family("sample", "f" * 64)] == ["a.csv"]
