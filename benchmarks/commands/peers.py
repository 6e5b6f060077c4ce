"""Other tools on the same file, and what became of its defective rows there."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import environment, fates, inputs, jobs, report
from benchmarks.bench import Bench
from benchmarks.cells import DEFECTS
from benchmarks.databases import Ask, Sqlite
from benchmarks.fates import Fate
from benchmarks.inputs import Delivery
from benchmarks.jobs import Job
from benchmarks.peers import earthmover


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool: the environment that has it, its module here, what it does with defects, and how it differs from the others.

    file: what it writes in the place of a database; ready: what it needs before the clock starts, from delivery and folder.
    """

    name: str
    environment: str
    module: str
    fates: Mapping[str, Fate] = field(default_factory=dict)
    file: str = ""
    ready: Callable[[Path, Path], None] | None = None


PEERS = {
    "dlt": Peer("dlt, a contract per row", "dlt", "rowwise", fates.ROWWISE),
    "arrow": Peer("dlt, Arrow, no contract", "dlt", "columnar", fates.FLOOR),
    "pandas": Peer("pandas, pandera, to_sql", "pandas", "pandas", fates.ROWWISE),
    "earthmover": Peer(
        "earthmover, JSON lines",
        "earthmover",
        "earthmover",
        fates.MOVER,
        "out/record.jsonl",
        earthmover.ready,
    ),
}
FLOOR = "bare floor"


def options(parser: ArgumentParser) -> None:
    """Which peers, on how many rows."""
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--peers", type=chosen_peers, default=tuple(PEERS), metavar=",".join(PEERS))


def chosen_peers(words: str) -> tuple[str, ...]:
    """The names, in the order given. Raises ValueError for an unknown one."""
    names = tuple(filter(None, words.split(",")))
    if unknown := set(names) - set(PEERS):
        raise ValueError(f"unknown peers: {', '.join(sorted(unknown))}")
    return names


def measure(bench: Bench, chosen: Namespace) -> dict[str, object]:
    """All jobs in turns, then the fates, which every run has proven."""
    delivery = inputs.text(bench.room, chosen.rows, bench.seed)
    database = Sqlite()
    both = [jobs.run(delivery, database), jobs.floor(delivery, database)]
    found = _installed(bench, chosen.peers, delivery)
    runs = bench.compare([*both, *found.values()], lenient=True)
    bench.say(report.jobs(runs, chosen.rows, FLOOR))
    told = {PEERS[name].name: PEERS[name].fates for name in found if PEERS[name].name in runs}
    bench.say("Defective rows", _defects({FLOOR: fates.FLOOR, **told}, delivery))
    return {"truth": delivery.truth, "jobs": report.plain(runs), "fates": told}


def _installed(bench: Bench, names: Sequence[str], delivery: Delivery) -> dict[str, Job]:
    """The jobs of the peers whose environment could be made; the run says which could not."""
    found = {}
    for name in names:
        python, reason = environment.python(PEERS[name].environment, bench.room, bench.python(name))
        if python is None:
            bench.say(f"No figures of {PEERS[name].name}: {reason}")
        else:
            found[name] = job(PEERS[name], delivery, python)
    return found


def job(peer: Peer, delivery: Delivery, python: Path) -> Job:
    """The peer on the delivery; what it leaves is proven."""

    def command(folder: Path, url: str) -> Sequence[str]:
        return [str(python), "-m", f"benchmarks.peers.{peer.module}", str(delivery.path), url, str(folder)]

    def proof(folder: Path, ask: Ask) -> None:
        left = fates.written(folder / peer.file) if peer.file else fates.asked(ask)
        fates.proven(left, delivery, peer.fates)

    def ready(folder: Path, url: str) -> None:
        if peer.ready is not None:
            peer.ready(delivery.path, folder)

    return Job(peer.name, command, proof, Sqlite(), ready=ready)


def _defects(told: Mapping[str, Mapping[str, Fate]], delivery: Delivery) -> str:
    """A line per defect; `etl run` gives each its reason, place and cells, and drops none."""
    count = fates.counts(delivery)
    lines = [
        (defect, str(count[defect]), "skipped, counted" if defect == "repeat" else "quarantined, named",
         *(each.get(defect, "kept") for each in told.values()))
        for defect in DEFECTS
    ]  # fmt: skip
    return report.table(("defect", "rows", "etl run", *told), lines)
