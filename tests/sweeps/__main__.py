"""`python -m tests.sweeps steps|kill|stop|fail|drop|crash|race|orders|revoke`: sweep, tell the figures, end with 1 where anything is wrong."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from etl_core.steps import STEPS
from tests.sweeps.decided import decided
from tests.sweeps.sweep import Clean, Field, Result, fields, orders, races, swept

FAULTS = ("ENOSPC", "EIO", "EMFILE")
SWEEPS = ("steps", "kill", "stop", "fail", "drop", "crash", "race", "orders", "revoke")


def chosen(count: int, wanted: int) -> list[int]:
    """So many points of all, spread evenly; 0 means every one."""
    if not wanted or wanted >= count:
        return list(range(1, count + 1))
    return [1 + at * (count - 1) // max(1, wanted - 1) for at in range(wanted)]


def results(where: Field, clean: Clean, sweep: str, points: int, jobs: int) -> Iterator[Result]:
    """What comes of one kind of sweep."""
    if sweep == "race":
        yield races(where, clean, points or 200)
    elif sweep == "orders":
        yield orders(where, points or 1000, jobs)
    elif sweep == "revoke":
        yield from decided(where, lambda count: chosen(count, points), jobs)
    elif sweep == "drop" and where.server:
        yield swept(where, clean, "drop", _some(_named(clean, "postgresql "), points), jobs)
        yield swept(where, clean, "lose", _some(_named(clean, "postgresql commit"), points), jobs)
    elif sweep == "crash" and where.server:  # which all runs of the server feel
        yield swept(where, clean, "crash", _some(_named(clean, "postgresql "), points), jobs=1)
    elif sweep in ("drop", "crash"):
        return  # SQLite has no connection that could be cut
    elif sweep == "fail":
        mine = [at for at in chosen(clean.end.points, 0) if not clean.end.names[at - 1].startswith("step ")]
        for fault in FAULTS:
            yield swept(where, clean, fault, _some(mine, points), jobs)
    else:
        yield swept(where, clean, sweep, chosen(clean.end.points, points), jobs)


def _named(clean: Clean, beginning: str) -> list[int]:
    """The points whose names begin so."""
    return [at for at, name in enumerate(clean.end.names, 1) if name.startswith(beginning)]


def _some(mine: Sequence[int], wanted: int) -> list[int]:
    return [mine[at - 1] for at in chosen(len(mine), wanted)]


def main() -> int:
    """Sweep as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps", description=__doc__)
    parser.add_argument("sweep", nargs="+", choices=SWEEPS)
    parser.add_argument("--database", default="sqlite,postgres", help="sqlite, postgres, or both")
    parser.add_argument(
        "--points", type=int, default=0, help="so many points, spread evenly; all when left out"
    )
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time")
    given = parser.parse_args()
    wrong = 0
    for database in given.database.split(","):
        with fields(database) as where:
            clean = where.clean()
            for sweep in given.sweep:
                told = (
                    unreached(clean)
                    if sweep == "steps"
                    else results(where, clean, sweep, given.points, given.jobs)
                )
                wrong += sum(tell(database, result) for result in told)
    return 1 if wrong else 0


def unreached(clean: Clean) -> Iterator[Result]:
    """The named steps that the night does not come to: they would be swept in vain."""
    reached = {name.removeprefix("step ") for name in clean.end.names}
    yield Result("steps", len(STEPS), len(STEPS), sorted(set(STEPS) - reached))


def tell(database: str, result: Result) -> int:
    """Print one result; how much of it is wrong."""
    print(f"{database} {result.name}: {result.tried} of {result.of}, {len(result.wrong)} wrong", flush=True)
    for said in result.wrong[:20]:
        print(f"  {said}", flush=True)
    return len(result.wrong)


if __name__ == "__main__":
    raise SystemExit(main())
