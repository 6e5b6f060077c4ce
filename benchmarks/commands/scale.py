"""The whole country on paper: a model of measured figures and stated assumptions, and one real point beside it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import inputs, jobs, report
from benchmarks.bench import Bench
from benchmarks.measure import median
from benchmarks.scale import figures as files
from benchmarks.scale import load as loads
from benchmarks.scale import night as nights
from benchmarks.scale import room as rooms
from benchmarks.scale.figures import Engine, Figures
from benchmarks.scale.load import Load

SIZES = {"13 M": 13e6, "65 M": 65e6, "1 G": 1e9, "5 G": 5e9}
READERS = (1, 4)
TWO = ((4, 2, 1),)  # readers, writers, machines where each of the two provinces has a warehouse
ALL = ((4, 1, 1), (8, 4, 1), (32, 16, 4))  # where every province has one
CORRECTIONS = (10_000, 100_000, 1_000_000)
LANES = ((1, 1), (4, 1), (1, 2), (2, 4), (2, 8))  # readers of each lane, lanes
GB = 1e9
Figured = dict[str, object]


def options(parser: ArgumentParser) -> None:
    """Other figures, and the size of the real point."""
    parser.add_argument(
        "--measured", type=Path, default=files.HERE / "measured.toml", help="measured figures"
    )
    parser.add_argument(
        "--assumed", type=Path, default=files.HERE / "assumed.toml", help="assumptions, prices too"
    )
    parser.add_argument("--check", type=int, default=100_000, help="rows of the real point; 0 leaves it out")


def measure(bench: Bench, chosen: Namespace) -> Figured:
    """Tables of rooms, loads, corrections, limits, nights and cost; the real point last."""
    known = files.read(chosen.measured, chosen.assumed)
    told: Figured = {"measured": asdict(known)}
    for name, engine in known.engines.items():
        told[name] = {
            "room": _rooms(bench, known, engine),
            "year": _years(bench, known, engine),
            "correction": _corrections(bench, known, engine),
            "limits": _limits(bench, known, engine),
            "cost": _costs(bench, known, engine),
        }
    told["night"] = _nights(bench, known)
    if chosen.check:
        told["cpu"] = _checked(bench, known, chosen.check)
    return told


def _rooms(bench: Bench, known: Figures, engine: Engine) -> Figured:
    found = {name: rooms.room(records, known, engine) for name, records in SIZES.items()}
    lines = [
        (
            name,
            *(f"{size / GB:,.0f}" for size in (one.rows, one.indexes, one.random, one.whole, one.deliveries)),
        )
        for name, one in found.items()
    ]
    head = ("records", "rows GB", "indexes GB", "random ones GB", "whole GB", "agencies' files GB")
    bench.say(f"{engine.name}: room", report.table(head, lines))
    return {name: asdict(one) for name, one in found.items()}


def coming(records: float, known: Figures) -> float:
    """Records of the last year of so many: of the two provinces up to five years of theirs, else of the country."""
    own = float(known.volume.two_provinces)
    return min(own if records <= 5 * own else known.volume.year, records)


def _years(bench: Bench, known: Figures, engine: Engine) -> Figured:
    """The last year of each size onto what was there before: one warehouse, and one for each province."""
    found: Figured = {}
    lines = []
    for name, records in SIZES.items():
        year = coming(records, known)
        for load in _ways(year, records - year, known):
            took = loads.time(load, known, engine)
            way = (str(load.parts), str(load.writers), str(load.readers), str(load.machines))
            found[", ".join((name, *way))] = {**asdict(took), "wall": took.wall}
            lines.append(
                (name, f"{year / 1e6:,.0f}", *way, f"{took.wall / 3600:.2f}", took.slowest, *_spent(took))
            )
    head = (
        "records",
        "of the year, M",
        "warehouses",
        "writers",
        "readers",
        "machines",
        "hours",
        "slowest",
        *loads.EACH,
    )
    bench.say(f"{engine.name}: a year's load, hours", report.table(head, lines))
    return found


def _spent(took: loads.Time) -> list[str]:
    return [f"{getattr(took, name) / 3600:.2f}" for name in loads.EACH]


def _ways(year: float, before: float, known: Figures) -> list[Load]:
    """One warehouse with few and many readers; one for each province, filled in turn, side by side, and on several machines."""
    volume = known.volume
    two = year <= volume.two_provinces
    cut = (2, volume.two_largest_share) if two else (volume.provinces, volume.largest_share)
    single = [Load(year, before, readers) for readers in READERS]
    return [*single, *(Load(year, before, *way, *cut, machines) for *way, machines in (TWO if two else ALL))]


def _corrections(bench: Bench, known: Figures, engine: Engine) -> Figured:
    found: Figured = {}
    lines = []
    for name, records in SIZES.items():
        each = [corrected(rows, records, known, engine) for rows in CORRECTIONS]
        found[name] = dict(zip(map(str, CORRECTIONS), each, strict=True))
        lines.append((name, *(f"{one:,.1f}" for one in each)))
    bench.say(
        f"{engine.name}: seconds of a corrected snapshot, one warehouse, 4 readers",
        report.table(("records before", *(f"{rows:,} rows" for rows in CORRECTIONS)), lines),
    )
    return found


def corrected(rows: float, existing: float, known: Figures, engine: Engine) -> float:
    """Seconds of a whole delivery that replaces another of as many rows: loading, settling, and looking through the ledger."""
    replacing = replace(engine, line=0.0, pair=0.0)  # which deliveries rival it is found by its slot
    took = loads.time(Load(rows, existing, readers=4, deliveries=1), known, replacing)
    lines = existing / known.volume.rows_per_delivery
    return took.start + (took.wall - took.start) * known.growth.correction + lines * engine.snapshot


def _limits(bench: Bench, known: Figures, engine: Engine) -> Figured:
    found = rooms.limits(known, engine)
    lines = [(one.name, f"{one.records / 1e6:,.0f}") for one in found]
    bench.say(f"{engine.name}: which limit comes first", report.table(("limit", "at million records"), lines))
    return {one.name: one.records for one in found}


def _costs(bench: Bench, known: Figures, engine: Engine) -> Figured:
    found = {
        name: rooms.cost(coming(records, known), records, known, engine) for name, records in SIZES.items()
    }
    lines = [
        (name, f"{rooms.hours(coming(SIZES[name], known), known, engine):,.2f}",
         *(f"{yuan:,.2f}" for yuan in (one.work, one.disk, one.objects, one.machine, one.year)))
        for name, one in found.items()
    ]  # fmt: skip
    head = (
        "records",
        "core-hours a year",
        "work yuan",
        "disk yuan a month",
        "files yuan a month",
        "a machine yuan a month",
        "yuan a year",
    )
    bench.say(f"{engine.name}: cost", report.table(head, lines))
    return {name: asdict(one) for name, one in found.items()}


def _nights(bench: Bench, known: Figures) -> Figured:
    """A mean night and a peak night of the whole country on PostgreSQL, by readers and lanes."""
    found: Figured = {}
    lines = []
    mean = known.volume.year / 365
    for name, records in (("mean", mean), ("peak", mean * known.night.peak)):
        drawn = nights.arrivals(records, known.night, bench.seed)
        for readers, lanes in LANES:
            ledger = known.volume.year / known.volume.rows_per_delivery / lanes
            each = nights.lane(known, known.engines["postgres"], readers, ledger)
            told = nights.night(drawn, lanes, each)
            found[f"{name}, {readers} × {lanes}"] = asdict(told)
            hour = (known.night.opens + told.end / 3600) % 24
            lines.append((name, str(readers), str(lanes), f"{told.deliveries:,}", f"{told.rows:,}",
                          f"{int(hour):02d}:{int(hour % 1 * 60):02d}", f"{told.middle:,.0f}", f"{told.slow:,.0f}",
                          f"{told.longest:,.0f}", f"{told.busy:.0%}"))  # fmt: skip
    head = (
        "night",
        "readers a lane",
        "lanes",
        "deliveries",
        "rows",
        "all in at",
        "wait s, median",
        "95 %",
        "longest",
        "busiest writer",
    )
    bench.say("postgres: nights of the whole country, after one year", report.table(head, lines))
    return found


def _checked(bench: Bench, known: Figures, rows: int) -> Figured:
    """One real run beside what the model says of it: the model is judged by this, the figures by the machine."""
    delivery = inputs.text(bench.room, rows, bench.seed)
    found: Figured = {}
    lines = []
    for name, engine in known.engines.items():
        database = bench.database(name)
        runs = bench.compare([jobs.run(delivery, database)])
        usage = median(next(iter(runs.values())))
        said = predicted(rows, known, engine)
        found[name] = {"measured": asdict(usage), "predicted": said}
        for what, model, real in (("wall", said["wall"], usage.wall), ("cpu", said["cpu"], usage.work)):
            lines.append((name, what, f"{model:.2f}", f"{real:.2f}", f"{model / real:.2f}"))
    head = ("database", "what", "model s", "measured s", "model ÷ measured")
    bench.say(f"The model and one real run of {rows:,} rows", report.table(head, lines))
    return found


def predicted(rows: float, known: Figures, engine: Engine) -> dict[str, float]:
    """Wall and processor seconds of one `etl run` with one reader into a fresh warehouse."""
    took = loads.time(Load(rows, deliveries=1, alone=True), known, engine)
    work = rows / 1e6 * (known.child + engine.parent + engine.server)
    return {"wall": took.wall, "cpu": work + 2 * known.start + known.each + engine.each}
