"""The look itself: a file's first rows → what was seen, and the bytes of its specimen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.header import Layout, labels
from etl_core.readers import kind as container
from etl_core.records import Grid
from etl_core.seen import Column, Seen, Sheet
from etl_core.specimen import heading, rows
from etl_core.specimen.columns import columns
from etl_core.specimen.disguise import Disguise
from etl_core.specimen.period import period, titled
from etl_core.specimen.rows import Line, Page
from etl_core.specimen.writers import Form, form, write
from etl_core.table import Table, fault, names
from etl_schemas import tables


@dataclass(frozen=True, slots=True)
class Specimen:
    """What was seen, and the bytes of each of its files."""

    seen: Seen
    files: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet with the table that is read of it; `other`: of one that is not read how far its own header is from that table's."""

    grid: Grid
    of: Table | None
    kind: pl.Series
    other: tuple[Layout, int] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Column of the grid → label of its header."""
        texts = self.of.layout.texts if self.of else ()
        return {f"c{at}": label for at, label in labels(texts).items() if f"c{at}" in self.grid.rows.columns}

    @property
    def records(self) -> pl.DataFrame:
        """Rows that are records and not broken."""
        return self.grid.rows.filter(self.kind.is_null() & self.grid.rows["fault"].is_null())


def look(
    grids: Iterable[Grid],
    path: Path,
    name: str,
    chosen: Mapping[str, str] | None = None,
    claimed: Iterable[str] = (),
) -> Specimen:
    """Look at the first rows of every sheet.

    grids: all that a header is searched in stands in the first grid of each sheet (recognise.gathered); path: the private
    copy; name: what the delivery is called; chosen: field by header, where a person has said it; claimed: sources that know
    the file already. Raises DeliveryError: unrecognised (no row looks like a header), and what the readers raise.
    """
    sheets = list(_sheets(list(_first(grids)), name, list(chosen or ())))
    table = [sheet for sheet in sheets if sheet.of]
    found = columns(_together(table), _headers(table), chosen or {})
    fields = {
        column.header: column.field or ("dropped" if column.fate == "dropped" else "") for column in found
    }
    how = form(container(path), path, name)
    pages = _pages(sheets, fields, _called(sheets))
    files = write(how, pages)
    seen = replace(
        _seen(sheets, pages, found, how, name),
        claimed=tuple(claimed),
        files=tuple((file, len(data)) for file, data in files.items()),
    )
    return Specimen(seen, tuple(files.values()))


def _first(grids: Iterable[Grid]) -> Iterable[Grid]:
    """The first grid of every sheet: enough to see what it is."""
    seen: set[tuple[str | None, str | None]] = set()
    for grid in grids:
        if (grid.file, grid.sheet) not in seen:
            seen.add((grid.file, grid.sheet))
            yield grid


def _sheets(grids: Sequence[Grid], name: str, said: Sequence[str]) -> Iterator[_Sheet]:
    """Every sheet with its table; those of another form than the best one's are no tables (ruling 2)."""
    layouts = [heading.layout(grid, said) if grid.visible else None for grid in grids]
    best = heading.best(layouts, said)
    if best is None:
        raise DeliveryError("unrecognised", nearest="—", missing="—")
    for grid, layout in zip(grids, layouts, strict=True):
        of = _table(grid, layout, name) if layout and heading.alike(layout, best) else None
        other = (layout, heading.lacking(layout, best)) if layout and not of else None
        yield _Sheet(_judged(grid, of), of, rows.kind(grid, of), other)


def _judged(grid: Grid, of: Table | None) -> Grid:
    """The grid with rows of another number of fields than the header's marked as broken (ruling 21)."""
    return replace(grid, rows=grid.rows.with_columns(fault=fault(of))) if of else grid


def _table(grid: Grid, layout: Layout, name: str) -> Table:
    cells = list(grid.rows.select(names(grid.rows)).head(layout.top + layout.depth).iter_rows())
    above = "\n".join(cell for row in cells[: layout.top] for cell in row if cell)
    stated = grid.headers is not None
    repeats = () if stated else tuple(cells[layout.top : layout.top + layout.depth])
    width = None if stated else grid.rows["width"][layout.top]
    return Table(grid.path(name), grid.sheet, layout, {}, above, repeats, width)


def _headers(table: Sequence[_Sheet]) -> dict[str, str]:
    """Every label of any sheet, by itself."""
    return {label: label for sheet in table for label in sheet.headers.values()}


def _together(table: Sequence[_Sheet]) -> pl.DataFrame:
    """The records of all sheets under their labels."""
    frames = [
        sheet.records.select(**{label: pl.col(name) for name, label in sheet.headers.items()})
        for sheet in table
    ]
    return pl.concat(frames, how="diagonal")


def _called(sheets: Sequence[_Sheet]) -> list[str | None]:
    """A harmless name for every sheet: a school's or a person's does not stay."""
    subjects = _by_subject(sheets)
    return [
        sheet.grid.sheet if sheet.grid.sheet is None or (subjects and sheet.of) else f"Sheet{number}"
        for number, sheet in enumerate(sheets, 1)
    ]


def _by_subject(sheets: Sequence[_Sheet]) -> bool:
    known = tables.subjects(upper=False)
    titles = [sheet.grid.sheet for sheet in sheets if sheet.of]
    return len(titles) > 1 and all(title in known for title in titles)


def _pages(sheets: Sequence[_Sheet], fields: Mapping[str, str], called: Sequence[str | None]) -> list[Page]:
    most = max(rows.FEWEST, rows.RECORDS // max(1, sum(sheet.of is not None for sheet in sheets)))
    disguise = Disguise()
    return [_page(sheet, name, disguise, fields, most) for sheet, name in zip(sheets, called, strict=True)]


def _page(sheet: _Sheet, name: str | None, disguise: Disguise, fields: Mapping[str, str], most: int) -> Page:
    grid = sheet.grid
    held = [fields.get(sheet.headers.get(column, ""), "") for column in names(grid.rows)]
    at = rows.chosen(grid, sheet.kind, held, most)
    some = replace(grid, rows=grid.rows[at])
    lines: list[Line] = [disguise.line(line, held) for line in rows.lines(some, sheet.kind[at])]
    return Page(name, grid.visible, grid.file, grid.headers, lines, sheet.of is not None)


def _seen(
    sheets: Sequence[_Sheet], pages: Sequence[Page], found: tuple[Column, ...], how: Form, name: str
) -> Seen:
    first = next(sheet for sheet in sheets if sheet.of)
    assert first.of is not None
    label, dates = titled(first.of.above)
    stated = first.grid.headers is not None
    kinds = Counter(kind for sheet in sheets for kind in sheet.kind.drop_nulls())
    return Seen(
        name=name,
        container=how.container,
        encoding=how.codec,
        delimiter=how.delimiter,
        sheets=tuple(_told(sheet, page) for sheet, page in zip(sheets, pages, strict=True)),
        top=0 if stated else first.of.layout.top,
        depth=0 if stated else first.of.layout.depth,
        columns=found,
        subjects=_by_subject(sheets),
        skips=dict(sorted(kinds.items())),
        records=sum(sheet.kind.null_count() for sheet in sheets),
        kept=sum(line.kind is None for page in pages for line in page.lines),
        period=period(name, first.of.above),
        titled=label,
        dates=dates,
        wide=tuple(
            (column.header, column.form) for column in found if column.field == "hours" and column.form
        ),
    )


def _told(sheet: _Sheet, page: Page) -> Sheet:
    """What a person should know of a sheet: above all that it holds data which nobody reads."""
    grid = sheet.grid
    if sheet.other is None:
        return Sheet(page.name, page.visible, page.table, len(grid.rows), sheet.kind.null_count())
    layout, missing = sheet.other
    below = grid.rows[layout.top + layout.depth :].select(names(grid.rows))
    unread = below.filter(pl.any_horizontal(pl.all().is_not_null())).height if below.width else 0
    return Sheet(page.name, page.visible, page.table, len(grid.rows), 0, missing, unread)
