"""Addresses of the warehouse and of a cluster: which ones can be used, and how one is shown without its password.

No message of this module holds a part of the address, for it may hold a password.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg"


class UrlError(ValueError):
    """An address that cannot be used; the text says why, in Chinese and English."""


def absolute(url: str, base: Path) -> str:
    """Check an address and make a SQLite file's path absolute, taken from the folder `base`.

    Raises:
        UrlError: another kind of database, none named, a warehouse in memory, or not an address at all.
    """
    if url.startswith("sqlite:"):
        return SQLITE + str(_file(url, base))
    _check_postgresql(url)
    return url


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite warehouse, None for a server."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def masked(url: str) -> str:
    """Return the address as people may see it: no password, and no query (it can hold one as well)."""
    if url.startswith(SQLITE):
        return url
    parts = _split(url)
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    return f"{parts.scheme}://{name}{colon and ':***'}{at}{host}{parts.path}"


def private(address: str) -> bool:
    """Whether nothing that is sent to this address of a cluster leaves the machine in clear: by TLS, or not at all.

    An address without a scheme means TCP, as Dask reads it.
    """
    scheme, _, rest = address.rpartition("://")
    parts = _parts(f"//{rest}")
    host = (parts and parts.hostname) or ""
    return bool(host) and (scheme == "tls" or (scheme in ("", "tcp") and _loopback(host)))


def local(url: str) -> bool:
    """Whether an address leads to this machine."""
    parts = _parts(url)
    return bool(parts and parts.hostname and _loopback(parts.hostname))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _file(url: str, base: Path) -> Path:
    path = url.removeprefix(SQLITE)
    if path == url or path in ("", ":memory:"):
        raise UrlError(
            "SQLite 仓库应写成 sqlite:///文件路径｜a SQLite warehouse is a file: sqlite:///path/to/file.sqlite"
        )
    try:
        resolved = (base / path).resolve()
        if not set(str(resolved)) & set("?#%"):
            return resolved
    except (OSError, RuntimeError, ValueError):  # links in a circle, a null character
        pass
    raise UrlError("SQLite 文件路径不能用，也不能含 ? # %｜not a usable SQLite path; it cannot hold ? # or %")


def _check_postgresql(url: str) -> None:
    parts = _split(url)
    if parts.scheme != POSTGRESQL:
        raise UrlError(
            f"仓库地址应以 {SQLITE} 或 {POSTGRESQL}:// 开头"
            f"｜the warehouse's address must begin with {SQLITE} or {POSTGRESQL}://"
        )
    if not parts.path.strip("/") and "dbname" not in parse_qs(parts.query):
        raise UrlError(
            f"地址缺少数据库名：{POSTGRESQL}://用户@主机/数据库"
            f"｜the address names no database: {POSTGRESQL}://user@host/database"
        )


def _split(url: str) -> SplitResult:
    parts = _parts(url)
    if parts is None or parts.fragment or not url.isprintable() or "@" in parts.path + parts.query:
        raise UrlError(
            "地址格式有误；口令中的特殊字符（@ / ? # :）须百分号编码"
            "｜the address is malformed; special characters of a password (@ / ? # :) are percent-encoded"
        )
    return parts


def _parts(url: str) -> SplitResult | None:
    """Return the parts, None for no address: the text of urlsplit's own error can quote it."""
    try:
        parts = urlsplit(url)
        return None if parts.port == 0 else parts
    except ValueError:
        return None
