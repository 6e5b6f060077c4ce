"""What SQLite and PostgreSQL do differently, and that it makes no difference."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time

import psycopg
import pytest
import sqlalchemy as sa

from etl_core.errors import UnavailableError, WarehouseError
from etl_core.keys import Keys
from etl_core.warehouse import Warehouse, dialect
from tests.services import server
from tests.warehouse.samples import batch, deliver, one


@pytest.mark.parametrize("url", ["mysql://h/d", "duckdb:///x", "://", "sqlite:////a?b=c#://\n"])
def test_an_address_of_something_else_is_refused(url):
    with pytest.raises(WarehouseError):
        Warehouse.open(url, Keys.random(), create=False)


@pytest.mark.parametrize("url", ["postgres://", "postgresql://h/d", "postgresql+psycopg2://h/d"])
def test_postgresql_is_always_reached_through_our_driver(url):
    if url == "postgres://":
        with pytest.raises(WarehouseError):
            dialect.address(url)
    else:
        assert dialect.address(url).drivername == "postgresql+psycopg"


def test_the_file_and_its_companions_are_their_owners_alone(tmp_path):
    old = os.umask(0)
    try:
        folder = tmp_path / "new"
        with Warehouse.open(str(folder / "w.sqlite"), Keys.random()) as warehouse, warehouse.lock():
            deliver(warehouse, batch(one(1)))
            modes = {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}
    finally:
        os.umask(old)
    assert modes == dict.fromkeys(("w.sqlite", "w.sqlite-wal", "w.sqlite-shm", "w.sqlite.lock"), 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_not_there_is_made_on_demand_only(tmp_path):
    with pytest.raises(WarehouseError):
        Warehouse.open(str(tmp_path / "w.sqlite"), Keys.random(), create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(tmp_path):
    file = tmp_path / "w.sqlite"
    file.write_text("张三 500199198001010015 " * 99)
    with pytest.raises(WarehouseError) as caught:
        Warehouse.open(str(file), Keys.random())
    assert "500199" not in str(caught.value)


def test_a_server_that_does_not_answer_is_unavailable_after_some_tries_and_its_password_untold(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with pytest.raises(UnavailableError) as caught:
        Warehouse.open("postgresql://user:geheim@127.0.0.1:9/none", Keys.random())
    assert pauses == [0.5, 1, 2, 4]
    assert "geheim" not in str(caught.value)
    assert "127.0.0.1:9/none" in str(caught.value)
    assert "连不上" in str(caught.value)


def test_a_server_that_is_coming_up_again_is_waited_for(monkeypatch):
    monkeypatch.setattr(dialect, "PAUSES", (0.1,) * 600)  # a busy machine takes its time
    keys = Keys.random()
    with server(synchronous_commit="on") as mine:
        with Warehouse.open(mine.url(), keys) as warehouse:
            load, _ = deliver(warehouse, batch(one(1)))
        killed, witness = (
            psycopg.connect(f"host={mine.folder} user=postgres", autocommit=True) for _ in range(2)
        )
        os.kill(killed.info.backend_pid, signal.SIGKILL)  # the server ends every session and recovers
        with pytest.raises(psycopg.OperationalError):
            while True:
                witness.execute("select 1")  # until it has noticed
        with Warehouse.open(mine.url(), keys) as warehouse:
            assert warehouse.records(load.delivery_id).height == 1


def test_a_session_that_is_cut_off_is_unavailable_and_its_work_undone(postgres_url):
    with Warehouse.open(postgres_url, Keys.random()) as warehouse:
        with (
            pytest.raises(UnavailableError),
            dialect.writing(warehouse._engine, "test") as connection,
        ):
            connection.exec_driver_sql("create table t (a integer)")
            connection.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")
        assert "t" not in sa.inspect(warehouse._engine).get_table_names()


def test_of_two_that_wait_for_each_other_one_is_told_that_it_may_go_well_later(postgres_url):
    engine = dialect.connectable(dialect.address(postgres_url), create=False)
    both = threading.Barrier(2)
    told: list[WarehouseError] = []

    def lock(first: int, second: int) -> None:
        try:
            with dialect.writing(engine, "test") as connection:
                connection.exec_driver_sql(f"select pg_advisory_xact_lock({first})")
                both.wait()
                connection.exec_driver_sql(f"select pg_advisory_xact_lock({second})")
        except WarehouseError as fault:
            told.append(fault)

    pair = [threading.Thread(target=lock, args=args) for args in ((1, 2), (2, 1))]
    for each in pair:
        each.start()
    for each in pair:
        each.join()
    engine.dispose()
    (fault,) = told
    assert isinstance(fault, UnavailableError)
    assert "40P01" in str(fault)


@pytest.mark.parametrize(
    ("setting", "statement", "kind", "code"),
    [
        ("statement_timeout = 50", "select pg_sleep(9)", UnavailableError, "57014"),
        ("lock_timeout = 50", "select * from alembic_version", UnavailableError, "55P03"),
        ("default_transaction_read_only = on", "create table t (a integer)", WarehouseError, "25006"),
    ],
)
def test_a_slow_a_locked_and_a_read_only_server_are_told_apart(postgres_url, setting, statement, kind, code):
    with (
        Warehouse.open(postgres_url, Keys.random()) as warehouse,
        warehouse._engine.connect() as other,
    ):
        other.exec_driver_sql("lock table alembic_version")
        with warehouse._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"set {setting}")
            with (
                pytest.raises(WarehouseError, match=code) as caught,
                dialect.guarded(warehouse._engine, "test"),
            ):
                connection.exec_driver_sql(statement)
    assert type(caught.value) is kind


def refusal(url: str, *statements: str) -> WarehouseError:
    """What a database says to statements that it does not carry out."""
    with Warehouse.open(url, Keys.random()) as warehouse, warehouse._engine.connect() as connection:
        with pytest.raises(WarehouseError) as caught, dialect.guarded(warehouse._engine, "试｜testing"):
            for statement in statements:
                connection.exec_driver_sql(statement)
        connection.invalidate()
    return caught.value


@pytest.mark.parametrize(
    ("statements", "code", "step"),
    [
        (("pragma query_only = on", "delete from record"), "SQLITE_READONLY", "只读挂载"),
        (("attach '/nowhere/at.all' as other",), "SQLITE_CANTOPEN", "文件夹和权限"),
    ],
)
def test_what_sqlite_refuses_is_told_in_both_languages_with_the_next_step(sqlite_url, statements, code, step):
    told = refusal(sqlite_url, *statements)
    assert code in told.message
    assert step in told.advice
    assert step in str(told)
    assert all("｜" in text for text in (told.message, told.advice, str(told)))


@pytest.mark.parametrize(
    ("statements", "code", "step"),
    [
        (("set transaction read only", "delete from record"), "25006", "主库"),
        (("create role nobody", "set local role nobody", "select * from record"), "42501", "授权"),
        (("select 1 / 0",), "22012", ""),
    ],
)
def test_what_postgresql_refuses_is_told_in_both_languages_with_the_next_step(
    postgres_url, statements, code, step
):
    told = refusal(postgres_url, *statements)
    assert code in told.message
    assert step in told.advice
    assert str(told).count("｜") == 1


@pytest.mark.parametrize("wrong", ["user", "database"])
def test_whom_postgresql_does_not_let_in_is_told_what_to_look_at(postgres_url, wrong, monkeypatch):
    monkeypatch.setattr(dialect, "PAUSES", ())
    right = dialect.address(postgres_url)
    url = right.set(username="nobody") if wrong == "user" else right.set(database="nothing")
    with pytest.raises(UnavailableError) as caught:
        Warehouse.open(url.render_as_string(False), Keys.random())
    assert "用户、口令、库名" in caught.value.advice


def test_a_damaged_file_is_told_with_the_ways_to_have_it_again(sqlite_url, tmp_path):
    Warehouse.open(sqlite_url, Keys.random()).close()
    path = tmp_path / "warehouse.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    with pytest.raises(WarehouseError, match="SQLITE_CORRUPT") as caught:
        Warehouse.open(sqlite_url, None)
    assert "etl rebuild --into" in caught.value.advice


def test_a_file_in_which_another_writes_for_too_long_is_unavailable(sqlite_url, monkeypatch):
    monkeypatch.setattr(dialect, "PATIENCE", 0.05)
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        other = dialect.connectable(dialect.address(sqlite_url), create=False)
        with (
            dialect.writing(other, "writing"),
            pytest.raises(UnavailableError, match="SQLITE_BUSY"),
        ):
            deliver(warehouse, batch(one(1)))
        other.dispose()


def test_a_warehouse_without_room_is_a_full_disk_and_keeps_what_it_had(sqlite_url):
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        deliver(warehouse, batch(one(1)))
        with warehouse._engine.connect() as connection:
            pages = connection.exec_driver_sql("pragma page_count").scalar_one()
            connection.exec_driver_sql(f"pragma max_page_count = {pages}")
        with pytest.raises(OSError, match=r"warehouse\.sqlite") as caught:
            deliver(warehouse, batch(*map(one, range(1, 2000))), name="b.xlsx")
        assert caught.value.errno == errno.ENOSPC
        assert warehouse.measures()["current_records"] == "1"


def test_definitions_are_taken_back_like_rows(warehouse_url):
    engine = dialect.connectable(dialect.address(warehouse_url), create=True)

    with pytest.raises(KeyError), dialect.writing(engine, "test") as connection:
        connection.exec_driver_sql("create table t (a integer)")
        raise KeyError
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_foreign_keys_are_kept(each_warehouse):
    with (
        pytest.raises(WarehouseError),
        dialect.writing(each_warehouse._engine, "test") as connection,
    ):
        connection.exec_driver_sql("insert into reason values (7, 0, 'a', 'b', '{}')")


def test_readers_see_the_last_commit_while_another_loads(each_warehouse):
    deliver(each_warehouse, batch(one(1)))
    with dialect.writing(each_warehouse._engine, "test") as connection:
        connection.exec_driver_sql("update record set state = 'withdrawn'")
        assert each_warehouse.measures()["current_records"] == "1"
    assert each_warehouse.measures()["current_records"] == "0"


NASTY = [
    "\\",
    "\\.",
    "\\N",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "'",
    '"',
    "",
    "，",
    "\\x41",
    "{}",
    "%s",
    ":a",
    "𬀩",
    None,
]


def test_every_text_arrives_as_it_was(each_warehouse):
    rows = [one(number, class_name=text) for number, text in enumerate(NASTY, 1)]
    load, _ = deliver(each_warehouse, batch(*rows))
    assert each_warehouse.records(load.delivery_id)["class_name"].to_list() == NASTY
