"""From grids to raw frames: where the table is, which rows are records, and what the others are.

Everything stays text. Each row read becomes exactly one of: a row of the raw frame, a skipped row with its kind (ruling 6),
or a row refused as malformed or undecodable (ruling 21).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain

import polars as pl

from etl_core import header
from etl_core.contract import DATED, origins, readings
from etl_core.errors import DeliveryError
from etl_core.expressions.reading import read
from etl_core.header import Layout
from etl_core.records import ISSUES, PLACE, REFUSED, SKIPS, Grid, HeaderAccount, Place
from etl_core.source import Source

_TOTAL = r"^(合计|总计|小计|累计|共计|总合计|本页合计|本页小计)([:：(（].*)?$"
_NOTE = r"^(注|备注|说明|填表说明|填写说明|注意事项|附注|注释)\d*[:：]"
_SIGNATURE = r"^(单位)?(统计)?(审核|填表|制表|填报|经办|复核|报出|报送|联系|负责|签字|签名|盖章)[^:：]{0,8}[:：]"


@dataclass(frozen=True, slots=True)
class Raw:
    """One batch of a table: `frame` has PLACE, DATED, the contract's fields as text and the parts of their readings. `rows` (c0…cN) stand beside `frame` row by row, for the cells that a reason must keep."""

    frame: pl.DataFrame
    rows: pl.DataFrame
    shown: Mapping[str, str | None]
    texts: tuple[str | None, ...]
    skips: pl.DataFrame
    issues: pl.DataFrame
    refused: pl.DataFrame
    read: int


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet that holds a table of the source: its layout, facts from title, file and sheet name, and its header rows."""

    file: str
    sheet: str | None
    layout: Layout
    facts: Mapping[str, str | None]
    above: str
    repeats: tuple[header.Cells, ...]
    width: int | None


@dataclass(frozen=True, slots=True)
class Opening:
    """A delivery whose table was found: where it stands among the others, and its rows to come."""

    place: Place
    dated: date
    raws: Iterator[Raw]
    accounts: list[HeaderAccount]


def cells(grid: Grid) -> list[str]:
    """Names of the cell columns of a grid, from left to right."""
    return [name for name in grid.rows.columns if re.fullmatch(r"c\d+", name)]


def head(grid: Grid) -> list[header.Cells]:
    """The first rows of a grid as plain lists, in which a header is searched."""
    return list(grid.rows.select(cells(grid)).head(header.SEARCHED + 1).iter_rows())


def open_(grids: Iterable[Grid], source: Source, name: str, arrived: date) -> Opening:
    """Find the first table of `source` and say where the delivery stands; its rows are read when `raws` is consumed.

    Raises DeliveryError schema.missing_column (no sheet has the promised header), place.unknown (neither name nor title
    tells period and version), empty (a header without a single row).
    """
    waiting: list[Grid] = []
    best: Layout | None = None
    coming = iter(grids)
    for grid in coming:
        waiting.append(grid)
        layout = header.locate(head(grid), source, arrived) if grid.visible else None
        best = max(filter(None, (best, layout)), key=lambda each: each.score, default=None)
        if header.plausible(layout):
            assert layout is not None
            table = _table(grid, header.complete(layout, source, grid.sheet), source, name)
            place = source.place(name, table.above)
            if place is None:
                raise DeliveryError("place.unknown")
            accounts: list[HeaderAccount] = []
            dated = place.dated or arrived
            rest = chain(waiting, coming)
            return Opening(place, dated, _raws(rest, source, name, dated, accounts), accounts)
    if not waiting:
        raise DeliveryError("empty")
    header.complete(best or Layout(0, 1, (), {}, _promised(source)), source, None)
    raise DeliveryError("schema.missing_column", sheet="", column="", nearest="—")


def _promised(source: Source) -> tuple[str, ...]:
    declared = origins(source.contract).items()
    return tuple(field for field, origin in declared if origin.kind == "header" and not origin.optional)


def _raws(
    grids: Iterable[Grid], source: Source, name: str, dated: date, accounts: list[HeaderAccount]
) -> Iterator[Raw]:
    tables: dict[tuple[str | None, str | None], Table | None] = {}
    records = 0
    for grid in grids:
        key = (grid.file, grid.sheet)
        first = key not in tables
        if first:
            tables[key] = _recognise(grid, source, name, dated)
            if (table := tables[key]) is not None:
                accounts.append(HeaderAccount(table.file, table.sheet, **header.account(table.layout, source)))
        raw = _batch(grid, tables[key], source, name, dated, first)
        records += len(raw.frame) + len(raw.refused)
        yield raw
    if not records:
        raise DeliveryError("empty")


def _recognise(grid: Grid, source: Source, name: str, dated: date) -> Table | None:
    """The table on a sheet, or None where the sheet is hidden or holds something else (ruling 2)."""
    layout = header.locate(head(grid), source, dated) if grid.visible else None
    if layout is None or not header.plausible(layout):
        return None
    return _table(grid, header.complete(layout, source, grid.sheet), source, name)


def _table(grid: Grid, layout: Layout, source: Source, name: str) -> Table:
    rows = head(grid)
    above = "\n".join(cell for row in rows[: layout.top] for cell in row if cell)
    width = grid.rows["width"][layout.top]
    repeats = tuple(rows[layout.top : layout.top + layout.depth])
    return Table(grid.file or name, grid.sheet, layout, _facts(source, above, name, grid.sheet), above, repeats, width)


def _facts(source: Source, above: str, name: str, sheet: str | None) -> dict[str, str | None]:
    """Text of the fields that do not stand in a column."""
    facts: dict[str, str | None] = {}
    for field, origin in origins(source.contract).items():
        if origin.kind == "sheet":
            facts[field] = sheet
        elif origin.kind in ("title", "name"):
            found = re.search(origin.pattern, above if origin.kind == "title" else name)
            facts[field] = found.group(1) if found else None
    return facts


def _batch(grid: Grid, table: Table | None, source: Source, name: str, dated: date, first: bool) -> Raw:
    rows = grid.rows.with_columns(
        file=pl.lit(grid.file or name, pl.String), sheet=pl.lit(grid.sheet, pl.String)
    )
    if table is None:
        kind = pl.lit("other_sheet" if grid.visible else "hidden_sheet", pl.String)
        return _assemble(rows.with_columns(_kind=kind, _fault=pl.lit(None, pl.String)), None, source, dated)
    names = cells(grid)
    top = table.layout.top if first else 0
    end = top + table.layout.depth if first else 0
    position = pl.int_range(pl.len())
    rows = rows.with_columns(_lead=_lead(names)).with_columns(
        _kind=pl.when(pl.col("_lead").is_null() & ~position.is_between(top, end - 1))
        .then(pl.lit("blank"))
        .when(position < top)
        .then(pl.lit("title"))
        .when((position < end) | _repeated(table, names))
        .then(pl.lit("header"))
        .when(pl.col("_lead").str.contains(_TOTAL))
        .then(pl.lit("total"))
        .when(pl.col("_lead").str.contains(_NOTE))
        .then(pl.lit("note"))
        .when(pl.col("_lead").str.contains(_SIGNATURE))
        .then(pl.lit("signature"))
    )
    cut = pl.col("width").is_not_null() & pl.col("width").ne_missing(pl.lit(table.width, pl.Int64))
    fault = pl.when(cut).then(pl.lit("row.malformed")).otherwise(pl.col("fault"))
    return _assemble(rows.with_columns(_fault=fault), table, source, dated)


def _lead(names: list[str]) -> pl.Expr:
    """The row's first non-blank cell, without white space: what tells totals, notes and signatures from records."""
    bare = [pl.col(name).str.replace_all(r"\s+", "") for name in names]
    return pl.coalesce(pl.when(cell.str.len_bytes() > 0).then(cell) for cell in bare) if bare else pl.lit(None, pl.String)


def _repeated(table: Table, names: list[str]) -> pl.Expr:
    """Rows that are a physical row of the header once more, as at a page break (ruling 3)."""
    same = [
        pl.all_horizontal(pl.col(name).eq_missing(pl.lit(text, pl.String)) for name, text in zip(names, row, strict=False))
        for row in table.repeats
    ]
    return pl.any_horizontal(same)


def _assemble(rows: pl.DataFrame, table: Table | None, source: Source, dated: date) -> Raw:
    skipped = rows.filter(pl.col("_kind").is_not_null())
    faulty = rows.filter(pl.col("_kind").is_null() & pl.col("_fault").is_not_null())
    good = rows.filter(pl.col("_kind").is_null() & pl.col("_fault").is_null())
    texts = table.layout.texts if table else ()
    return Raw(
        frame=_frame(good, table, source, dated),
        rows=good,
        shown=_shown(table, source),
        texts=texts,
        skips=skipped.select(*PLACE, kind="_kind").cast(SKIPS),  # type: ignore[arg-type]
        issues=_faults(faulty, texts),
        refused=refused(faulty, texts, source),
        read=len(rows),
    )


def _frame(rows: pl.DataFrame, table: Table | None, source: Source, dated: date) -> pl.DataFrame:
    fields = []
    for field in origins(source.contract):
        at = table.layout.fields.get(field) if table else None
        fact = table.facts.get(field) if table else None
        text = pl.col(f"c{at}") if at is not None else pl.lit(fact, pl.String)
        fields.append(text.alias(field))
    frame = rows.lazy().select(*PLACE, pl.lit(dated).alias(DATED), *fields)
    return read(frame, readings(source.contract)).collect()


def _shown(table: Table | None, source: Source) -> dict[str, str | None]:
    """The header as in the file for each field (ruling 7), or the place that the contract names."""
    at = table.layout.fields if table else {}
    texts = table.layout.texts if table else ()
    return {
        field: texts[at[field]] if field in at else origin.shown
        for field, origin in origins(source.contract).items()
    }


def _faults(faulty: pl.DataFrame, texts: tuple[str | None, ...]) -> pl.DataFrame:
    named = pl.Series("texts", texts, dtype=pl.String)
    places = faulty["fault_at"].fill_null(len(texts)).clip(0, len(texts)) if len(faulty) else pl.Series([], dtype=pl.Int64)
    columns = named.extend(pl.Series([None], dtype=pl.String)).gather(places)
    undecodable = faulty["_fault"] == "text.undecodable"
    return faulty.select(*PLACE, code="_fault").with_columns(
        column=columns.zip_with(undecodable, pl.repeat(None, len(faulty), dtype=pl.String, eager=True)),
        severity=pl.lit("error"),
    ).cast(ISSUES)  # type: ignore[arg-type]


def refused(rows: pl.DataFrame, texts: tuple[str | None, ...], source: Source) -> pl.DataFrame:
    """The cells of refused rows as JSON (records.REFUSED), so that the agency can mend them; dropped columns are left out.

    A malformed row's cells have no certain header: they are kept by position, unless the source drops columns (ruling 62).
    """
    dropped = {header.normal(each) for each in source.dropped}
    malformed = pl.col("_fault").eq_missing(pl.lit("row.malformed"))
    names = [name for name in rows.columns if re.fullmatch(r"c\d+", name)]
    labels = _labels(texts)
    headed = [pl.col(f"c{at}").alias(label) for at, label in labels.items() if f"c{at}" in names and header.normal(label) not in dropped]
    placed = [pl.col(name).alias(str(at + 1)) for at, name in enumerate(names) if not dropped]
    if not len(rows):
        return pl.DataFrame(schema=REFUSED)
    return rows.select(
        *PLACE,
        cells=pl.when(malformed).then(_json(placed)).otherwise(_json(headed)),
    ).cast(REFUSED)  # type: ignore[arg-type]


def _json(columns: list[pl.Expr]) -> pl.Expr:
    return pl.struct(columns).struct.json_encode() if columns else pl.lit("{}")


def _labels(texts: tuple[str | None, ...]) -> dict[int, str]:
    """A distinct label for each headed column: the second «姓名» is «姓名#2»."""
    seen: dict[str, int] = {}
    labels: dict[int, str] = {}
    for at, text in enumerate(texts):
        if text:
            seen[text] = seen.get(text, 0) + 1
            labels[at] = text if seen[text] == 1 else f"{text}#{seen[text]}"
    return labels
