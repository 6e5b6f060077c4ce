"""Remote folders behind one face: what lies there, and the bytes of a file. Nothing here can write or delete.

Every kind of place raises errors of its own, whose texts can hold addresses and secrets: all become a PullError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec

from etl_core.config import Remote
from etl_core.errors import PullError
from etl_core.pulls.outcome import lacking

READ = 1 << 20  # bytes read at a time
PATIENCE = 60.0  # seconds without a byte
_TAGS = ("ETag", "etag", "md5", "content_md5", "checksum", "Digest", "Content-MD5")
_TIMES = ("mtime", "LastModified", "last_modified", "Last-Modified", "modified", "updated")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was seen: its path for the place, its size, and what the place says of its version."""

    path: str
    size: int | None
    modified: float | None
    tag: str

    @property
    def version(self) -> list[object]:
        """What is remembered of it: another version is another one of these, as far as the place tells."""
        return [self.size, self.modified, self.tag]

    @property
    def told(self) -> bool:
        """Whether the place tells versions apart at all."""
        return self.size is not None and (self.modified is not None or bool(self.tag))


class Store:
    """A remote folder. Raises PullError: "pull.unreachable", "pull.extra"."""

    def __init__(self, remote: Remote) -> None:
        url = remote.url.get_secret_value()
        parts = urlsplit(url)
        self.host = parts.hostname or parts.scheme
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"  # without any secret
        self._web = parts.scheme in ("http", "https")
        with self._reached():
            self._files, self._root = _opened(remote, url, parts.scheme)

    def look(self, wanted: Callable[[str], bool]) -> dict[str, Seen]:
        """The wanted files of the folder by name, none of folders in it; a name is whatever the other side says."""
        with self._reached():
            self._files.invalidate_cache()
            found = [entry for entry in self._files.ls(self._root, detail=True) if entry["type"] == "file"]
        named = ((self._name(entry["name"]), entry) for entry in found)
        return {name: self._seen(entry) for name, entry in named if name and wanted(name)}

    def again(self, seen: Seen) -> Seen:
        """The same file as it is now."""
        with self._reached():
            self._files.invalidate_cache()
            return _seen(self._files.info(seen.path))

    def chunks(self, seen: Seen) -> Iterator[bytes]:
        """The bytes of a file."""
        with self._reached():
            file = self._files.open(seen.path, "rb", **({"block_size": 0} if self._web else {}))
            if hasattr(file, "prefetch"):  # SFTP: many requests under way at a time
                file.prefetch(seen.size)
        try:
            while True:
                with self._reached():
                    chunk: bytes = file.read(READ)
                if not chunk:
                    return
                yield chunk
        finally:
            with suppress(Exception):
                file.close()

    def _seen(self, entry: dict[str, Any]) -> Seen:
        """What a listing tells; where it is a web page it tells names alone, and each file is asked for."""
        if not self._web:
            return _seen(entry)
        with self._reached():
            told = self._files.info(entry["name"])
        if urlsplit(str(told.get("url", ""))).hostname not in (None, self.host):
            raise PullError("pull.redirected", host=str(urlsplit(str(told["url"])).hostname))
        return _seen(told)

    def _name(self, path: str) -> str:
        if not self._web:
            return path.rstrip("/").rpartition("/")[2]
        rest = path.removeprefix(self._root.rstrip("/") + "/")
        return "" if rest == path or any(char in rest for char in "/?#") else unquote(rest)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except PullError:
            raise
        except ImportError as missing:
            raise lacking(missing, "remote") from None
        except Exception as error:  # noqa: BLE001  # each kind of place has a tree of errors of its own
            raise PullError("pull.unreachable", host=self.host, kind=type(error).__name__) from None


def _opened(remote: Remote, url: str, scheme: str) -> tuple[Any, str]:
    """The file system of an address, and the folder in it."""
    options: dict[str, Any] = {name: value.get_secret_value() for name, value in remote.options.items()}
    if scheme in ("sftp", "ssh"):
        return _sftp(url, options, remote.known_hosts)
    if scheme in ("http", "https"):
        import aiohttp

        patience = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE, sock_read=PATIENCE)
        options["client_kwargs"] = {"timeout": patience}
    files, root = fsspec.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False, **options)
    return files, root


def _sftp(url: str, options: dict[str, Any], known_hosts: Path | None) -> tuple[Any, str]:
    """SFTP with a server that is known: fsspec's own trusts whoever answers."""
    import paramiko
    from fsspec.implementations.sftp import SFTPFileSystem

    class Known(SFTPFileSystem):  # type: ignore[misc]  # fsspec ships no types
        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            if known_hosts:
                self.client.load_host_keys(str(known_hosts))
            else:
                self.client.load_system_host_keys()
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            self.client.connect(self.host, timeout=PATIENCE, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()
            channel = self.ftp.get_channel()
            if channel is not None:
                channel.settimeout(PATIENCE)

    stated = Known._get_kwargs_from_urls(url)
    return Known(skip_instance_cache=True, **{**stated, **options}), Known._strip_protocol(url)


def _seen(entry: dict[str, Any]) -> Seen:
    tag = next((str(entry[name]) for name in _TAGS if entry.get(name)), "")
    moment = next((entry[name] for name in _TIMES if entry.get(name)), None)
    size = entry.get("size")
    return Seen(entry["name"], size if isinstance(size, int) else None, _moment(moment), tag)


def _moment(stated: object) -> float | None:
    """Seconds since 1970, from whatever a place calls a time."""
    if isinstance(stated, datetime):
        return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).timestamp()
    if isinstance(stated, int | float):
        return float(stated)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        with suppress(TypeError, ValueError):
            return read(str(stated)).timestamp()
    return None
