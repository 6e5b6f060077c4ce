"""One writer per warehouse."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from etl_core.errors import LockedError, UnavailableError
from etl_core.keys import Keys
from etl_core.warehouse import Warehouse, dialect, lock
from tests.warehouse.samples import batch, deliver
from tests.warehouse.samples import one as one_row

HOLD = """
import sys, time
from etl_core.warehouse import Warehouse
with Warehouse.open(sys.argv[1], None) as warehouse, warehouse.lock():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def pair(warehouse_url):
    """Two openings of one warehouse, as two processes would have them."""
    keys = Keys.random()
    with Warehouse.open(warehouse_url, keys) as one, Warehouse.open(warehouse_url, keys) as other:
        yield one, other


def test_a_second_writer_is_told_who_holds_the_warehouse(pair):
    one, other = pair
    with one.lock(), pytest.raises(LockedError) as caught, other.lock():
        pass
    holder = dict(part.split("=", 1) for part in caught.value.holder.split())
    assert (holder["pid"], holder["host"]) == (str(os.getpid()), socket.gethostname())
    assert holder["since"].startswith("20")


def test_a_lock_is_free_again_when_its_holder_is_done_or_failed(pair):
    one, other = pair
    with pytest.raises(KeyError), one.lock():
        raise KeyError
    with other.lock():
        pass
    with one.lock():
        pass


def test_a_killed_holder_holds_nothing(warehouse_url):
    with Warehouse.open(warehouse_url, Keys.random()) as warehouse:
        command = [sys.executable, "-c", HOLD, warehouse_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(LockedError, match=f"pid={holder.pid}"), warehouse.lock():
                pass
            holder.send_signal(signal.SIGKILL)
            holder.wait()
        for _ in range(50):
            try:
                with warehouse.lock():
                    return
            except LockedError:  # the server needs a moment to see that the session is gone
                holder.poll()
        pytest.fail("the lock outlived its holder")


def test_who_waits_is_told_for_whom_once_and_goes_on_when_the_other_is_done(pair, warehouse_url):
    command = [sys.executable, "-c", HOLD.replace("sleep(60)", "sleep(1.5)"), warehouse_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        told, began = [], time.monotonic()
        with pair[0].lock(wait=60, waiting=told.append):
            waited = time.monotonic() - began
            assert holder.wait(10) == 0
    assert 0.5 < waited < 30
    (said,) = told
    assert said.startswith(f"pid={holder.pid} host={socket.gethostname()} since=20")


def test_who_waits_in_vain_is_told_who_held_it(pair):
    one, other = pair
    began = time.monotonic()
    with one.lock(), pytest.raises(LockedError, match=f"pid={os.getpid()}"), other.lock(wait=1.2):
        pass
    assert time.monotonic() - began >= 1.2


def test_the_next_holder_is_the_one_that_is_told(pair, warehouse_url):
    one, other = pair
    with one.lock():
        pass
    command = [sys.executable, "-c", HOLD, warehouse_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"pid={holder.pid} "), other.lock():
            pass
        holder.kill()


def lost(warehouse: Warehouse) -> None:
    """Take the lock away from whoever holds it, who lives on."""
    file = dialect.file_of(warehouse._engine.url)
    if file is not None:
        file.with_name(f"{file.name}.lock").unlink()
        return
    with dialect.reading(warehouse._engine, "test") as connection:
        ended = sa.text(
            "select pg_terminate_backend(pid, 5000) from pg_locks where classid = :it and database = "
            "(select oid from pg_database where datname = current_database())"
        )
        assert connection.execute(ended, {"it": lock.CLASS}).scalar_one()


def test_whoever_lost_the_lock_on_the_way_writes_no_more(pair):
    one, other = pair
    with one.lock():
        deliver(one, batch(one_row(1)))
        lost(one)
        with other.lock():
            with pytest.raises(UnavailableError, match="锁"):
                deliver(one, batch(one_row(2)), name="b.xlsx")
            deliver(other, batch(one_row(3)), name="c.xlsx")
    assert other.deliveries()["file"].to_list() == ["a.xlsx", "c.xlsx"]


def test_whoever_holds_the_lock_next_waits_for_what_the_last_one_had_begun(postgres_url):
    keys = Keys.random()
    said: list[str] = []
    with Warehouse.open(postgres_url, keys) as one, Warehouse.open(postgres_url, keys) as other, one.lock():

        def write() -> None:
            with other.lock(), other._write("test"):
                said.append("the next one writes")

        with one._write("test"):
            lost(one)
            thread = threading.Thread(target=write)
            thread.start()
            thread.join(1)
            said.append("the last one is done")
        thread.join()
    assert said == ["the last one is done", "the next one writes"]


def test_a_lock_file_with_nonsense_in_it_is_no_obstacle(tmp_path):
    (tmp_path / "w.sqlite.lock").write_text("{nonsense")
    with Warehouse.open(str(tmp_path / "w.sqlite"), Keys.random()) as warehouse, warehouse.lock():
        pass


def test_a_warehouse_in_memory_has_no_rival(warehouse):
    with warehouse.lock(), warehouse.lock():
        pass


def test_of_two_first_runs_at_one_moment_the_earlier_ones_key_stands(warehouse_url):
    earlier, later = Keys.random(), Keys.random()
    with Warehouse.open(warehouse_url, None) as one, Warehouse.open(warehouse_url, None) as other:
        assert one._bind(earlier) == earlier.check_value()
        assert other._bind(later) == earlier.check_value()
        assert other._bind(earlier) == earlier.check_value()


def test_a_warehouse_tells_whether_it_has_its_key(warehouse_url):
    assert not Warehouse.keyed(warehouse_url)
    Warehouse.open(warehouse_url, None).close()
    assert not Warehouse.keyed(warehouse_url)
    Warehouse.open(warehouse_url, Keys.random()).close()
    assert Warehouse.keyed(warehouse_url)
