"""What must become of the samples, as the files beside them say; read only, never rewritten.

golden/expected.csv           file, sheet, row, outcome, reasons, warnings, n_records: one line per physical row
golden/expected_records.csv   fields of the unified contract, with id_number, file, sheet, row: one line per record
golden/expected_delivery.csv  file, slot, effective_order, reporter, result, error and the counts of the books
golden/expected_state.csv     measure, value: the warehouse when all samples are in it (ruling 76)
golden/expected_events.csv    event_group, n_reports, file, row, reporter, counts (ruling 69); where events meet
golden/errata.csv             file, sheet, row, twin, ruling, why: lines of the first two in which two rows are exchanged
golden/omitted.csv            file, sheet, row, warnings, ruling, why: loaded rows whose warnings the first leaves out
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

ERRATA = ("file", "sheet", "row", "twin", "ruling", "why")
OMITTED = ("file", "sheet", "row", "warnings", "ruling", "why")


@dataclass(frozen=True, slots=True)
class Golden:
    """The golden files of one plugin as frames of text, errata and omissions applied; `stated` is expected.csv as it stands."""

    rows: pl.DataFrame
    records: pl.DataFrame
    deliveries: pl.DataFrame
    state: dict[str, str]
    events: pl.DataFrame | None
    errata: pl.DataFrame
    omitted: pl.DataFrame
    stated: pl.DataFrame


@cache
def golden(folder: Path) -> Golden:
    """Read the golden files of `folder`."""
    swaps = _judged(folder / "errata.csv", ERRATA)
    omitted = _judged(folder / "omitted.csv", OMITTED)
    stated = _text(folder / "expected.csv")
    return Golden(
        rows=completed(exchanged(stated, swaps), omitted),
        records=exchanged(_text(folder / "expected_records.csv"), swaps),
        deliveries=_text(folder / "expected_delivery.csv"),
        state=dict(_text(folder / "expected_state.csv").select("measure", "value").iter_rows()),
        events=_optional(folder / "expected_events.csv"),
        errata=swaps,
        omitted=omitted,
        stated=stated,
    )


def _text(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def _optional(path: Path) -> pl.DataFrame | None:
    return _text(path) if path.exists() else None


def _judged(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    found = _optional(path)
    return pl.DataFrame(schema=dict.fromkeys(columns, pl.String)) if found is None else found.select(columns)


def completed(lines: pl.DataFrame, omitted: pl.DataFrame) -> pl.DataFrame:
    """The same lines with the warnings that they leave out put in, in the order of the codes."""
    more = omitted.select("file", "sheet", "row", more="warnings")
    joined = lines.join(
        more, on=["file", "sheet", "row"], how="left", nulls_equal=True, maintain_order="left"
    )
    each = pl.concat_str("warnings", "more", separator=";", ignore_nulls=True).str.split(";").list.sort()
    whole = pl.when(pl.col("more").is_not_null()).then(each.list.join(";")).otherwise("warnings")
    return joined.with_columns(warnings=whole).drop("more")


def exchanged(lines: pl.DataFrame, errata: pl.DataFrame) -> pl.DataFrame:
    """The same lines with the row numbers of every erratum's two rows exchanged."""
    there = errata.select("file", "sheet", "row", other="twin")
    back = errata.select("file", "sheet", row="twin", other="row")
    swaps = pl.concat([there, back])
    joined = lines.join(
        swaps, on=["file", "sheet", "row"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.with_columns(row=pl.coalesce("other", "row")).drop("other")
