"""Frames into one Parquet file, batch by batch: what is in memory does not grow with the rows.

polars writes in a thread of its own; batches are made by the caller's, so that a signal stops it at once. The same rows give the same
bytes, however they are cut into batches.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import Full, Queue

import polars as pl
from polars.io.plugins import register_io_source

from etl_core.publish.folder import private

GROUP = 100_000  # rows of a row group: so many are held at a time
AHEAD = 1  # batches that wait while one is written
PATIENCE = 0.2  # seconds until we look whether the writing has failed

_TOLD = re.compile(r"os error (\d+)")

Shape = Mapping[str, pl.DataType]
Waiting = Queue[pl.DataFrame | None]


def write(path: Path, shape: Shape, frames: Iterable[pl.DataFrame]) -> int:
    """Write a new file (mode 0600) of frames that have this shape; the number of rows. Raises OSError."""
    os.close(private(str(path), os.O_WRONLY))
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

    try:
        frames = register_io_source(batches, schema=dict(shape), validate_schema=True)
        frames.sink_parquet(path, compression="zstd", row_group_size=GROUP, maintain_order=True)
    except pl.exceptions.PolarsError as fault:
        told = _TOLD.search(str(fault))
        if told is None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1])), str(path)) from None
