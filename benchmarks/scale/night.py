"""A night of deliveries: when they arrive, who reads them, who writes them, and when the last one is in.

A lane is one `etl run` with its own readers and its one writer on its own warehouse (or part of one). Deliveries of a lane are
written in the order of their arrival. A small one is read before its turn; a large one when it comes, by all readers
side by side while it is written (etl_core/ahead.py).
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from benchmarks.scale.figures import Engine, Figures, Night

HOUR = 3600.0
MILLION = 1e6
LARGE = 1 << 20  # bytes of a delivery that is not read before its turn
CENSUS = (
    126.0, 101.5, 99.4, 84.7, 83.7, 74.6, 66.4, 64.6, 61.0, 57.8, 50.1, 47.2, 45.2, 42.6, 41.5, 39.5, 38.6, 34.9, 32.1,
    31.9, 25.9, 25.0, 24.9, 24.1, 24.0, 21.9, 13.9, 10.1, 7.2, 5.9, 3.6,
)  # fmt: skip
"""Millions of people of each province in 2020, the largest first: who has more people has more teachers."""


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """When a delivery is there (s after the night opens), its number, its province and its rows."""

    at: float
    number: int
    province: int
    rows: int


@dataclass(frozen=True, slots=True)
class Done:
    """A delivery that is in: when it arrived and when it was committed."""

    arrival: Arrival
    end: float

    @property
    def waited(self) -> float:
        """Seconds from arrival to commit."""
        return self.end - self.arrival.at


def arrivals(records: float, night: Night, seed: int) -> list[Arrival]:
    """Deliveries of a night that hold at least so many records together, in order of arrival."""
    draw = random.Random(seed)
    drawn = list(_sized(records, night, draw))
    provinces = draw.choices(range(len(CENSUS)), CENSUS, k=len(drawn))
    made = [
        Arrival(_moment(night, draw), number, province, rows)
        for number, (rows, province) in enumerate(zip(drawn, provinces, strict=True))
    ]
    return sorted(made)


def _sized(records: float, night: Night, draw: random.Random) -> Iterator[int]:
    left = records
    while left > 0:
        rows = max(1, min(night.largest, round(night.median * draw.lognormvariate(0.0, night.sigma))))
        left -= rows
        yield rows


def _moment(night: Night, draw: random.Random) -> float:
    """Seconds after the night opens: about the rush, before midnight, or whenever."""
    lasts = (night.closes - night.opens) % 24 or 24.0
    luck = draw.random()
    if luck < night.evening:
        hour = draw.gauss((night.rush - night.opens) % 24, night.spread)
    elif luck < night.evening + night.deadline:
        hour = (24 - night.opens) % 24 - draw.uniform(0.0, 0.5)
    else:
        hour = draw.uniform(0.0, lasts)
    return min(max(hour, 0.0), lasts) * HOUR


def dealt(lanes: int) -> list[int]:
    """The lane of each province: the largest first, each to the lane that has least."""
    filled = [(0.0, lane) for lane in range(lanes)]
    chosen = []
    for people in CENSUS:
        held, lane = heapq.heappop(filled)
        chosen.append(lane)
        heapq.heappush(filled, (held + people, lane))
    return chosen


@dataclass(frozen=True, slots=True)
class Lane:
    """read, write: seconds a row of one reader and of the writer; each: seconds that every delivery costs the writer beside;
    opening: seconds that each costs a reader beside; large: rows of a delivery that is read by all at once; readers: how many there are."""

    read: float
    write: float
    opening: float
    each: float
    large: float
    readers: int


def lane(figures: Figures, engine: Engine, readers: int, lines: float = 0.0) -> Lane:
    """A lane by the measured figures; lines: of its ledger."""
    return Lane(
        figures.child / MILLION,
        (engine.writer + engine.settling) / MILLION + lines * engine.pair,
        figures.each,
        engine.each + lines * engine.line,
        LARGE / figures.delivery,
        readers,
    )


def served(coming: Sequence[Arrival], lane: Lane) -> list[Done]:
    """When each delivery of one lane is in. They are begun, read and written in order of arrival."""
    free = [0.0] * lane.readers
    ends: list[float] = []  # when each was written
    for index, one in enumerate(coming):
        before = ends[-1] if ends else 0.0
        if one.rows > lane.large:
            ends.append(max(one.at, before, *free) + max(_read(one, lane) / lane.readers, _write(one, lane)))
            free = [ends[-1]] * lane.readers
            continue
        ahead = (
            ends[index - lane.readers - 1] if index > lane.readers else 0.0
        )  # no more are begun before their turn
        ready = max(one.at, heapq.heappop(free), ahead) + _read(one, lane)
        heapq.heappush(free, ready)
        ends.append(max(ready, before) + _write(one, lane))
    return [Done(one, end) for one, end in zip(coming, ends, strict=True)]


def _read(one: Arrival, lane: Lane) -> float:
    return one.rows * lane.read + lane.opening


def _write(one: Arrival, lane: Lane) -> float:
    return one.rows * lane.write + lane.each


@dataclass(frozen=True, slots=True)
class Told:
    """A night: deliveries, rows, when the last is in (s after opening), waiting of the middle one, of one in twenty, the
    longest (s), and how busy the busiest writer was between its first arrival and its last commit (share)."""

    deliveries: int
    rows: int
    end: float
    middle: float
    slow: float
    longest: float
    busy: float


def night(coming: Sequence[Arrival], lanes: int, each: Lane) -> Told:
    """Deal the deliveries to lanes by province, serve them, and tell."""
    chosen = dealt(lanes)
    split: list[list[Arrival]] = [[] for _ in range(lanes)]
    for one in coming:
        split[chosen[one.province]].append(one)
    served_lanes = [served(some, each) for some in split if some]
    done = [one for some in served_lanes for one in some]
    waits = sorted(one.waited for one in done)
    return Told(
        len(done),
        sum(one.arrival.rows for one in done),
        max((one.end for one in done), default=0.0),
        _quantile(waits, 0.5),
        _quantile(waits, 0.95),
        waits[-1] if waits else 0.0,
        max((_busy(some, each) for some in served_lanes), default=0.0),
    )


def _busy(done: Sequence[Done], lane: Lane) -> float:
    work = sum(_write(one.arrival, lane) for one in done)
    return work / (max(one.end for one in done) - done[0].arrival.at)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def flow(reads: Sequence[float], writes: Sequence[float]) -> float:
    """The closed form of one reader and one writer without a bound between them: when the last job of a flow shop ends."""
    read = list(accumulate(reads))
    return max((read[at] + sum(writes[at:]) for at in range(len(read))), default=0.0)
