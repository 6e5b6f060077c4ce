"""The place that parent and workers share: sealed objects under random names, in a folder of the run.

Contract §5: an ID number is never at rest in clear, so nothing is written here but through the run's seal.
"""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import fsspec
import polars as pl

from etl_core.protocol import FRAMES
from etl_core.records import Prepared
from etl_core.seal import Seal

READ = 1 << 20  # bytes read at a time
NAME = re.compile(r"[0-9a-f]{32}")


class Staging:
    """The run's folder at an address that fsspec knows. Every method may raise OSError."""

    def __init__(self, url: str, run: str, seal: Seal) -> None:
        self._files, root = fsspec.url_to_fs(url)
        self._folder = f"{root.rstrip('/')}/chuanyu-etl-{run}"
        self._seal = seal

    def make(self) -> None:
        """Make the folder, where the place has such a thing."""
        self._files.makedirs(self._folder, exist_ok=True)

    def put(self, chunks: Iterable[bytes]) -> str:
        """Write one object; its name is new, and known only after it was written as a whole."""
        name = uuid.uuid4().hex
        with self._files.open(self._path(name), "wb") as file:
            for chunk in self._seal.close(chunks, name):
                file.write(chunk)
        return name

    def get(self, name: str) -> Iterator[bytes]:
        """An object's bytes; SealError where they are not what was written."""
        with self._files.open(self._path(name), "rb") as file:
            yield from self._seal.open(iter(lambda: file.read(READ), b""), name)

    def remove(self, name: str) -> None:
        """Remove one object; what cannot be removed now goes with the folder."""
        with suppress(OSError):
            self._files.rm_file(self._path(name))

    def clear(self) -> None:
        """Remove the run's folder with all that is left in it."""
        with suppress(OSError):
            self._files.rm(self._folder, recursive=True)

    def _path(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("not the name of a staged object")
        return f"{self._folder}/{name}"


def pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes."""
    with path.open("rb") as file:
        while chunk := file.read(READ):
            yield chunk


def packed(prepared: Prepared) -> list[bytes]:
    """The five frames as Parquet (zstd), in the order of protocol.FRAMES."""
    return [_parquet(getattr(prepared, name)) for name in FRAMES]


def unpacked(content: bytes, sizes: list[int], read: int) -> Prepared:
    """The frames again; `sizes` are those of the parts that `packed` gave."""
    frames, start = [], 0
    for size in sizes:
        frames.append(pl.read_parquet(io.BytesIO(content[start : start + size])))
        start += size
    return Prepared(**dict(zip(FRAMES, frames, strict=True)), read=read)


def _parquet(frame: pl.DataFrame) -> bytes:
    """Without statistics: nobody filters it, it is read once and as a whole."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=1, statistics=False)
    return buffer.getvalue()
