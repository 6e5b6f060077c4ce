"""Small canonical batches, made by hand; every person is synthetic (area code 500199 was never assigned)."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from etl_core.records import CARRIED, ISSUES, PLACE, REFUSED, SKIPS, Arrival, Place, Prepared
from etl_core.warehouse import Run
from etl_schemas.training import FIELDS

RUN = Run("run-1", datetime(2026, 11, 23, 2, tzinfo=UTC), "0.1.0", {"sample": "1.0"})
KEY = ("person", "project_name", "class_name", "start_date", "role", "mode_detail")
VARIANT = ("mode_detail",)

USUAL: dict[str, Any] = {
    "person_name": "测试甲",
    "id_type": "resident_id",
    "id_number": "500199198001010015",
    "sex": 1,
    "employer_name": "测试小学",
    "project_name": "课程领导力研修",
    "level": 40,
    "mode": 2,
    "mode_detail": "face_to_face",
    "role": "trainee",
    "start_date": date(2023, 3, 6),
    "end_date": date(2023, 3, 8),
    "date_precision": "day",
    "training_year": 2023,
    "hours": Decimal("8.00"),
    "hours_basis": "stated",
    "credits_basis": "none",
    "result": "passed",
    "status": "recognised",
}


def row(number: int, sheet: str | None = "Sheet1", file: str = "a.xlsx", **fields: Any) -> dict[str, Any]:
    """One canonical record at its place."""
    return USUAL | fields | {"file": file, "sheet": sheet, "row": number}


def one(number: int, **fields: Any) -> dict[str, Any]:
    """A record of a person of their own: the number of the row is in the identity."""
    return row(number, **({"id_number": f"50019919800101{number:04}"} | fields))


def records(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Canonical frame of these records."""
    return pl.DataFrame(rows, schema={**FIELDS, **CARRIED, **PLACE})


def fault(
    number: int, code: str, column: str | None = None, severity: str = "error", **place: Any
) -> dict[str, Any]:
    """A failed check."""
    usual = {"file": "a.xlsx", "sheet": "Sheet1"} | place
    return usual | {"row": number, "code": code, "column": column, "severity": severity}


def batch(
    *rows: dict[str, Any],
    faults: list[dict[str, Any]] | None = None,
    skips: dict[int, str] | None = None,
    keys: list[dict[str, Any]] | None = None,
    read: int | None = None,
) -> Prepared:
    """A prepared batch: every row with an error is refused, its cells name the row."""
    issues = pl.DataFrame(faults or [], schema=ISSUES)
    refused = issues.filter(severity="error").select(list(PLACE)).unique(maintain_order=True)
    number = pl.col("row").cast(pl.String).str.zfill(3)
    cells = pl.lit('{"身份证号": "500199190001010') + number + pl.lit('"}')
    skipped = [
        {"file": "a.xlsx", "sheet": "Sheet1", "row": n, "kind": kind} for n, kind in (skips or {}).items()
    ]
    frame = records(list(rows))
    counted = frame.select(list(PLACE)).n_unique() if rows else 0
    return Prepared(
        records=frame,
        keys=records(keys) if keys else pl.DataFrame(),
        issues=issues,
        skips=pl.DataFrame(skipped, schema=SKIPS),
        refused=refused.with_columns(cells.alias("cells")).select(list(REFUSED)),
        read=counted + refused.height + len(skipped) if read is None else read,
    )


def arrival(name: str = "a.xlsx", modified: float = 1e9) -> Arrival:
    """A file whose fingerprint follows from its name."""
    return Arrival(name, Path(name), f"{name:0>64}", 100, modified)


def at(*order: int, slot: str = "", reporter: str = "") -> Place:
    """A place in the order of deliveries."""
    return Place("-".join(map(str, order)), order, slot, reporter)


@contextmanager
def delivering(warehouse, name="a.xlsx", place=None, **options):
    """A load of source "sample" with the usual key; the caller adds and finishes."""
    usual = {"source": "sample", "semantics": "append", "key": KEY, "variant": VARIANT, "run": RUN}
    with warehouse.delivery(arrival(name), place=place or at(1), **(usual | options)) as load:
        yield load


def deliver(warehouse, *batches, name="a.xlsx", place=None, limit=1.0, **options):
    """Load these batches as one delivery; give the finished load and its counts."""
    with delivering(warehouse, name, place, **options) as load:
        for each in batches:
            load.add(each)
        counts = load.finish(limit)
    return load, counts


def standing(warehouse, *fields: str, source: str | None = None) -> list[Any]:
    """Records that stand, over all deliveries: one field, or tuples of several, sorted."""
    ids = warehouse.deliveries(source).filter(result="loaded")["delivery_id"]
    frames = [warehouse.records(number).filter(state="current").select(fields) for number in ids]
    rows = pl.concat(frames).rows() if frames else []
    return sorted(each[0] if len(fields) == 1 else each for each in rows)
