"""The walk through the inboxes: what is there, settled, new."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from etl_core.errors import DeliveryError
from etl_core.filenames import shown, unfinished
from etl_core.inbox.copying import bundled, chunks, copied, fingerprint_of, opened
from etl_core.inbox.listing import Faulty, Folder, Item, listed, pointed
from etl_core.records import Arrival
from etl_core.steps import step


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be taken: something in an inbox (not_regular, not_settled, unreadable), or an inbox itself (CLOSED)."""

    name: str
    error: DeliveryError


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A settled file whose bytes the warehouse knows already (ruling 20); it was not copied."""

    name: str
    fingerprint: str


def arrivals(
    folders: Iterable[Path],
    work: Path,
    settle_seconds: float,
    file_mb: int,
    known: Callable[[str], bool] = lambda fingerprint: False,
) -> Iterator[Arrival | Refused | Unchanged]:
    """Yield what lies in the folders, in folder order and by name within a folder.

    Every copy lies in `work` under its fingerprint, mode 0600, and belongs to the caller (see `released`).
    A folder in an inbox is one delivery, and its copy a tar archive of the files in it; folders inside it are refused.

    Args:
        folders: the inboxes.
        work: an existing private folder (see `workroom`).
        settle_seconds: a file changed less than so many seconds ago is waited for, once for all files; one
            whose time lies in the future counts as settled.
        file_mb: greatest size of a file in MiB.
        known: tells whether a fingerprint (SHA-256, hex) needs no copy; asked just before its file is due.

    Raises:
        OSError: the work folder cannot be written.
    """
    with ExitStack() as stack:
        found = [one for folder in folders for one in listed(folder, stack)]
        _settle([item for one in found for item in _items(one)], settle_seconds)
        for one in found:
            yield _refused(one) if isinstance(one, Faulty) else _taken(one, work, file_mb, known)


def single(file: Path, work: Path, file_mb: int = 2048) -> Arrival | Refused:
    """The one file that a person names, copied as `arrivals` does; nobody waits for it to settle."""
    with ExitStack() as stack:
        one = pointed(file, stack)
        taken = (
            _refused(one)
            if isinstance(one, Faulty)
            else _taken(one, work, file_mb, lambda fingerprint: False)
        )
        assert not isinstance(taken, Unchanged)
        return taken


def _items(one: Item | Folder | Faulty) -> tuple[Item, ...]:
    """The files of a delivery."""
    if isinstance(one, Faulty):
        return ()
    return one.items if isinstance(one, Folder) else (one,)


def _settle(items: list[Item], seconds: float) -> None:
    """Wait until the youngest file is `seconds` old; files of the future do not make it wait."""
    now = time.time()
    ages = [now - item.state.st_mtime for item in items if not unfinished(item.name)]
    time.sleep(max((seconds - age for age in ages if 0 <= age < seconds), default=0))


def _refused(faulty: Faulty) -> Refused:
    return Refused(shown(faulty.name), faulty.error)


def _taken(
    one: Item | Folder, work: Path, file_mb: int, known: Callable[[str], bool]
) -> Arrival | Refused | Unchanged:
    name, items = shown(one.name), _items(one)
    size = sum(item.state.st_size for item in items)
    try:
        if any(unfinished(item.name) for item in items):
            raise DeliveryError("not_settled")
        if not items:
            raise DeliveryError("empty")
        if size > file_mb << 20:
            raise DeliveryError("unreadable", limit=file_mb)
        with ExitStack() as stack:
            content = _content(one, stack)
            fingerprint = fingerprint_of(content())
            step("fingerprinted")
            if known(fingerprint):
                return Unchanged(name, fingerprint)
            path = copied(content(), work, fingerprint)
        step("copied")
        return Arrival(name, path, fingerprint, size, max(item.state.st_mtime for item in items))
    except DeliveryError as error:
        return Refused(name, error)


def _content(one: Item | Folder, stack: ExitStack) -> Callable[[], Iterator[bytes]]:
    """How the bytes of a delivery are read, as often as they are wanted; a file is opened once."""
    if isinstance(one, Folder):
        return partial(bundled, one)
    return partial(chunks, stack.enter_context(closing(opened(one))), one)
