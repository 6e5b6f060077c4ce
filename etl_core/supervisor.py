"""The parent's side of the child: starts it, hands it jobs, reads its answers, ends it when its time is up."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from types import TracebackType
from typing import NoReturn

from etl_core import protocol
from etl_core.errors import DeliveryError
from etl_core.protocol import (
    Answer,
    Claimed,
    Done,
    Explained,
    Failed,
    Hello,
    Importing,
    Job,
    Lexicon,
    Mending,
    Previewed,
    Problem,
    Ready,
    Sighted,
    Surveyed,
)
from etl_core.records import Excerpt, Prepared

# What a child says of one delivery on its way into the warehouse.
Told = Claimed | Mending | Prepared | Done

# What a child may see of the environment: never a secret of the configuration.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "PYTHONPATH",
    "POLARS_MAX_THREADS",
    "LD_LIBRARY_PATH",
)


STARTING = 60  # seconds that a child has to import its plugins
FATAL = "导入它的进程没有回来｜the process that imported it did not come back"


class Supervisor:
    """One child at a time, started again after it died or was ended.

    `hello` bounds the child's memory and chooses its plugins; `seconds` is the time it has for one delivery, and for starting.
    """

    def __init__(self, hello: Hello, seconds: float) -> None:
        self._hello, self._seconds = hello, seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: Ready | None = None
        self._fatal: tuple[Problem, ...] = ()

    def __enter__(self) -> Supervisor:
        """Start the child ahead of its first job, so that its imports run beside the parent's own."""
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def hello(self) -> Hello:
        """What a child is started with now: with every plugin denied that killed or stopped one before."""
        return self._hello

    def kill(self) -> None:
        """End the child from another thread: whoever listens to it hears that it is gone."""
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def ready(self) -> Ready:
        """The sources and broken plugins that the child found. Raises DeliveryError crashed, memory or timeout."""
        while self._ready is None:
            self._ready = self._greeted()
        return self._ready

    def _greeted(self) -> Ready | None:
        """The child's greeting; None where a plugin ended or stopped the child by its import: it is denied from now on."""
        importing: Importing | None = None
        reader = _Reader(self._alive(), min(self._seconds, STARTING))
        try:
            while isinstance(answer := _answer(reader), Importing):
                importing = answer
        except DeliveryError as fault:
            if importing is None:
                raise
            self._fatal += (Problem(**asdict(importing), reason=f"{fault.code}: {FATAL}"),)
            self._hello = replace(self._hello, deny=(*self._hello.deny, importing.plugin))
            self._end()
            return None
        assert isinstance(answer, Ready)
        return replace(answer, problems=(*self._fatal, *answer.problems))

    def stream(self, job: Job) -> Generator[Told]:
        """The child's answers about one delivery, in order.

        Raises DeliveryError with the child's code, or timeout, memory or crashed where it did not live to tell; `source` in its
        detail is the source as far as it is known, or "".
        """
        for answer in self._answers(job):
            assert isinstance(answer, Claimed | Mending | Prepared | Done)
            yield answer

    def preview(self, job: Job) -> Generator[Claimed | Previewed | Prepared | Done]:
        """As `stream`, for a job that asks for a preview: the cells of each batch come before it."""
        for answer in self._answers(job):
            assert isinstance(answer, Claimed | Previewed | Prepared | Done)
            yield answer

    def explain(self, job: Job) -> Explained | None:
        """How the records of the row `job.at` were made; None where there is no such row. Raises DeliveryError as `stream` does."""
        found = [answer for answer in self._answers(job) if isinstance(answer, Explained)]
        return found[0] if found else None

    def survey(self, job: Job) -> Iterator[Surveyed | Claimed]:
        """Whose a delivery is: every source's claim, then the one that was believed. Raises DeliveryError as `stream` does."""
        for answer in self._answers(replace(job, survey=True)):
            if isinstance(answer, Surveyed | Claimed):
                yield answer

    def look(self, job: Job) -> Sighted:
        """What a file of no known source is like, and a specimen of it. Raises DeliveryError as `stream` does."""
        answers = list(self._answers(replace(job, look=True)))
        return next(answer for answer in answers if isinstance(answer, Sighted))

    def excerpts(self, job: Job) -> Iterator[Excerpt]:
        """The wanted rows of a delivery, table by table. Raises DeliveryError as `stream` does."""
        return (answer for answer in self._answers(job) if isinstance(answer, Excerpt))

    def lexicon(self, source: str) -> Lexicon:
        """The words that a source knows. Raises DeliveryError as `stream` does."""
        asked = self._answers(Job("", "", 0.0, source=source, lexicon=True))
        return next(answer for answer in list(asked) if isinstance(answer, Lexicon))

    def _answers(
        self, job: Job
    ) -> Iterator[Surveyed | Sighted | Lexicon | Excerpt | Previewed | Explained | Told]:
        """What the child says until it is done; ended with it where the listener leaves earlier."""
        source = job.source
        over = False
        try:
            self.ready()
            self._tell(protocol.line(job))
            reader = _Reader(self._alive(), self._seconds)
            while not over:
                answer = _answer(reader)
                over = isinstance(answer, Done | Failed)
                if isinstance(answer, Failed):
                    raise DeliveryError(answer.code, **{**answer.detail, "source": answer.source or source})
                assert not isinstance(answer, Ready | Importing)
                source = answer.source if isinstance(answer, Claimed | Mending) else source
                yield answer
        except DeliveryError as fault:
            raise DeliveryError(fault.code, **{"source": source, **fault.detail}) from None
        except BrokenPipeError:
            raise DeliveryError("crashed", source=source) from None
        finally:
            if not over:
                self._end()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-X", "utf8", "-m", "etl_core.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            start_new_session=True,
        )
        self._ready = None
        self._tell(protocol.line(self._hello))

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._start()
        assert self._process is not None
        return self._process

    def _tell(self, line: bytes) -> None:
        pipe = self._alive().stdin
        assert pipe is not None
        pipe.write(line)
        pipe.flush()

    def _end(self) -> None:
        """End the child and whatever it may have started."""
        process, self._process, self._ready = self._process, None, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                assert pipe is not None
                pipe.close()
        process.wait()


def _answer(reader: _Reader) -> Answer:
    return protocol.decode(reader.line(), reader.exactly)


class _Reader:
    """Bytes from the child's pipe, until `seconds` from now have passed."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        assert process.stdout is not None
        self._process, self._deadline = process, time.monotonic() + seconds
        self._descriptor = process.stdout.fileno()
        self._buffer = bytearray()

    def line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            self._more()
        return self._take(end + 1)

    def exactly(self, size: int) -> memoryview:
        """So many bytes, read to where they are wanted and not gathered piece by piece."""
        whole = memoryview(bytearray(size))
        have = min(size, len(self._buffer))
        whole[:have] = self._take(have)
        while have < size:
            self._wait()
            read = os.readv(self._descriptor, [whole[have:]])
            have += read or self._gone()
        return whole

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _more(self) -> None:
        self._wait()
        self._buffer += os.read(self._descriptor, 1 << 16) or self._gone()

    def _wait(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._descriptor, selectors.EVENT_READ)
            if not selector.select(max(0.0, self._deadline - time.monotonic())):
                raise DeliveryError("timeout")

    def _gone(self) -> NoReturn:
        """The pipe is closed: say of what the child died."""
        # An allocation that Rust code cannot have ends the process by SIGABRT; the kernel's own limit by SIGKILL.
        status = self._process.wait()
        raise DeliveryError("memory" if status in (-signal.SIGABRT, -signal.SIGKILL) else "crashed")
