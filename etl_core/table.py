"""One sheet that holds a table of a source: where its header is, what stands around it, and what each of its rows is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from etl_core import header, marker
from etl_core.contract import origins
from etl_core.errors import DeliveryError
from etl_core.expressions import identity
from etl_core.header import Layout
from etl_core.records import Grid
from etl_core.source import Source, roots

_TOTALS = ("合计", "总计", "小计", "累计", "共计", "总合计", "本页合计", "本页小计")
_NOTES = ("注", "备注", "说明", "填表说明", "填写说明", "注意事项", "附注", "注释")
_SIGNED = [
    "审核",
    "填表",
    "制表",
    "填报",
    "经办",
    "复核",
    "报出",
    "报送",
    "联系",
    "负责",
    "签字",
    "签名",
    "盖章",
]
_BEFORE = ("单位", "班主任", "统计")
_TOTAL = rf"^({'|'.join(_TOTALS)})([:：(（].*)?$"
_NOTE = rf"^({'|'.join(_NOTES)})\d*[:：]"
_SIGNATURE = rf"^({'|'.join(_BEFORE)})*({'|'.join(_SIGNED)})[^:：]{{0,8}}[:：]"
# What a total, a note or a signature can begin with: only such rows are looked at closely.
_BEGINNINGS = sorted({word[0] for word in (*_TOTALS, *_NOTES, *_SIGNED, *_BEFORE)})
_POSITION = "_position"
# No header or title is longer; where one cell holds a megabyte, every source would compare it with each of its headers.
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet's table.

    facts    text of the contract's fields that do not stand in a column: from title, file name or sheet name
    above    the lines above the header, and below them the texts of the column that tells the period, if there is one
    repeats  the physical rows of the header, by which a repeated header is known (ruling 3); none where the container
             states the header apart from its rows
    width    number of fields of the header's record, null where the container is rectangular
    due      the columns that every record fills: those of the promised headers, of a field that stands in several any one
    named    the column of a person's name, if there is one
    """

    file: str
    sheet: str | None
    layout: Layout
    facts: Mapping[str, str | None]
    above: str
    repeats: tuple[header.Cells, ...]
    width: int | None
    due: tuple[tuple[str, ...], ...] = ()
    named: str | None = None

    @property
    def end(self) -> int:
        """Rows of the sheet's first grid up to and including the header."""
        return self.layout.top + len(self.repeats)

    @property
    def told(self) -> str:
        """What the sheet says before its first record: the lines above the header, and the headers."""
        return "\n".join([self.above, *filter(None, self.layout.texts)])

    def widened(self, grid: Grid) -> bool:
        """Whether a later grid of the sheet states more headers than the table knows."""
        return grid.headers is not None and len(grid.headers) > len(self.layout.texts)

    def extended(self, wider: Table) -> Table:
        """The table with the columns that only a later grid has; what stands in the others stays there."""
        fields = {**wider.layout.fields, **self.layout.fields}
        return replace(self, layout=replace(wider.layout, fields=fields))

    @property
    def columns(self) -> list[str]:
        """The cell columns that the header covers."""
        return [f"c{at}" for at in range(len(self.layout.texts))]


def names(rows: pl.DataFrame) -> list[str]:
    """The cell columns of a grid's rows, from left to right."""
    return [name for name in rows.columns if re.fullmatch(r"c\d+", name)]


def head(grid: Grid) -> list[header.Cells]:
    """The first rows of a grid as plain lists, in which a header is searched; or the header itself, where it is stated."""
    if grid.headers is not None:
        return [grid.headers]
    texts = grid.rows.select(names(grid.rows)).head(header.SEARCHED + 1)
    return list(texts.select(pl.all().str.head(_LONGEST)).iter_rows())


def located(grid: Grid, source: Source, on: date) -> Layout | None:
    """The header of `source` on a visible sheet, however many of its columns are missing."""
    return header.locate(head(grid), source, on) if grid.visible else None


def table(grid: Grid, source: Source, name: str, on: date) -> Table | None:
    """The table that starts in a sheet's first grid, or None where the sheet is hidden or something else (ruling 2).

    Raises DeliveryError schema.missing_column where a promised column is missing, mending.unmarked where the table is of a
    mending whose marker is gone.
    """
    layout = located(grid, source, on)
    if layout is None or not header.plausible(layout):
        return None
    whole = header.complete(layout, source, grid.sheet)
    if marker.COLUMN in whole.texts:
        # Rows of a mending without its marker: as a delivery of their own they could withdraw all others.
        raise DeliveryError("mending.unmarked", sheet=grid.sheet or "")
    rows = head(grid)
    above = "\n".join(cell for row in rows[: whole.top] for cell in row if cell)
    facts = _facts(source, above, grid.names(name), grid.sheet)
    above = "\n".join(filter(None, [above, *_period(grid, whole, source)]))
    if grid.headers is not None:
        file = name if grid.page else grid.path(name)
        return Table(file, grid.sheet, whole, facts, above, (), None, *_due(whole, source))
    repeats = tuple(rows[whole.top : whole.top + whole.depth])
    width = grid.rows["width"][whole.top]
    return Table(grid.path(name), grid.sheet, whole, facts, above, repeats, width, *_due(whole, source))


def _due(layout: Layout, source: Source) -> tuple[tuple[tuple[str, ...], ...], str | None]:
    """The columns `due` and `named` of a table."""
    at = {field: f"c{place}" for field, place in layout.fields.items()}
    several = [field for field in header.promised(source) if field.endswith("]")]
    single = [(at[field],) for field in header.promised(source) if field in at and field not in several]
    any_of = [
        tuple(cell for name, cell in at.items() if name.partition("[")[0] == field.partition("[")[0])
        for field in several
    ]
    return (*single, *any_of), next(
        (at[field] for field in roots(source, "person_name") if field in at), None
    )


def _period(grid: Grid, layout: Layout, source: Source) -> list[str]:
    """What the first rows say in the column that tells the period (source.Source), each text once."""
    at = layout.fields.get(source.period)
    if at is None:
        return []
    depth = layout.depth if grid.headers is None else 0
    cells = grid.rows[f"c{at}"].head(header.SEARCHED + 1).slice(layout.top + depth)
    return cells.drop_nulls().unique(maintain_order=True).to_list()


def _facts(source: Source, above: str, names: Sequence[str], sheet: str | None) -> dict[str, str | None]:
    texts = {"title": (above,), "name": names}
    facts: dict[str, str | None] = {}
    for field, origin in origins(source.contract).items():
        if origin.kind == "sheet":
            facts[field] = sheet
        elif origin.kind in texts:
            found = filter(None, (re.search(origin.pattern, text) for text in texts[origin.kind]))
            facts[field] = next((each[1] for each in found), None)
    return facts


def kind(rows: pl.DataFrame, of: Table, first: bool) -> pl.Series:
    """What each row is: one of the skip kinds (ruling 6), or null for a record. `first`: the rows of the sheet's first grid.

    What the container says of a row decides. Else nearly every row is a record by its first cell alone; only the others
    are looked at in full.
    """
    cells = [name for name in names(rows) if rows[name].null_count() < len(rows)]
    top, end = (of.layout.top, of.end) if first else (0, 0)
    odd = rows.with_row_index(_POSITION).filter(_odd(of, cells, end))
    kinds = odd.select(_POSITION, kind=_kind(of, names(rows), top, end))
    found = pl.repeat(None, len(rows), dtype=pl.String, eager=True).scatter(kinds[_POSITION], kinds["kind"])
    return rows["kind"].fill_null(found) if "kind" in rows.columns else found


def _odd(of: Table, cells: list[str], end: int) -> pl.Expr:
    """Rows that may be something else than a record. `cells`: the columns that are not empty throughout."""
    if not cells:
        return pl.lit(True)
    text = pl.col(cells[0])
    at = int(cells[0][1:])
    headers = [row[at] for row in of.repeats if at < len(row)]
    lead = text.str.strip_chars()
    return (
        (pl.col(_POSITION) < end)
        | text.is_null()
        | (lead == "")
        | text.is_in(headers)
        | lead.str.head(1).is_in(_BEGINNINGS)
    )


def _kind(of: Table, cells: list[str], top: int, end: int) -> pl.Expr:
    lead = _lead(cells)
    position = pl.col(_POSITION)
    return (
        pl.when((position >= top) & (position < end))
        .then(pl.lit("header"))
        .when(lead.is_null())
        .then(pl.lit("blank"))
        .when(position < top)
        .then(pl.lit("title"))
        .when(_repeated(of, cells))
        .then(pl.lit("header"))
        .when(_full(of, cells, lead))
        .then(None)
        .when(lead.str.contains(_TOTAL))
        .then(pl.lit("total"))
        .when(lead.str.contains(_NOTE))
        .then(pl.lit("note"))
        .when(lead.str.contains(_SIGNATURE))
        .then(pl.lit("signature"))
    )


def _full(of: Table, cells: list[str], lead: pl.Expr) -> pl.Expr:
    """Rows that are records whatever their first cell says («合计» in the place of a serial number).

    One cell looks like an identity number; or every promised column is filled, none of them like «审核人：», and the name's with a
    name: a total has its first cell or a number there.
    """
    numbered = pl.any_horizontal(pl.lit(False), *map(identity.like, cells))
    if of.named not in cells:
        return numbered
    filled = (
        pl.any_horizontal(pl.col(each).fill_null("").str.contains(r"[^:：\s]\s*$") for each in names)
        for names in of.due
    )
    name = pl.col(of.named).str.replace_all(r"\s+", "")
    return numbered | pl.all_horizontal(*filled, name != lead, ~name.str.contains(r"\d")).fill_null(False)


def fault(of: Table) -> pl.Expr:
    """What is wrong with each row as a row: another number of fields than the header's, or what the reader saw (ruling 21)."""
    cut = pl.col("width").is_not_null() & pl.col("width").ne_missing(pl.lit(of.width, pl.Int64))
    return pl.when(cut).then(pl.lit("row.malformed")).otherwise(pl.col("fault"))


def _lead(cells: list[str]) -> pl.Expr:
    """The row's first non-blank cell, without white space: what tells totals, notes and signatures from records."""
    trimmed = (pl.col(name).str.strip_chars() for name in cells)
    first = pl.coalesce(pl.lit(None, pl.String), *(pl.when(cell != "").then(cell) for cell in trimmed))
    return first.str.replace_all(r"\s+", "")


def _repeated(of: Table, cells: list[str]) -> pl.Expr:
    """Rows that are a physical row of the header once more, as at a page break (ruling 3)."""
    same = (
        pl.all_horizontal(
            pl.col(name).eq_missing(pl.lit(text, pl.String)) for name, text in zip(cells, row, strict=False)
        )
        for row in of.repeats
    )
    return pl.any_horizontal(pl.lit(False), *same)
