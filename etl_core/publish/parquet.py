"""Frames into one Parquet file, batch by batch: what is in memory does not grow with the rows.

polars writes in a thread of its own; batches are made by the caller's, so that a signal stops it at once. The same rows give the same
bytes, however they are cut into batches.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Full, Queue
from typing import IO, Any, cast

import polars as pl
from polars.io.plugins import register_io_source

from etl_core.publish.folder import private

GROUP = 100_000  # rows of a row group: so many are held at a time
AHEAD = 1  # batches that wait while one is written
PATIENCE = 0.2  # seconds until we look whether the writing has failed

Shape = Mapping[str, pl.DataType]
Waiting = Queue[pl.DataFrame | None]


def write(path: Path, shape: Shape, frames: Iterable[pl.DataFrame]) -> int:
    """Write a new file (mode 0600) of frames that have this shape; the number of rows. Raises OSError."""
    waiting: Waiting = Queue(AHEAD)
    rows = 0
    with ThreadPoolExecutor(1, thread_name_prefix="parquet") as thread:
        written = thread.submit(_sink, path, shape, waiting)
        try:
            for frame in frames:
                _hand(frame, waiting, written)
                rows += frame.height
        finally:
            _hand(None, waiting, written)  # whatever happened, the thread must come to its end
        written.result()
    return rows


def _hand(frame: pl.DataFrame | None, waiting: Waiting, written: Future[None]) -> None:
    while not written.done():
        try:
            return waiting.put(frame, timeout=PATIENCE)
        except Full:
            continue
    if frame is not None:
        written.result()  # it ended before its time, and says why
    return None


def _sink(path: Path, shape: Shape, waiting: Waiting) -> None:
    def batches(*_: object) -> Iterator[pl.DataFrame]:
        while (frame := waiting.get()) is not None:
            yield frame

    frames = register_io_source(batches, schema=dict(shape), validate_schema=True)
    with _Out(path) as out:
        try:
            frames.sink_parquet(
                cast(IO[bytes], out), compression="zstd", row_group_size=GROUP, maintain_order=True
            )
        except pl.exceptions.PolarsError:
            if out.fault is None:
                raise
            raise OSError(out.fault.errno, out.fault.strerror, str(path)) from None


class _Out(io.RawIOBase):
    """A new file that remembers why it could not be written: polars tells that in words of its own, or not at all."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = open(path, "xb", buffering=0, opener=private)  # noqa: SIM115  # closed with this
        self.fault: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        """All of it: the system may take a part at a time."""
        left = memoryview(content)
        size = left.nbytes
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as fault:
            self.fault = fault
            raise
        return size

    def close(self) -> None:
        self._file.close()
        super().close()
