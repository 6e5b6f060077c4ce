"""The stages of the whole job one by one, each alone in a process: `python -m benchmarks.stages STAGE FILE FOLDER`.

Stages of the child are cumulative: each does what the ones before it do, and its own. `send` leaves what the child would write
to its pipe in FOLDER; the stages of the parent, cumulative in their turn, start from there; a fourth argument is the URL of a fresh warehouse in the
place of a file in FOLDER. `start` only imports what all need.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from etl_core import discovery, protocol, recognise
from etl_core.child import arrived
from etl_core.extract import Raw, open_
from etl_core.keys import Keys
from etl_core.normalise import interpret, records
from etl_core.prepare import prepare
from etl_core.readers import read, text
from etl_core.records import Arrival, Place, Prepared
from etl_core.source import Source
from etl_core.validate import verdict
from etl_core.warehouse import Load, Run, Warehouse

PLACE = Place("2023-1", (2023, 1, 1))


def source() -> Source:
    """The source of the benchmark's format, found as a run finds it."""
    found = discovery.discover(allow=("swu_guopei",))
    return found.sources[0].source


def raws(path: Path) -> Iterator[Raw]:
    """The raw batches of the delivery, recognised among its sources as in a run."""
    on = arrived(path.stat().st_mtime)
    claims, grids = recognise.survey(read(path), path.name, [source()], on)
    yield from open_(grids, recognise.decide(claims), path.name, on).raws


def start(path: Path, folder: Path, url: str = "") -> int:
    """Imports, and nothing else."""
    return 0


def decoding(path: Path, folder: Path, url: str = "") -> int:
    """Bytes to UTF-8, the encoding found out."""
    return sum(map(len, text.blocks(path, text.recognise(path))))


def reading(path: Path, folder: Path, url: str = "") -> int:
    """Bytes to grids."""
    return sum(grid.rows.height for grid in read(path))


def extracting(path: Path, folder: Path, url: str = "") -> int:
    """And grids to raw frames: header, kinds of rows, cells read once."""
    return sum(raw.read for raw in raws(path))


def validating(path: Path, folder: Path, url: str = "") -> int:
    """And the raw contract."""
    own = source()
    return sum(len(verdict(raw.frame, own.contract, raw.shown).valid) for raw in raws(path))


def normalising(path: Path, folder: Path, url: str = "") -> int:
    """And the plugin's expressions."""
    own = source()
    valid = (verdict(raw.frame, own.contract, raw.shown).valid for raw in raws(path))
    return sum(len(records(interpret(rows, own), own)) for rows in valid)


def preparing(path: Path, folder: Path, url: str = "") -> int:
    """And the unified contract, refused rows and their keys: all that the child does for a batch."""
    own = source()
    return sum(len(prepare(raw, own).records) for raw in raws(path))


def sending(path: Path, folder: Path, url: str = "") -> int:
    """And the batches as bytes for the parent."""
    own, count = source(), 0
    with wire(folder).open("wb") as file:
        for raw in raws(path):
            prepared = prepare(raw, own)
            file.writelines(protocol.encode(prepared))
            count += len(prepared.records)
    return count


def wire(folder: Path) -> Path:
    """Where `send` leaves the child's answers."""
    return folder / "answers"


def received(folder: Path) -> Iterator[Prepared]:
    """The batches that `send` left."""
    with wire(folder).open("rb") as file:
        while line := file.readline():
            answer = protocol.decode(line, file.read)
            assert isinstance(answer, Prepared)
            yield answer


def receiving(path: Path, folder: Path, url: str = "") -> int:
    """Bytes of the child to frames."""
    return sum(len(prepared.records) for prepared in received(folder))


def pseudonymising(path: Path, folder: Path, url: str = "") -> int:
    """And the pseudonyms of the persons."""
    keys = Keys.random()
    return sum(len(keys.person_keys(prepared.records["id_number"])) for prepared in received(folder))


def staging(path: Path, folder: Path, url: str = "") -> int:
    """And every row on its way into a fresh warehouse, all of it taken back."""
    with _loading(path, folder, url, dry=True) as load:
        count = _added(load, folder)
        load.result = "taken back"  # what a load that is not finished may not leave empty
        return count


def loading(path: Path, folder: Path, url: str = "") -> int:
    """And repeats decided, books balanced, state settled, committed."""
    with _loading(path, folder, url) as load:
        _added(load, folder)
        return load.finish(source().error_limit).records


@contextmanager
def _loading(path: Path, folder: Path, url: str, dry: bool = False) -> Iterator[Load]:
    own, run = source(), Run("benchmark", datetime.now(UTC), "benchmark")
    arrival = Arrival(path.name, path, "0" * 64, path.stat().st_size, path.stat().st_mtime)
    facts = {"semantics": own.semantics, "key": own.key, "run": run, "dry_run": dry}
    with (
        Warehouse.open(url or _file(folder), Keys.random()) as warehouse,
        warehouse.delivery(arrival, own.name, PLACE, **facts) as load,
    ):
        yield load


def _file(folder: Path) -> str:
    """A file of SQLite that does not exist yet."""
    (folder / "stages.sqlite").unlink(missing_ok=True)
    return f"sqlite:///{folder / 'stages.sqlite'}"


def _added(load: Load, folder: Path) -> int:
    count = 0
    for prepared in received(folder):
        load.add(prepared)
        count += len(prepared.records)
    return count


CHILD = {
    "start": start,
    "decode": decoding,
    "read": reading,
    "extract": extracting,
    "validate": validating,
    "normalise": normalising,
    "prepare": preparing,
    "send": sending,
}
PARENT = {
    "start": start,
    "receive": receiving,
    "pseudonyms": pseudonymising,
    "stage": staging,
    "load": loading,
}
STAGES: dict[str, Callable[[Path, Path, str], int]] = {**CHILD, **PARENT}

if __name__ == "__main__":
    print(STAGES[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), (sys.argv[4:] or [""])[0]))
