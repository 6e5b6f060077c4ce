"""A private MariaDB for the tests, as services.py has a private PostgreSQL: on a socket in its own folder, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pymysql

from tests.services import PATIENCE, memory, mortal, unprivileged

NEEDED = (
    "These tests need a MariaDB server and found no `mariadbd` and `mariadb-install-db` on this machine. "
    "Debian and Ubuntu: apt-get install mariadb-server; macOS: brew install mariadb."
)

# No network, and no durability: a killed test server is thrown away, never recovered.
SETTINGS = (
    "--skip-networking",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M",
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its socket, and the process that ends with it."""

    socket: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str, driver: str = "mariadb+pymysql", user: str = "root") -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"{driver}://{user}@localhost/{database}?unix_socket={self.socket}&charset=utf8mb4"

    def run(self, statement: str) -> None:
        """Execute one statement as root."""
        with pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True) as connection:
            connection.cursor().execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Name of a fresh database that is dropped afterwards."""
        name = f"t{uuid4().hex}"
        self.run(f"create database {name}")
        try:
            yield name
        finally:
            self.run(f"drop database {name}")


def binaries() -> tuple[str, str] | None:
    """What makes a data folder, and what serves it; Debian keeps servers out of people's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    install, serve = shutil.which("mariadb-install-db", path=path), shutil.which("mariadbd", path=path)
    return (install, serve) if install and serve else None


@contextmanager
def server() -> Iterator[Server]:
    """Make a data folder in a temporary folder, serve it, and remove everything at the end."""
    found = binaries()
    if found is None:
        raise RuntimeError(NEEDED)
    install, serve = found
    home = Path(tempfile.mkdtemp(prefix="chuanyu-maria-", dir=memory()))
    who = unprivileged("mysql")
    try:
        if who:
            os.chown(home, who["user"], who["group"])
        data = f"--datadir={home / 'data'}"
        made = subprocess.run(
            [install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"],
            cwd=home,
            capture_output=True,
            check=False,
            **who,
        )
        if made.returncode:
            raise RuntimeError(f"mariadb-install-db failed: {made.stderr.decode(errors='replace')}")
        command = [*mortal(), serve, "--no-defaults", data, f"--socket={home / 'socket'}", *SETTINGS]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, **who)
        try:
            _await(home, process)
            yield Server(home / "socket", process)
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _await(home: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers; its own log says why when it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            pymysql.connect(unix_socket=str(home / "socket"), user="root").close()
        except pymysql.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"MariaDB does not answer: {(home / 'log').read_text(errors='replace')[-2000:]}")
