"""What one worker process keeps for one run: a private folder, the files it fetched, and its children.

It ends when the parent says so, when nothing was asked for a while, or with the process: a child dies with the thread that
started it, and a folder whose process was killed is removed by the next one on that machine (inbox.workroom).
"""

from __future__ import annotations

import atexit
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from etl_core.inbox import workroom
from etl_core.protocol import Hello, Ready
from etl_core.supervisor import Supervisor

IDLE = 600.0  # seconds after which a run that asks for nothing counts as gone; it begins anew, should it come back

Fetch = Callable[[], Iterable[bytes]]


@dataclass
class _Copy:
    """A fetched file; `lock` is held while it is fetched, so that parts that come together wait for one copy."""

    path: Path
    users: int = 0
    whole: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Stay:
    """A run's things in this process."""

    def __init__(self, hello: Hello, seconds: float) -> None:
        self._hello, self._seconds = hello, seconds
        self._over = ExitStack()
        self._folder = self._over.enter_context(workroom())
        self._lock, self._starting = threading.RLock(), threading.Lock()
        self._copies: dict[str, _Copy] = {}
        self._mine = threading.local()
        self._children: list[Supervisor] = []
        self._ready: Ready | None = None
        self._guests, self._ending = 0, False
        self._timer: threading.Timer | None = None

    def ready(self) -> Ready:
        """What the first child found; those after it are told which plugins killed it. Raises DeliveryError."""
        with self._starting:
            if self._ready is None:
                first = self.supervisor()
                self._ready = first.ready()
                self._hello = first.hello
            return self._ready

    def supervisor(self) -> Supervisor:
        """The child of this thread: it must not be another's, for it would die with that one (child.confine)."""
        mine: Supervisor | None = getattr(self._mine, "supervisor", None)
        if mine is None:
            with self._lock:
                mine = self._mine.supervisor = Supervisor(self._hello, self._seconds)
                self._children.append(mine)
        return mine

    @contextmanager
    def file(self, name: str, fetch: Fetch, again: bool) -> Iterator[Path]:
        """The private copy of a staged file; `again` where more may be asked of it: kept until another such file comes."""
        copy = self._taken(name, again)
        try:
            with copy.lock:
                if not copy.whole:
                    _write(copy.path, fetch())
                    copy.whole = True
            yield copy.path
        finally:
            self._given_back(name, copy, again)

    def _taken(self, name: str, again: bool) -> _Copy:
        with self._lock:
            if again:
                for other in [each for each in self._copies if each != name]:
                    self._dismissed(other)
            copy = self._copies.setdefault(name, _Copy(self._folder / uuid.uuid4().hex))
            copy.users += 1
            return copy

    def _given_back(self, name: str, copy: _Copy, again: bool) -> None:
        with self._lock:
            copy.users -= 1
            if not (again and copy.whole):
                self._dismissed(name)

    def _dismissed(self, name: str) -> None:
        """Remove a copy that nobody uses."""
        if not self._copies[name].users:
            self._copies.pop(name).path.unlink(missing_ok=True)

    @property
    def idle(self) -> bool:
        """Whether no task is at work here."""
        return not self._guests

    def enter(self) -> None:
        """One more task."""
        with self._lock:
            self._guests += 1
            if self._timer is not None:
                self._timer.cancel()

    def leave(self, expire: Callable[[], None]) -> None:
        """One task less; after the last one, wait for others before `expire` is called."""
        with self._lock:
            self._guests -= 1
            if self._guests:
                return
            if self._ending:
                self._close()
                return
            self._timer = threading.Timer(IDLE, expire)
            self._timer.daemon = True
            self._timer.start()

    def end(self) -> None:
        """End the children; the folder goes now, or when the last task has noticed."""
        with self._lock:
            self._ending = True
            if self._timer is not None:
                self._timer.cancel()
            for child in self._children:
                child.kill()
            if not self._guests:
                self._close()

    def _close(self) -> None:
        for child in self._children:
            child.__exit__(None, None, None)
        self._over.close()


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.unlink(missing_ok=True)  # what an attempt that failed may have left
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            file.write(chunk)


_stays: dict[str, Stay] = {}
_lock = threading.Lock()


@contextmanager
def stay(run: str, hello: Hello, seconds: float) -> Iterator[Stay]:
    """The run's things in this process, made where there are none yet."""
    with _lock:
        if run not in _stays:
            _stays[run] = Stay(hello, seconds)
        here = _stays[run]
        here.enter()
    try:
        yield here
    finally:
        here.leave(lambda: _expire(run, here))


def forget(run: str) -> None:
    """The run is over: end its children and remove its folder."""
    with _lock:
        here = _stays.pop(run, None)
    if here is not None:
        here.end()


def _expire(run: str, here: Stay) -> None:
    """Nothing was asked for a while; whoever came in this very moment is let be."""
    with _lock:
        if not here.idle or _stays.get(run) is not here:
            return
        del _stays[run]
    here.end()


@atexit.register
def _forget_all() -> None:
    for run in list(_stays):
        with suppress(Exception):
            forget(run)
