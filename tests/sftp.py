"""A real SFTP server for the tests, in threads of this process: paramiko's own, over a folder."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko

USER, PASSWORD = "etl", "geheim"


@dataclass(frozen=True, slots=True)
class Sftp:
    """A running server: its port, the folder that it serves, and what clients know it by."""

    port: int
    folder: Path
    known_hosts: Path

    @property
    def url(self) -> str:
        """Address of its one folder."""
        return f"sftp://{USER}@127.0.0.1:{self.port}/"


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


@contextmanager
def sftp(folder: Path, home: Path) -> Iterator[Sftp]:
    """Serve `folder`, read-only, until left; the server's keys are made in `home`."""

    class Files(paramiko.SFTPServerInterface):
        def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
            return [self._told(each) for each in sorted((folder / path.lstrip("/")).iterdir())]

        def stat(self, path: str) -> paramiko.SFTPAttributes | int:
            return self._told(folder / path.lstrip("/"))

        lstat = stat

        def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
            if flags & (os.O_WRONLY | os.O_RDWR):
                return paramiko.SFTP_PERMISSION_DENIED
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = (folder / path.lstrip("/")).open("rb")
            return handle

        def _told(self, path: Path) -> paramiko.SFTPAttributes:
            return paramiko.SFTPAttributes.from_stat(path.lstat(), path.name)

    key = paramiko.RSAKey.generate(2048)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    known = home / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                transport = paramiko.Transport(listening.accept()[0])
                transports.append(transport)
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
                with suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Login())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Sftp(port, folder, known)
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for transport in transports:
            transport.close()
        thread.join()
