"""A Dask cluster for the tests: a real scheduler and real workers, processes of their own that speak TCP on this machine.

Nobody outlives the session: each process is ended at the end, and dies with the test session on Linux.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0  # seconds until a process that does not come up counts as broken


@dataclass(frozen=True, slots=True)
class Nodes:
    """The scheduler's address, and the processes."""

    address: str
    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]

    def log(self) -> bytes:
        """Everything that scheduler and workers wrote."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.log")))


@contextmanager
def nodes(
    folder: Path, count: int = 2, environment: Mapping[str, str] = {}, options: Sequence[str] = ()
) -> Iterator[Nodes]:
    """Start a scheduler and so many workers of one thread; `options` go to all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir()
    around = {
        **os.environ,
        "DASK_TEMPORARY_DIRECTORY": str(folder / "dask"),
        "TMPDIR": str(folder / "tmp"),
        **environment,
    }
    told = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(told), *options]
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_start("scheduler", folder / "scheduler.log", around, [*common, "--port", "0"]))
        address = _address(told, started[0])
        one = [*common, "--nthreads", "1", "--no-nanny", "--memory-limit", "0"]
        started += [
            _start("worker", folder / f"{each}.log", around, [*one, "--name", str(each)])
            for each in range(count)
        ]
        for each, process in enumerate(started[1:]):
            _registered(folder / f"{each}.log", process)
        yield Nodes(address, folder, started[0], tuple(started[1:]))
    finally:
        for process in reversed(started):
            _stop(process)


def _start(
    what: str, log: Path, environment: Mapping[str, str], options: Sequence[str]
) -> subprocess.Popen[bytes]:
    setpriv = shutil.which("setpriv")
    mortal = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    with log.open("wb") as file:
        return subprocess.Popen(
            [*mortal, sys.executable, "-m", "dask", what, *options],
            env=dict(environment),
            stdout=file,
            stderr=file,
        )


def _address(told: Path, process: subprocess.Popen[bytes]) -> str:
    """The scheduler's address, as soon as it says it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            return str(json.loads(told.read_text())["address"])
        except (OSError, ValueError):
            time.sleep(0.05)
    raise RuntimeError(
        f"the scheduler does not come up: {told.with_name('scheduler.log').read_text()[-2000:]}"
    )


def _registered(log: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a worker says that the scheduler knows it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if b"Registered to" in log.read_bytes():
            return
        time.sleep(0.05)
    raise RuntimeError(f"a worker does not come up: {log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
