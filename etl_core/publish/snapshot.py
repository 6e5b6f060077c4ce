"""One snapshot: everything that is published, read in one transaction and swapped in when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from etl_core.config import Publish
from etl_core.publish import crossed, manifest, parquet
from etl_core.publish.folder import CURRENT, Folder, private
from etl_core.publish.manifest import File, State

if TYPE_CHECKING:
    from etl_core.warehouse import View, Warehouse


@dataclass(frozen=True, slots=True)
class Published:
    """Where analysts read, and the rows of every file; `new` where this made a new snapshot."""

    folder: Path
    new: bool
    rows: dict[str, int] = field(default_factory=dict)


def publish(warehouse: Warehouse, settings: Publish, anew: bool = False) -> Published:
    """Swap in a snapshot of the warehouse, whose lock the caller holds; leave the current one where it says the same.

    anew: do not trust the ledger and the current snapshot, but write all files and compare them.
    Raises OSError with the publish folder where it cannot be written, WarehouseError.
    """
    folder = Folder(settings.folder, settings.keep)
    try:
        with warehouse.view() as view:
            return _published(view, settings, folder, anew)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, fault.filename or str(settings.folder)) from None


def _published(view: View, settings: Publish, folder: Folder, anew: bool) -> Published:
    folder.tidy()
    state = _state(view, settings)
    current = folder.current()
    before = manifest.read(current) if current else None
    if before is not None and not anew and manifest.document(state, {}) == before | {"files": {}}:
        return Published(settings.folder / CURRENT, False, _rows(before))
    with folder.draft() as draft:
        told = manifest.document(state, dict(_files(view, settings, draft)))
        new = told != before
        if new:
            manifest.write(draft, told, datetime.now(UTC))
            folder.swap(draft)
    return Published(settings.folder / CURRENT, new, _rows(told))


def _rows(told: dict[str, dict[str, dict[str, int]]]) -> dict[str, int]:
    return {name: file["rows"] for name, file in told["files"].items()}


def _state(view: View, settings: Publish) -> State:
    run, moment = view.last()
    software = f"chuanyu-etl {version('chuanyu-etl')}"
    return State(
        manifest.FORMAT, software, view.schema(), run, moment, view.mark(), settings.least, settings.names
    )


def _files(view: View, settings: Publish, draft: Path) -> Iterator[tuple[str, File]]:
    """Write every file of a snapshot; its name and what it is."""
    path = draft / "records.parquet"
    rows = parquet.write(path, view.shape(settings.names), view.records(settings.names))
    yield path.name, File.of(path, rows)
    for name, frame in (("deliveries", view.deliveries()), ("organisations", view.organisations())):
        path = draft / f"{name}.parquet"
        rows = parquet.write(path, dict(frame.schema), [frame])
        yield path.name, File.of(path, rows)
    yield _table(draft / "measures.csv", view.measures())
    for name, fields in crossed.CROSSED.items():
        cells = crossed.shown(view.crossed(*fields), settings.least)
        yield _table(draft / f"{name}.csv", cells, excel=True)


def _table(path: Path, frame: pl.DataFrame, excel: bool = False) -> tuple[str, File]:
    """A CSV file, for Excel with a byte order mark."""
    with open(path, "xb", opener=private) as file:
        frame.write_csv(file, include_bom=excel)
    return path.name, File.of(path, frame.height)
