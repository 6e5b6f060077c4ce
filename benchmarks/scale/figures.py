"""The figures that the model stands on, read from the two files beside it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Engine:
    """One kind of database. parent, server: cpu s per million rows; writer: wall s per million rows of the process that
    writes; settling: s per million rows more where there are deliveries to be settled with; each: s of
    the writer for every delivery, whatever it holds; line, snapshot: s that settling a delivery takes for each line of its source in the ledger where deliveries
    append, and where they replace each other; pair: for each line and row, where they append; rows, ordered, random, small, log: bytes a record (measured.toml)."""

    name: str
    parent: float
    server: float
    writer: float
    settling: float
    each: float
    line: float
    pair: float
    snapshot: float
    rows: float
    ordered: float
    random: float
    small: float
    log: float

    def looking(self, rows: float) -> float:
        """Seconds for each line of the ledger to settle a delivery of so many rows, where deliveries append."""
        return self.line + self.pair * rows

    @property
    def indexes(self) -> float:
        """Bytes of all indexes of `record`, a record."""
        return self.ordered + self.random

    @property
    def whole(self) -> float:
        """Bytes of everything but the log, a record."""
        return self.rows + self.indexes + self.small


@dataclass(frozen=True, slots=True)
class Growth:
    """level: what one more level of an index adds to the writer's time (share); correction: cost beside a first delivery."""

    level: float
    correction: float


@dataclass(frozen=True, slots=True)
class Volume:
    """How much there is. Shares are of the country."""

    teachers: int
    two_provinces: int
    two_share: float
    largest_share: float
    two_largest_share: float
    provinces: int
    rows_per_delivery: int

    @property
    def year(self) -> float:
        """Records of a year of the whole country."""
        return self.two_provinces / self.two_share


@dataclass(frozen=True, slots=True)
class Machine:
    """memory: GiB; cache: share of it; page_operations: a second; disk, network: MB/s; checkpoint: s."""

    cores: int
    memory: float
    cache: float
    page_operations: float
    disk: float
    network: float
    checkpoint: float

    @property
    def cached(self) -> float:
        """Bytes of index that stay in memory."""
        return self.memory * self.cache * 2**30


@dataclass(frozen=True, slots=True)
class Price:
    """Yuan: an hour of a core, a month of a GB of disk and of object storage; how many copies of the database there are."""

    core_hour: float
    disk_month: float
    object_month: float
    copies: int


@dataclass(frozen=True, slots=True)
class Night:
    """When deliveries arrive and how large they are (assumed.toml); hours are of the day."""

    opens: float
    closes: float
    peak: float
    evening: float
    rush: float
    spread: float
    deadline: float
    median: float
    sigma: float
    largest: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything: child, each and start in s (per million rows; a delivery; a process), delivery in bytes a record."""

    child: float
    each: float
    start: float
    delivery: float
    engines: dict[str, Engine]
    growth: Growth
    volume: Volume
    machine: Machine
    price: Price
    night: Night


def read(measured: Path = HERE / "measured.toml", assumed: Path = HERE / "assumed.toml") -> Figures:
    """The figures of two files. Raises KeyError or TypeError where one lacks a figure or has one that nobody knows."""
    found, guessed = _parsed(measured), _parsed(assumed)
    return Figures(
        found["child"]["cpu"],
        found["child"]["each"],
        found["child"]["start"],
        found["bytes"]["delivery"],
        {name: _engine(name, found) for name in ("sqlite", "postgres")},
        Growth(**found["growth"]),
        Volume(**guessed["volume"]),
        Machine(**guessed["machine"]),
        Price(**guessed["price"]),
        Night(**guessed["night"]),
    )


def _engine(name: str, found: dict[str, Any]) -> Engine:
    return Engine(name, **found[name], **{"log": 0.0, **found["bytes"][name]})


def _parsed(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
