"""What a source makes of its samples now, written as golden files: a draft that a person judges, never the judgement itself.

    python -m etl_core.testing.accept SOURCE TESTS OUT DAY

TESTS is the folder with samples/, OUT the folder to write into, DAY the day on which the samples arrive. It runs in a process of
its own (`etl plugins golden`): whatever happens here, no cell reaches a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

import polars as pl

from etl_core.discovery import discover
from etl_core.protocol import Job
from etl_core.testing.bench import Bench, load, warehouse
from etl_core.testing.folders import packed
from etl_core.warehouse import Warehouse
from etl_schemas.training import FIELDS

ROWS = ("file", "sheet", "row", "outcome", "reasons", "warnings", "n_records")
PLACE = ("file", "sheet", "row")
DELIVERIES = {
    **{
        "file": "file",
        "slot": "slot",
        "label": "effective_order",
        "reporter": "reporter",
        "result": "result",
    },
    **{"error": "error", "rows_read": "rows_read", "rows_loaded": "rows_loaded"},
    **{"rows_quarantined": "rows_quarantined", "rows_skipped": "rows_skipped", "records": "records"},
}


def accept(source: str, tests: Path, out: Path, arrived: date) -> None:
    """Write the four golden files of a source that is installed, or on the path. Raises LookupError where it is neither."""
    found = discover(allow=[source])
    if not found.sources:
        raise LookupError(source)
    modified = datetime.combine(arrived, time(), UTC).timestamp()
    samples = sorted(path for path in (tests / "samples").iterdir() if not path.name.startswith("."))
    bench = Bench(found)
    with warehouse() as into:
        load(into, samples, modified, bench)
        numbers = into.deliveries(source)["delivery_id"].to_list()
        identities = [_identities(bench, sample, modified) for sample in samples]
        out.mkdir(parents=True, exist_ok=True)
        _write(pl.concat([into.outcomes(number) for number in numbers]).select(ROWS), out / "expected.csv")
        _write(_records(into, numbers, pl.concat(identities)), out / "expected_records.csv")
        _write(_deliveries(into, source), out / "expected_delivery.csv")
        state = into.measures(source)
        _write(
            pl.DataFrame({"measure": list(state), "value": list(state.values())}), out / "expected_state.csv"
        )


def _identities(bench: Bench, sample: Path, modified: float) -> pl.DataFrame:
    """The identity number of each row, which the warehouse does not keep."""
    told = bench.told(Job(str(packed(sample)), sample.name, modified))
    return told.frame("records").select(*PLACE, "id_number").unique(maintain_order=True)


def _records(into: Warehouse, numbers: Sequence[int], identities: pl.DataFrame) -> pl.DataFrame:
    records = pl.concat([into.records(number) for number in numbers])
    with_numbers = records.join(
        identities, on=list(PLACE), how="left", nulls_equal=True, maintain_order="left"
    )
    return with_numbers.select(*(name for name in FIELDS if name in with_numbers.columns), *PLACE)


def _deliveries(into: Warehouse, source: str) -> pl.DataFrame:
    ledger = into.deliveries(source).select(**{new: pl.col(old) for old, new in DELIVERIES.items()})
    return ledger.with_columns(pl.col("result").replace({"loaded": "ok"}))


def _write(frame: pl.DataFrame, path: Path) -> None:
    frame.write_csv(path)


def main(arguments: Sequence[str]) -> None:
    """The command."""
    source, tests, out, arrived = arguments
    accept(source, Path(tests), Path(out), date.fromisoformat(arrived))


if __name__ == "__main__":
    main(sys.argv[1:])
