"""What records take: room, work, money; and at how many records each limit comes."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.scale.figures import Engine, Figures
from benchmarks.scale.load import MILLION

HOUR = 3600.0
DAY = 24 * HOUR
SQLITE_PAGES = 2**32 - 2  # of 4096 bytes, the most that a file has
TABLE = 2**45  # bytes of the largest table of PostgreSQL with pages of 8 KiB
PATIENCE = 1.0  # s that settling one small delivery may take
WINDOW = 8 * HOUR  # in which a copy of the whole must be made


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes: rows of `record`, its indexes, everything; and the agencies' files."""

    rows: float
    indexes: float
    random: float
    whole: float
    deliveries: float


def room(records: float, figures: Figures, engine: Engine) -> Room:
    """What so many records take."""
    return Room(
        records * engine.rows,
        records * engine.indexes,
        records * engine.random,
        records * engine.whole,
        records * figures.delivery,
    )


def hours(records: float, figures: Figures, engine: Engine) -> float:
    """Core-hours to load so many records once."""
    rows = records / MILLION * (figures.child + engine.parent + engine.server + engine.settling)
    return (rows + records / figures.volume.rows_per_delivery * (figures.each + engine.each)) / HOUR


@dataclass(frozen=True, slots=True)
class Cost:
    """Yuan: the work of loading once; a month of disk, of object storage for the files, and of the machine itself."""

    work: float
    disk: float
    objects: float
    machine: float

    @property
    def year(self) -> float:
        """The work, and twelve months of the rest."""
        return self.work + 12 * (self.disk + self.objects + self.machine)


def cost(loaded: float, held: float, figures: Figures, engine: Engine, machines: int = 1) -> Cost:
    """What a year costs in which `loaded` records come and `held` are kept, on machines that are always there.

    The work is told for itself as if only its core-hours were paid; with machines of one's own it is in their price.
    """
    price, kept = figures.price, room(held, figures, engine)
    return Cost(
        hours(loaded, figures, engine) * price.core_hour,
        kept.whole / 1e9 * price.disk_month * price.copies,
        kept.deliveries / 1e9 * price.object_month,
        machines * figures.machine.cores * price.core_hour * 730,
    )


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that ends, and at how many records."""

    name: str
    records: float


def limits(figures: Figures, engine: Engine) -> list[Limit]:
    """The limits of one warehouse with one writer, the nearest first."""
    rows, machine = figures.volume.rows_per_delivery, figures.machine
    found = [
        Limit("ledger", PATIENCE / engine.looking(rows) * rows),
        Limit("memory", machine.cached / engine.random),
        Limit("copy", WINDOW * machine.disk * 1e6 / engine.whole),
        Limit("writer", DAY * 30 / (engine.writer + engine.settling) * MILLION),
        Limit(
            "format", SQLITE_PAGES * 4096 / engine.whole if engine.name == "sqlite" else TABLE / engine.rows
        ),
    ]
    return sorted(found, key=lambda limit: limit.records)
