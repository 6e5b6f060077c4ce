"""How long a load takes, in closed form: the slowest of what works side by side, and what it spends its time on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.scale.figures import Engine, Figures

PAGE = 8192  # bytes of a page of PostgreSQL
FANOUT = 150  # keys of 32 bytes with their address on a page that is two thirds full
BASE = 100_000  # records of the warehouse on which the writer was measured
MILLION = 1e6
EACH = ("read", "write", "each", "ledger", "pages", "log", "network")


@dataclass(frozen=True, slots=True)
class Load:
    """Records on their way into a warehouse that holds `existing`.

    readers: children that read side by side; parts: warehouses of which each has its own tables, indexes and ledger;
    writers: how many of these are filled at one moment, one after another where there are more parts; largest: share of the
    records that lie in the largest part; machines: how many there are, each with the assumed memory, disk and network;
    deliveries: that bring the records, 0 for as many as are usual; alone: the first ever, with nothing to settle with.
    """

    records: float
    existing: float = 0.0
    readers: int = 1
    writers: int = 1
    parts: int = 1
    largest: float = 1.0
    machines: int = 1
    deliveries: float = 0.0
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds of each. What one writer does (write, each, ledger, pages) comes one after another; the rest goes on beside it.

    each: what every delivery costs whatever it holds; ledger: looking through the lines of the ledger; pages: waiting for
    pages of indexes that are not in memory.
    """

    start: float
    read: float
    write: float
    each: float
    ledger: float
    pages: float
    log: float
    network: float

    @property
    def slowest(self) -> str:
        """What takes longest."""
        return max(EACH, key=lambda name: float(getattr(self, name)))

    @property
    def wall(self) -> float:
        """From beginning to end."""
        return self.start + max(
            self.read, self.write + self.each + self.ledger + self.pages, self.log, self.network
        )


def time(load: Load, figures: Figures, engine: Engine) -> Time:
    """What the load takes on machines that its readers and writers share evenly."""
    machine, millions = figures.machine, load.records / MILLION
    log = load.records * engine.log + _whole_pages(load, figures, engine) * PAGE
    return Time(
        start=figures.start,
        read=(figures.child * millions + figures.each * number(load, figures))
        / min(load.readers, machine.cores * load.machines),
        write=writing(load, engine) * millions * deeper(load, figures) * longest(load),
        each=engine.each * number(load, figures) * longest(load),
        ledger=_looking(load, figures, engine) * longest(load),
        pages=2
        * _touched(load, figures, engine)
        * missing(load, figures, engine)
        / (machine.page_operations * load.machines),
        log=log / (machine.disk * MILLION * load.machines),
        network=load.records * figures.delivery / (machine.network * MILLION * load.machines),
    )


def writing(load: Load, engine: Engine) -> float:
    """Seconds of the writer per million rows while the indexes are small."""
    return engine.writer + (0.0 if load.alone else engine.settling)


def longest(load: Load) -> float:
    """The share of the writers' work that the busiest one has."""
    return max(1 / load.writers, load.largest if load.writers > 1 else 0.0)


def number(load: Load, figures: Figures) -> float:
    """How many deliveries bring the records."""
    return load.deliveries or load.records / figures.volume.rows_per_delivery


def _looking(load: Load, figures: Figures, engine: Engine) -> float:
    """Seconds that settling spends on the lines of the ledger: each delivery looks at all of its part."""
    coming = number(load, figures)
    if load.alone or not coming:
        return 0.0
    lines = (load.existing / figures.volume.rows_per_delivery + coming / 2) / load.parts
    return coming * lines * engine.looking(load.records / coming)


def levels(records: float) -> float:
    """Levels of an index of so many keys, as a number that grows evenly."""
    return max(1.0, math.log(max(records, 1.0), FANOUT))


def deeper(load: Load, figures: Figures) -> float:
    """How much slower the writer is than where it was measured: the trees are higher."""
    held = (load.existing + load.records / 2) * _active(load)
    return 1 + figures.growth.level * max(0.0, levels(held) - levels(BASE))


def distinct(pages: float, touches: float) -> float:
    """How many of the pages are touched by so many touches at random."""
    return pages * -math.expm1(-touches / pages) if pages > 0 else 0.0


def random_bytes(load: Load, engine: Engine) -> float:
    """Bytes of the random indexes that are filled at one moment, half way through."""
    return (load.existing + load.records / 2) * engine.random * _active(load)


def _active(load: Load) -> float:
    """The share of all records whose part is filled at one moment."""
    return min(1.0, load.largest * load.writers) if load.parts > 1 else 1.0


def missing(load: Load, figures: Figures, engine: Engine) -> float:
    """The share of touches that find their page not in memory."""
    held = random_bytes(load, engine)
    return max(0.0, 1 - figures.machine.cached * load.machines / held) if held else 0.0


def _touched(load: Load, figures: Figures, engine: Engine) -> float:
    """Pages of the two random indexes that the deliveries touch, each page once a delivery."""
    coming = number(load, figures)
    pages = random_bytes(load, engine) / PAGE
    return coming * distinct(pages, 2 * load.records / coming) if coming else 0.0


def _whole_pages(load: Load, figures: Figures, engine: Engine) -> float:
    """Pages that the log takes whole: each at its first touch after a checkpoint. None where nobody keeps such a log."""
    if not engine.log or not load.records:
        return 0.0
    between = min(load.records, figures.machine.checkpoint / writing(load, engine) * MILLION * load.writers)
    pages = random_bytes(load, engine) / PAGE
    return load.records / between * distinct(pages, 2 * between)
