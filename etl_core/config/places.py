"""Where a run writes and what it only reads, by the setting that says so: the schedule's unit and the doctor both ask here."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from etl_core.config.model import Config
from etl_core.config.pulls import Pull
from etl_core.config.section import Section
from etl_core.config.url import sqlite_path

FILES = ("log.file", "metrics.textfile", "lineage.file")  # others lie beside them for a moment, or for good
FOLDERS = ("archive", "runs.folder", "publish.folder")


def written(config: Config) -> dict[str, Path]:
    """Every folder in which a run writes, whether it is there yet or not.

    The key's folder only as long as there is no key; the landing only where something is pulled.
    """
    named = dict(_named(config))
    files = {
        "warehouse.url": config.warehouse.path,
        **{name: named.get(name) for name in FILES},
        "key_file": None if os.path.exists(config.key_file) else config.key_file,  # noqa: PTH110  # unlike Path's it never raises
    }
    folders = {
        **{name: path.parent for name, path in files.items() if path is not None},
        **{name: named.get(name) for name in FOLDERS},
        "work": config.work or Path(tempfile.gettempdir()),
        "landing": config.landing if config.pulls else None,
        "dask.staging": _local(config.dask.staging) if config.executor == "dask" else None,
    }
    return {name: path for name, path in folders.items() if path is not None}


def consulted(config: Config) -> dict[str, Path]:
    """Every file and folder that a run reads and never writes: inboxes, the key, certificates, secrets, what is pulled from."""
    own = {*FILES, *FOLDERS, "work", "landing"}
    found = {name: path for name, path in _named(config) if name not in own}
    if config.executor != "dask":
        found = {name: path for name, path in found.items() if not name.startswith("dask.")}
    pulled = {f"pulls.{name}": _pulled(pull) for name, pull in config.pulls.items()}
    return {**found, **{name: path for name, path in pulled.items() if path is not None}}


def _named(section: Section, before: str = "") -> Iterator[tuple[str, Path]]:
    """Every path of a section and of those in it, by its dotted name."""
    for name, value in section:
        yield from _paths(value, f"{before}{name}")


def _paths(value: object, name: str) -> Iterator[tuple[str, Path]]:
    if isinstance(value, Path):
        yield name, value
    elif isinstance(value, Section):
        yield from _named(value, f"{name}.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, f"{name}.{key}")
    elif isinstance(value, tuple):
        for at, inner in enumerate(value):
            yield from _paths(inner, f"{name}.{at}")


def _pulled(pull: Pull) -> Path | None:
    """What of this machine is pulled from."""
    if pull.sql is not None:
        return sqlite_path(pull.sql.url.get_secret_value())
    remote = pull.remote.url.get_secret_value() if pull.remote else ""
    return _local(remote) if remote.startswith("file:") else None


def _local(address: str | None) -> Path | None:
    """A folder of this machine, by its path or as an address of fsspec's."""
    place = (address or "").removeprefix("file://")
    return Path(place) if place and "://" not in place else None
