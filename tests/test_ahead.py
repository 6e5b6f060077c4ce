"""What is begun before its turn comes out in its turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core import header
from etl_core.ahead import ahead, answers
from etl_core.errors import DeliveryError
from etl_core.pool import Told
from etl_core.protocol import Claimed, Done, Job, Ready
from etl_core.records import Encoding, HeaderAccount, Part, Place

ACCOUNT = HeaderAccount("a.csv", None, ("姓名",), (), (), ())
PLACE = Place("2023", (2023,))


@dataclass
class Fake:
    """Answers that were made up; remembers whether it was dropped."""

    told: list[Told]
    dropped: bool = False

    def __iter__(self) -> Iterator[Told]:
        return iter(self.told)

    def drop(self) -> None:
        self.dropped = True


@dataclass
class Executor:
    """A delivery of some parts, each with a number of records."""

    records: tuple[int, ...]
    size: int = 2
    asked: list[Job] = field(default_factory=list)
    made: list[Fake] = field(default_factory=list)

    def ready(self) -> Ready:
        return Ready()

    def submit(self, job: Job, held: int = 0) -> Fake:
        self.asked.append(job)
        self.made.append(Fake(self._told(job)))
        return self.made[-1]

    def _told(self, job: Job) -> list[Told]:
        if job.part is None:
            parts = tuple(Part(n, n + 1, n, Encoding("utf-8"), ",") for n in range(len(self.records)))
            return [Claimed("made_up", PLACE, parts), Done()]
        return [Done((ACCOUNT,) if job.part.start == 0 else (), self.records[job.part.start])]


@given(st.lists(st.integers()), st.integers(0, 5))
def test_items_come_out_in_order_with_what_was_begun_for_them(items: list[int], room: int) -> None:
    begun: list[int] = []

    def begin(item: int) -> Fake:
        begun.append(item)
        return Fake([Done(records=item)])

    for turn, (item, stream) in enumerate(ahead(items, begin, room)):
        assert item == items[turn]
        assert stream is not None
        assert [one.records for one in stream if isinstance(one, Done)] == [item]
        assert len(begun) <= turn + 1 + room
    assert begun == items


def test_what_was_begun_and_never_read_is_dropped() -> None:
    made = [Fake([]) for _ in range(3)]
    walk = ahead(range(3), lambda number: made[number], 2)
    next(walk)
    walk.close()  # type: ignore[attr-defined]
    assert [one.dropped for one in made] == [False, True, True]


def test_the_parts_of_a_delivery_are_told_as_one() -> None:
    executor = Executor((2, 0, 3))
    claimed, done = answers(executor, Job("a", "a.csv", 0, split=1))
    assert isinstance(claimed, Claimed)
    assert done == Done((ACCOUNT,), 5)
    assert [job.source for job in executor.asked] == ["", "made_up", "made_up", "made_up"]
    assert all(one.dropped for one in executor.made)


def test_a_column_without_a_header_that_only_a_later_part_fills_is_told() -> None:
    first, second = (replace(ACCOUNT, unknown=("民族", header.headless(at))) for at in (12, 30))
    later = replace(ACCOUNT, unknown=("民族", header.headless(4)))
    told = header.joined(header.joined(first, second), later).unknown
    assert told == ("民族", *(header.headless(at) for at in (4, 12, 30)))


def test_a_delivery_none_of_whose_parts_has_a_record_is_empty() -> None:
    with pytest.raises(DeliveryError) as fault:
        list(answers(Executor((0, 0)), Job("a", "a.csv", 0, split=1)))
    assert (fault.value.code, fault.value.detail) == ("empty", {"source": "made_up"})
