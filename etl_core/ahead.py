"""What is begun before its turn: the next small deliveries, and the parts of a large one.

Answers are always handed on in the order of deliveries, and of rows within them, so that nothing depends on how many
children there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from etl_core.errors import DeliveryError
from etl_core.header import joined
from etl_core.pool import Answers, Executor, Told
from etl_core.protocol import Claimed, Done, Job
from etl_core.records import HeaderAccount, Part, Prepared

Item = TypeVar("Item")

SMALL = 1 << 20  # bytes of a delivery whose answers can all be held until its turn comes
PART = 16 << 20  # bytes of a large delivery that one child reads at a time


def ahead(
    items: Iterable[Item], begin: Callable[[Item], Answers | None], room: int
) -> Iterator[tuple[Item, Answers | None]]:
    """Yield the items in order, each with what was begun for it; `room` of them are begun before their turn."""
    waiting: deque[tuple[Item, Answers | None]] = deque()
    try:
        for item in items:
            waiting.append((item, begin(item)))
            if len(waiting) > room:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        for _, begun in waiting:
            if begun is not None:
                begun.drop()


def answers(executor: Executor, job: Job, begun: Answers | None = None) -> Generator[Told]:
    """Everything about one delivery, in order: Claimed, its batches, Done.

    begun: what was submitted before. Where the child says that a delivery can be read in parts, these are read side by
    side. Raises DeliveryError.
    """
    whole = executor.submit(job) if begun is None else begun
    try:
        for answer in whole:
            yield answer
            if isinstance(answer, Claimed) and answer.parts:
                yield from _joined(executor, replace(job, split=0, source=answer.source), answer.parts)
                return
    finally:
        whole.drop()


def _joined(executor: Executor, job: Job, parts: Iterable[Part]) -> Iterator[Told]:
    """The parts of one delivery as if it had been read in one go."""
    records = 0
    done = Done()
    for _, part in ahead(parts, lambda part: executor.submit(replace(job, part=part)), executor.size):
        assert part is not None
        try:
            for answer in part:
                if isinstance(answer, Prepared):
                    yield answer
                elif isinstance(answer, Done):
                    records += answer.records
                    done = Done(_accounts(done.accounts, answer.accounts))
        finally:
            part.drop()
    if not records:
        raise DeliveryError("empty", source=job.source)
    yield replace(done, records=records)


def _accounts(known: tuple[HeaderAccount, ...], more: tuple[HeaderAccount, ...]) -> tuple[HeaderAccount, ...]:
    """The accounts of the one table that the parts are of; a part without a row has none."""
    return tuple(map(joined, known, more)) if known and more else known or more
