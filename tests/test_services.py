from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import mariadb, services


def test_every_kind_of_warehouse_is_reachable_and_fresh(warehouse_url):
    engine = sa.create_engine(warehouse_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("create table seen (word text)"))
        connection.execute(sa.text("insert into seen values ('石柱土家族自治县')"))
        assert connection.scalar(sa.text("select word from seen")) == "石柱土家族自治县"
    engine.dispose()


def test_two_databases_of_one_server_know_nothing_of_each_other(postgres_server):
    with postgres_server.database() as one, postgres_server.database() as other:
        assert one != other
        first, second = sa.create_engine(one), sa.create_engine(other)
        with first.begin() as connection:
            connection.execute(sa.text("create table seen (word text)"))
        assert sa.inspect(second).get_table_names() == []
        first.dispose()
        second.dispose()


def test_a_database_is_dropped_even_while_someone_is_connected(postgres_server):
    with postgres_server.database() as url:
        engine = sa.create_engine(url)
        left_open = engine.connect()
        left_open.execute(sa.text("select 1"))
    with pytest.raises(sa.exc.OperationalError):
        sa.create_engine(url).connect()
    left_open.invalidate()
    engine.dispose()


def test_the_server_cannot_be_reached_over_the_network(postgres_server):
    engine = sa.create_engine(postgres_server.url())
    with engine.connect() as connection:
        assert connection.scalar(sa.text("show listen_addresses")) == ""
    engine.dispose()


def test_a_machine_without_postgresql_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(services, "binaries", lambda: None)
    with pytest.raises(RuntimeError, match="apt-get install postgresql"), services.server():
        pass


def test_a_machine_without_mariadb_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(mariadb, "binaries", lambda: None)
    with pytest.raises(RuntimeError, match="apt-get install mariadb-server"), mariadb.server():
        pass


def test_mariadb_cannot_be_reached_over_the_network_and_each_database_is_fresh(mariadb_server):
    with mariadb_server.database() as one, mariadb_server.database() as other:
        assert one != other
        engine = sa.create_engine(mariadb_server.url(one))
        with engine.connect() as connection:
            assert connection.scalar(sa.text("select @@skip_networking")) == 1
            assert sa.inspect(connection).get_table_names() == []
        engine.dispose()


def test_the_server_ends_with_a_killed_session():
    session = (
        "import os, signal\n"
        "from tests.services import server\n"
        "with server() as running:\n"
        "    print(running.process.pid, running.folder, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    clone, command = Path(__file__).resolve().parents[1], [sys.executable, "-c", session]
    said = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert said.returncode == -signal.SIGKILL, said.stderr
    pid, folder = said.stdout.split()
    assert _ended(int(pid))
    shutil.rmtree(folder)


def _ended(pid: int, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
