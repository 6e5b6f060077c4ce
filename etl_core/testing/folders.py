"""Samples that are folders, the pages of a pull: packed as the inbox packs them, found in golden files, copied, cut short."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from etl_core.inbox import single
from etl_core.records import Arrival


def packed(delivery: Path) -> Path:
    """What a child opens: the file itself, or the archive that the inbox makes of a folder."""
    if not delivery.is_dir():
        return delivery
    taken = single(delivery, Path(_room().name))
    assert isinstance(taken, Arrival), delivery.name
    return taken.path


@cache
def _room() -> TemporaryDirectory[str]:
    """Where archives lie until the tests end."""
    return TemporaryDirectory(prefix="etl-testing-")


def inside(delivery: str) -> pl.Expr:
    """Lines whose `file` is a delivery of that name, or a page of it."""
    file = pl.col("file")
    return (file == delivery) | file.str.starts_with(f"{delivery}/")


def files(delivery: Path) -> list[Path]:
    """The files of a delivery, in the order in which they are read."""
    return sorted(delivery.iterdir()) if delivery.is_dir() else [delivery]


def copied(delivery: Path, target: Path) -> Path:
    """A copy of a delivery under another path."""
    return Path(shutil.copytree(delivery, target) if delivery.is_dir() else shutil.copyfile(delivery, target))


def compressed(delivery: Path, folder: Path) -> list[Path]:
    """A zip of a delivery under a name that tells nothing, and a gzip of it where it is one file."""
    archive = folder / "附件.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as whole:
        for file in files(delivery):
            whole.write(file, file.relative_to(delivery.parent))
    if delivery.is_dir():
        return [archive]
    alone = folder / f"{delivery.name}.gz"
    alone.write_bytes(gzip.compress(delivery.read_bytes(), mtime=0))
    return [archive, alone]


def cut(delivery: Path, target: Path, size: int) -> Path:
    """The first `size` bytes of a delivery under another path: of a pull, its pages until a transfer broke off."""
    if not delivery.is_dir():
        target.write_bytes(delivery.read_bytes()[:size])
        return target
    target.mkdir()
    for page in files(delivery):
        whole = page.read_bytes()
        if size > 0:
            (target / page.name).write_bytes(whole[:size])
        size -= len(whole)
    return target
