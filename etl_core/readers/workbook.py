"""Workbooks (.xlsx, .xlsm, .xls, and .ods of LibreOffice or WPS) → Grids: every sheet, every cell as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import IO, Any

import polars as pl
from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from etl_core import masking
from etl_core.errors import DeliveryError
from etl_core.filenames import apart
from etl_core.readers import archive, cells, compound, packed
from etl_core.readers.batches import FIXED, settled, told
from etl_core.readers.extent import Extent, Repeats
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File
from etl_core.records import Grid

# Rows that are Python objects at a time: few enough to stay in the processor's cache until they are a frame.
BLOCK = 2_000

# Members of an .ods (OpenDocument 1.3, part 2): what stands in its sheets, and what says of encryption.
_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"


def grids(path: File, options: ReadOptions, batch: int = 50_000) -> Iterator[Grid]:
    """Yield the sheets in the order of the workbook; `row` is the row number of the sheet, `c0` its column A.

    Values are rendered by cells.py; an error cell is null; of merged cells the first has the value; `width` is
    null. In an .ods a tab, or a line break that is no paragraph, is lost: calamine knows neither. A sheet without a non-empty
    cell yields nothing; sheets that are no tables (charts, macros) neither. The bytes decide what a workbook is, not its name.
    Raises DeliveryError: "unreadable", "encrypted", "unsafe".
    """
    with packed.seekable(path) as file, _refusing():
        plain = _plain(file)
        workbook = CalamineWorkbook.from_filelike(plain.file)
    names = apart(masking.plain(sheet.name) for sheet in workbook.sheets_metadata)
    for index, (name, sheet) in enumerate(zip(names, workbook.sheets_metadata, strict=True)):
        if sheet.typ is SheetTypeEnum.WorkSheet:
            for rows in settled(_frames(workbook, index, batch), batch):
                told = cells.spent(rows) if plain.timed else rows
                yield Grid(told, name, visible=sheet.visible is SheetVisibleEnum.Visible)


@dataclass(frozen=True, slots=True)
class _Plain:
    """A workbook that calamine may open; timed: an .ods, whose times calamine gives as they are written."""

    file: IO[bytes]
    timed: bool = False


def _plain(file: IO[bytes]) -> _Plain:
    """The workbook decrypted and, if it is a zip, checked before calamine unpacks it."""
    if not _is_zip(file):
        file = compound.opened(file)
    timed = False
    if _is_zip(file):
        repeats = Repeats()
        members = archive.check(file, partial(_watch, repeats))
        timed = _CONTENT in members
        if repeats.broken or not (timed or "xl/workbook.xml" in members):
            raise DeliveryError("unreadable")
    file.seek(0)
    return _Plain(file, timed)


def _watch(repeats: Repeats, member: str) -> Callable[[bytes], None] | None:
    if member == _CONTENT:
        return repeats.see
    if member == _MANIFEST:
        return _unlocked
    return Extent().see if member.startswith("xl/worksheets/") else None


def _unlocked(manifest: bytes) -> None:
    """An .ods with a password is a zip whose manifest says how each member is encrypted."""
    if b"encryption-data" in manifest:
        raise DeliveryError("encrypted")


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
