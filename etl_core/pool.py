"""Several children at work: jobs go in, each gives a stream of answers, read by whom it is for and when it is their turn.

A child's answers are taken by a thread of its own and held until they are wanted, a few at a time, so that a child that is
ahead waits and memory stays bounded. Nothing here knows what a delivery is.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from queue import Empty, Queue, SimpleQueue
from types import TracebackType
from typing import Protocol, Self

from etl_core.errors import DeliveryError
from etl_core.protocol import Hello, Job, Ready
from etl_core.supervisor import Supervisor, Told

__all__ = ["HELD", "Answers", "Executor", "Pool", "Stream", "Told"]

HELD = 4  # answers of a stream that wait for their reader


@dataclass(frozen=True, slots=True)
class _End:
    """Nothing more comes; with an error, because of it."""

    error: BaseException | None = None


class Stream:
    """The answers about one job, in order, filled by one thread and read by another."""

    def __init__(self, job: Job, held: int = HELD) -> None:
        self.job = job
        self._answers: Queue[Told | _End] = Queue(held)
        self._dropped, self._over = threading.Event(), threading.Event()

    @property
    def over(self) -> bool:
        """Whether nothing more is done for it."""
        return self._over.is_set()

    def __iter__(self) -> Iterator[Told]:
        """Yield what comes; raise what went wrong (Supervisor.stream)."""
        while not isinstance(answer := self._answers.get(), _End):
            yield answer
        if answer.error is not None:
            raise answer.error

    def drop(self) -> None:
        """Want no more of it; whoever fills it notices at the next answer."""
        self._dropped.set()
        try:
            while True:
                self._answers.get_nowait()
        except Empty:
            pass

    def fill(self, answers: Generator[Told]) -> None:
        """Take every answer until there is none, an error, or nobody who wants it."""
        end = _End()
        try:
            with closing(answers):
                for answer in answers:
                    if self._dropped.is_set():
                        break
                    self._answers.put(answer)
        except BaseException as error:  # noqa: BLE001  # raised again where it is read
            end = _End(error)
        if not self._dropped.is_set():
            self._answers.put(end)
        self._over.set()


class Answers(Protocol):
    """What comes of a job: read it once, or drop it."""

    def __iter__(self) -> Iterator[Told]:
        """Each answer in order; raises DeliveryError."""
        ...

    def drop(self) -> None:
        """Want no more of it."""


class Executor(Protocol):
    """Where jobs are carried out: children of this machine, or a cluster's (cluster.py)."""

    @property
    def size(self) -> int:
        """How many jobs are carried out at the same time."""
        ...

    def ready(self) -> Ready:
        """The plugins there are. Raises DeliveryError where not even the child can be started."""
        ...

    def submit(self, job: Job, held: int = HELD) -> Answers:
        """Have a job carried out as soon as there is somebody free, who waits while `held` answers are unread.

        Jobs whose answers are read later than those of jobs after them need 0: all their answers are held.
        """
        ...


class Pool:
    """At most `size` children, each started when it is needed; use it as a context.

    The first child is started at once, so that its imports run beside the parent's own; what it learns about plugins
    that kill or stop a child is known to the others.
    """

    def __init__(self, hello: Hello, seconds: float, size: int = 1) -> None:
        self._hello, self._seconds, self._size = hello, seconds, size
        self._first = Supervisor(hello, seconds)
        self._ready: Ready | None = None
        self._jobs: SimpleQueue[Stream | None] = SimpleQueue()
        self._streams: list[Stream] = []
        self._supervisors = [self._first]
        self._threads: list[threading.Thread] = []

    @property
    def size(self) -> int:
        """How many children there may be."""
        return self._size

    def __enter__(self) -> Self:
        self._first.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the children, whatever they are doing, and the threads that listened to them."""
        for stream in self._streams:
            stream.drop()
        for supervisor in self._supervisors:
            supervisor.kill()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._first.__exit__(None, None, None)

    def ready(self) -> Ready:
        """The sources and broken plugins that the first child found. Raises DeliveryError crashed, memory or timeout."""
        if self._ready is None:
            self._ready = self._first.ready()
        return self._ready

    def submit(self, job: Job, held: int = HELD) -> Stream:
        """Queue a job for the next free child; start one more where all are busy and there may be more."""
        if not self._threads:
            with suppress(DeliveryError):  # told once more to whoever reads the stream
                self.ready()
        stream = Stream(job, held)
        self._streams = [each for each in self._streams if not each.over] + [stream]
        self._jobs.put(stream)
        if len(self._threads) < min(self._size, len(self._streams)):
            self._hire()
        return stream

    def _hire(self) -> None:
        if self._threads:
            known = self._first.hello  # with the plugins that it had to deny
            self._supervisors.append(Supervisor(known, self._seconds))
        supervisor = self._supervisors[-1]
        thread = threading.Thread(target=self._serve, args=(supervisor,), name="child", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, supervisor: Supervisor) -> None:
        """Carry out jobs, one after another, until there are no more."""
        try:
            while (stream := self._jobs.get()) is not None:
                stream.fill(supervisor.stream(stream.job))
        finally:
            if supervisor is not self._first:
                supervisor.__exit__(None, None, None)
