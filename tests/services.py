"""A private PostgreSQL for the tests: started from the binaries of this machine, gone when the session ends.

The server listens only on a unix socket in its own folder, so it meets no other server and no other worker.
A machine without PostgreSQL fails the tests with the name of the package to install; they never skip.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

NEEDED = (
    "These tests need a PostgreSQL server and found no `initdb` and `postgres` on this machine. "
    "Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql."
)
ROOM = 2 << 30  # bytes free in memory before the data folder goes there; a container often has 64 MB only
PATIENCE = 60.0  # seconds until a server that does not answer counts as broken

CLUSTER = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

# Durability costs time and proves nothing here: a killed test server is thrown away, never recovered.
SETTINGS = {
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",  # inside the data folder: a killed server leaves nothing elsewhere
    "fsync": "off",
    "full_page_writes": "off",
    "lc_messages": "C",
    "listen_addresses": "",
    "max_wal_senders": "0",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the folder of its socket, and the process that ends with it."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def run(self, statement: str) -> None:
        """Execute one statement outside a transaction, as `create database` demands."""
        address = f"host={self.folder} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def answered(self) -> None:
        """Wait until it lets somebody in: it may be coming up after a crash. A fork of ours can ask, too."""
        _await(self.folder, lambda: True)

    @contextmanager
    def database(self) -> Iterator[str]:
        """URL of a fresh database that is dropped afterwards, whoever is still connected."""
        name = f"t{uuid4().hex}"
        self.run(f"create database {name} template template0")
        try:
            yield self.url(name)
        finally:
            self.run(f"drop database {name} with (force)")


def binaries() -> Path | None:
    """The folder that holds both `initdb` and `postgres`, newest version first; None when there is none."""
    folders = [_configured(), *_packaged(), *map(Path, os.get_exec_path())]
    return next((f for f in folders if f and (f / "initdb").exists() and (f / "postgres").exists()), None)


def _configured() -> Path | None:
    """What pg_config says; it may name a folder without a server when only the client is installed."""
    if not shutil.which("pg_config"):
        return None
    said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
    return Path(said.stdout.strip()) if said.stdout.strip() else None


def _packaged() -> list[Path]:
    """Where Debian puts servers (never on the PATH), newest version first."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda f: [int(part) for part in f.parent.name.split(".")], reverse=True)


@contextmanager
def server(**settings: str) -> Iterator[Server]:
    """Make a cluster in a temporary folder, serve it with these settings over ours, and remove everything at the end."""
    folder = binaries()
    if folder is None:
        raise RuntimeError(NEEDED)
    home = Path(tempfile.mkdtemp(prefix="chuanyu-pg-", dir=memory()))
    try:
        who = unprivileged()
        _initialise(folder, home, who)
        process = _serve(folder, home, who, SETTINGS | settings)
        try:
            _await(home, lambda: process.poll() is None)
            yield Server(home, process)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def memory() -> str | None:
    """The memory file system when it has room; otherwise the usual temporary folder."""
    shm = Path("/dev/shm")
    return str(shm) if shm.is_dir() and shutil.disk_usage(shm).free > ROOM else None


def _initialise(folder: Path, home: Path, who: dict[str, Any]) -> None:
    """Make an empty cluster in `home`, owned by the user that will serve it."""
    if who:
        os.chown(home, who["user"], who["group"])
    command = [folder / "initdb", "-D", home / "data", *CLUSTER]
    made = subprocess.run(command, cwd=home, capture_output=True, check=False, **who)
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr.decode(errors='replace')}")


def _serve(
    folder: Path, home: Path, who: dict[str, Any], settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start the server of the cluster in `home`; it may not answer yet."""
    told = settings | {"unix_socket_directories": str(home)}
    options = [f"--{name}={value}" for name, value in told.items()]
    command = [*mortal(), folder / "postgres", "-D", home / "data", *options]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=home, stdout=log, stderr=log, **who)


def unprivileged(name: str = "postgres") -> dict[str, Any]:
    """Servers refuse to run as root: the arguments of subprocess for the server's own user, or for nobody."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get(name) or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def mortal() -> list[str]:
    """Linux: a prefix that ends the server even when the test session is killed and cannot clean up."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT"] if setpriv else []


def _await(home: Path, alive: Callable[[], bool]) -> None:
    """Wait until the server answers; its own log says why when it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and alive():
        try:
            psycopg.connect(f"host={home} user=postgres dbname=postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL does not answer: {(home / 'log').read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Immediate shutdown: nothing of the cluster is kept."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
