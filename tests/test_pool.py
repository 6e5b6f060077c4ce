"""Several children at a time: every stream tells its own job, whoever is ahead waits, and nobody outlives the pool."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl_core.errors import DeliveryError
from etl_core.pool import HELD, Pool, Stream
from etl_core.protocol import Claimed, Done, Hello, Job
from etl_core.records import Prepared
from tests.fakes import install, person, write
from tests.test_supervisor import HOSTILE, job


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """Two children with a plugin that misbehaves by year."""
    install(tmp_path / "site", more=HOSTILE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    with Pool(Hello(1024, allow=("made_up",)), 20, size=2) as running:
        yield running


def test_every_stream_tells_its_own_delivery_in_whatever_order_it_is_read(pool: Pool, tmp_path: Path) -> None:
    years = range(2001, 2009)
    streams = {year: pool.submit(job(tmp_path, year)) for year in years}
    for year in reversed(years):
        claimed, prepared, done = streams[year]
        assert isinstance(claimed, Claimed)
        assert isinstance(prepared, Prepared)
        assert isinstance(done, Done)
        assert claimed.place.label == str(year)
        assert prepared.records.height == 1


def test_a_child_that_dies_fails_its_own_delivery_alone(pool: Pool, tmp_path: Path) -> None:
    good, bad, later = (pool.submit(job(tmp_path, year)) for year in (2001, 1907, 2003))
    with pytest.raises(DeliveryError) as fault:
        list(bad)
    assert fault.value.code == "memory"
    assert len(list(good)) == len(list(later)) == 3


def test_an_answer_that_nobody_wants_any_more_frees_its_child(pool: Pool, tmp_path: Path) -> None:
    path = write(tmp_path / "made_up_2001.csv", [person(number) for number in range(1, 60)])
    streams = [pool.submit(Job(str(path), path.name, 1.7e9, batch=1)) for _ in range(2)]
    assert isinstance(next(iter(streams[0])), Claimed)
    for stream in streams:
        stream.drop()
    assert len(list(pool.submit(job(tmp_path, 2002)))) == 3


def test_whoever_fills_a_stream_waits_until_it_is_read() -> None:
    stream = Stream(Job("", "", 0))
    given: list[int] = []

    def answers() -> Iterator[Done]:
        for number in range(100):
            given.append(number)
            yield Done()

    thread = threading.Thread(target=stream.fill, args=(answers(),))  # type: ignore[arg-type]
    thread.start()
    reading = iter(stream)
    next(reading)
    assert len(given) <= HELD + 3
    assert len(list(reading)) == 99
    thread.join()
    assert stream.over


def test_a_pool_that_is_left_in_the_middle_ends_its_children(pool: Pool, tmp_path: Path) -> None:
    path = write(tmp_path / "made_up_2001.csv", [person(number) for number in range(1, 60)])
    stream = pool.submit(Job(str(path), path.name, 1.7e9, batch=1))
    next(iter(stream))
    processes = [supervisor._process for supervisor in pool._supervisors]
    pool.__exit__(None, None, None)
    assert all(process is not None and process.poll() is not None for process in processes)
    assert not any(thread.is_alive() for thread in pool._threads)
