"""Excel workbooks (.xlsx, .xlsm, .xlsb, .xls) → Grids: every sheet, every cell as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import polars as pl
from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from etl_core.errors import DeliveryError
from etl_core.readers import archive, cells, compound
from etl_core.readers.batches import FIXED, settled, told
from etl_core.readers.extent import Extent
from etl_core.readers.options import ReadOptions
from etl_core.records import Grid

# Rows that are Python objects at a time: few enough to stay in the processor's cache until they are a frame.
BLOCK = 2_000


def grids(path: Path, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the sheets in the order of the workbook; `row` is the row number of the sheet, `c0` its column A.

    Values are rendered by cells.py; an error cell is null; of merged cells the first has the value; `width` is
    null. A sheet without a non-empty cell yields nothing; sheets that are no tables (charts, macros) neither.
    Raises DeliveryError: "unreadable", "encrypted", "unsafe".
    """
    with path.open("rb") as file, _refusing():
        workbook = CalamineWorkbook.from_filelike(_plain(file))
    for index, sheet in enumerate(workbook.sheets_metadata):
        if sheet.typ is SheetTypeEnum.WorkSheet:
            for rows in settled(_frames(workbook, index, batch), batch):
                yield Grid(rows, sheet.name, visible=sheet.visible is SheetVisibleEnum.Visible)


def _plain(file: IO[bytes]) -> IO[bytes]:
    """The workbook decrypted and, if it is a zip, checked before calamine unpacks it."""
    if not _is_zip(file):
        file = compound.opened(file)
    if _is_zip(file) and "xl/workbook.xml" not in archive.check(file, _watch):
        raise DeliveryError("unreadable")
    file.seek(0)
    return file


def _watch(member: str) -> Callable[[bytes], None] | None:
    return Extent().see if member.startswith("xl/worksheets/") else None


def _is_zip(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(2) == b"PK"


def _frames(workbook: CalamineWorkbook, index: int, batch: int) -> Iterator[pl.DataFrame]:
    with _refusing():
        sheet = workbook.get_sheet_by_index(index)
        rows = sheet.iter_rows()
    first = 1
    while blocks := list(_blocks(rows, first, batch, sheet)):
        yield pl.concat(blocks)
        first += sum(block.height for block in blocks)


def _blocks(
    rows: Iterator[list[Any]], first: int, batch: int, sheet: CalamineSheet
) -> Iterator[pl.DataFrame]:
    """The next `batch` rows in frames of at most BLOCK; the first has the row number `first`."""
    end = first + batch
    while first < end:
        with _refusing():
            block = list(islice(rows, min(BLOCK, end - first)))
        if not block:
            return
        yield _frame(block, first, sheet)
        first += len(block)


def _frame(block: list[list[Any]], first: int, sheet: CalamineSheet) -> pl.DataFrame:
    """Rows of a sheet from row number `first` on; columns left of the used range are null."""
    left = sheet.start[1] if sheet.start else 0
    columns = [*([None] * len(block) for _ in range(left)), *map(list, zip(*block, strict=True))]
    rows = pl.DataFrame({"row": pl.Series(range(first, first + len(block)), dtype=pl.Int64)})
    nothing = (pl.lit(None, FIXED[name]).alias(name) for name in ("width", "fault", "fault_at"))
    whole = rows.with_columns(nothing).hstack(
        [cells.column(f"c{index}", values) for index, values in enumerate(columns)]
    )
    holds_nul = pl.any_horizontal(
        pl.col(f"c{index}").str.contains("\0", literal=True).any() for index in range(len(columns))
    )
    return told(whole, "\0") if columns and whole.select(holds_nul).item() else whole


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn whatever calamine raises into a DeliveryError: its texts show values, its panics are no Exceptions."""
    try:
        yield
    except (DeliveryError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except PasswordError:
        raise DeliveryError("encrypted") from None
    except BaseException:  # noqa: BLE001
        raise DeliveryError("unreadable") from None
