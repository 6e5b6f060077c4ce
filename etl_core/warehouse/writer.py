"""The database at work beside the program: batches are written by a thread, in order, while the next one is prepared.

Drivers let go of Python while they work, so that two processors are busy. One thread at a time uses the connection: who
wants it for something else waits with `rest` until all is written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

AHEAD = 1  # batches that wait while one is written: more would only cost memory


class Writer:
    """Writes in the order in which it is told to; an error is raised by a later call."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._pending: deque[Future[None]] = deque()

    def later(self, write: Callable[[], None]) -> None:
        """Have something written as soon as what was told before is written; wait where too much waits already."""
        while len(self._pending) > AHEAD:
            self._pending.popleft().result()
        self._pending.append(self._thread.submit(write))

    def rest(self) -> None:
        """Wait until everything is written."""
        while self._pending:
            self._pending.popleft().result()


@contextmanager
def writing() -> Iterator[Writer]:
    """A writer for one transaction: when the block ends, however it ends, nothing is being written any more."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
    try:
        yield Writer(thread)
    finally:
        thread.shutdown(wait=True, cancel_futures=True)
