"""From grids to raw frames: every row read becomes a row of a raw frame, a skipped row with its kind, or a refused row.

Everything stays text, trimmed once; beside each cell stands how it is read (expressions/reading.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

import polars as pl

from etl_core import header, stray
from etl_core.contract import DATED, JOINT, RawContract, families, origins, readings
from etl_core.errors import DeliveryError
from etl_core.expressions import distinct
from etl_core.expressions.distinct import Distinct
from etl_core.expressions.reading import read
from etl_core.expressions.text import clean
from etl_core.header import Layout
from etl_core.records import PLACE, SKIPS, Grid, HeaderAccount, Place
from etl_core.refused import FAULT, Texts, cuts, faults, refused
from etl_core.source import Source
from etl_core.table import Table, fault, kind, located, names, table

_KIND = "_kind"

Key = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Raw:
    """One batch of a table.

    frame    PLACE, DATED, the contract's fields as trimmed text (null where a cell is empty), and the parts of their readings
    rows     the same rows as grid cells (c0…cN), for what a reason must keep
    shown    the header as in the file for each field (ruling 7), or the place that the contract names
    fields   the column of each field that stands in one (0-based)
    texts    every header of the table, by column
    skips, refused   the other rows: skipped ones, and those refused as rows
    issues   why the refused ones are, and which cells of the frame have lost their end
    headless columns without a header in which a record has text (0-based)
    """

    frame: pl.DataFrame
    rows: pl.DataFrame
    shown: Mapping[str, str | None]
    fields: Mapping[str, int]
    texts: Texts
    skips: pl.DataFrame
    issues: pl.DataFrame
    refused: pl.DataFrame
    read: int
    headless: frozenset[int] = frozenset()

    @property
    def records(self) -> int:
        """How many of the rows are records, sound or not."""
        return len(self.frame) + len(self.refused)


@dataclass(frozen=True, slots=True)
class Opening:
    """A delivery whose table was found: where it stands among the others, and its rows to come."""

    place: Place
    dated: date
    raws: Iterator[Raw]
    accounts: list[HeaderAccount]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What all batches of a delivery share; `dated` is its own date (ruling 42); `others`: sources that it must not be of too."""

    source: Source
    name: str
    place: Place
    dated: date
    others: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A delivery whose first table was found, and all of its grids."""

    place: Place
    delivery: Delivery
    first: Table
    grids: Iterator[Grid]


def open_(
    grids: Iterable[Grid],
    source: Source,
    name: str,
    arrived: date,
    *,
    later: Iterable[Grid] | None = None,
    others: tuple[Source, ...] = (),
) -> Opening:
    """Find the first table of `source` and say where the delivery stands; its rows are read when `raws` is consumed.

    later: rows further down the table that `grids` begin, which are read in the place of theirs.
    others: sources whose tables may not be passed over either (stray.py).
    Raises DeliveryError: schema.missing_column (no sheet has the promised header), place.unknown (neither name nor title
    tells period and version; or, at a later table, the files of an archive belong in different places), empty (nothing at
    all).
    """
    found = begun(grids, source, name, arrived, others)
    accounts: list[HeaderAccount] = []
    whole = _raws(found.grids, found.delivery, accounts)
    raws = whole if later is None else _later(later, found.first, found.delivery, accounts)
    return Opening(found.place, found.delivery.dated, raws, accounts)


def begun(
    grids: Iterable[Grid], source: Source, name: str, arrived: date, others: tuple[Source, ...] = ()
) -> Begun:
    """The first table of `source`, and the grids with those looked at put back. Raises DeliveryError as `open_` does."""
    looked: list[Grid] = []
    coming = iter(grids)
    for grid in coming:
        looked.append(grid)
        found = table(grid, source, name, arrived)
        if found is not None:
            _demand_said(grid, found, source, name)
            place = _stands(grid, found, source, name)
            if place is None:
                # The place may stand in a record.
                nothing = len(grid.rows) <= found.end and next(coming, None) is None
                raise DeliveryError("empty" if nothing else "place.unknown")
            delivery = Delivery(source, name, place, place.dated or arrived, others)
            return Begun(place, delivery, found, chain(looked, coming))
    if not looked:
        raise DeliveryError("empty")
    raise _headless(looked, source, arrived)


def _stands(grid: Grid, found: Table, source: Source, name: str) -> Place | None:
    """Where a table says that its delivery stands: by the first of its names that tells, and by its title."""
    told = (source.place(each, found.told) for each in grid.names(name))
    return next((each for each in told if each is not None), None)


def _demand_said(grid: Grid, found: Table, source: Source, name: str) -> None:
    """Each file says whose it is, where its source demands that: in an archive one may be another agency's."""
    if not source.said([*grid.names(name), grid.sheet, found.above]):
        says = "，".join(source.says)
        raise DeliveryError("unrecognised", nearest=source.name, says=says, member=grid.file or "")


def _demand_same_place(grid: Grid, found: Table, delivery: Delivery) -> None:
    """The files of an archive are one delivery, which has one place: that of the first table of each of them."""
    place = _stands(grid, found, delivery.source, delivery.name)
    if place is None:
        raise DeliveryError("place.unknown")
    if replace(place, dated=delivery.place.dated) != delivery.place:
        raise DeliveryError(
            "place.unknown", member=grid.file or "", place=place.label, other=delivery.place.label
        )


def _headless(grids: list[Grid], source: Source, on: date) -> DeliveryError:
    """Which header is missing from the sheet that comes nearest to the promise."""
    layouts = [layout for grid in grids if (layout := located(grid, source, on))]
    nothing = Layout(0, 1, (), {}, header.promised(source))
    return header.missing(max(layouts, key=lambda each: each.score, default=nothing), source, None)


def _raws(grids: Iterable[Grid], delivery: Delivery, accounts: list[HeaderAccount]) -> Iterator[Raw]:
    tables: dict[Key, Table | None] = {}
    headless: dict[Key, frozenset[int]] = {}
    for grid, first, other in tabled(grids, delivery, tables):
        raw = batch(grid, tables[grid.table], delivery, first)
        before = headless.get(grid.table, frozenset())
        headless[grid.table] = before | raw.headless
        if other or not raw.headless <= before:
            known = ((each, headless[key]) for key, each in tables.items() if each)
            accounts[:] = [_account(each, delivery.source, bare) for each, bare in known]
        yield raw


def tabled(
    grids: Iterable[Grid], delivery: Delivery, tables: dict[Key, Table | None]
) -> Iterator[tuple[Grid, bool, bool]]:
    """Each grid, whether it is the first of its table, and whether its table is another than before.

    The table stands in `tables` by then, None where it is none.
    """
    for grid in grids:
        sheet = grid.table
        first = sheet not in tables
        known = tables.get(sheet)
        other = first or (known is not None and known.widened(grid))
        if other:
            found = table(grid, delivery.source, delivery.name, delivery.dated)
            if found and not any(each and file == sheet[0] for (file, _), each in tables.items()):
                _demand_said(grid, found, delivery.source, delivery.name)
                _demand_same_place(grid, found, delivery)
            tables[sheet] = known.extended(found) if known and found else found
        if tables[sheet] is None and grid.visible:
            stray.demand_none(grid, first, delivery.source, delivery.others, delivery.name, delivery.dated)
        yield grid, first, other


def _account(of: Table, source: Source, headless: Iterable[int]) -> HeaderAccount:
    return HeaderAccount(of.file, of.sheet, **header.account(of.layout, source, headless))


def _later(
    grids: Iterable[Grid], of: Table, delivery: Delivery, accounts: list[HeaderAccount]
) -> Iterator[Raw]:
    """Rows under a header that was found elsewhere; where all of them are shorter, the columns that they lack are empty."""
    headless: frozenset[int] = frozenset()
    for grid in grids:
        lacking = [name for name in of.columns if name not in grid.rows.columns]
        rows = grid.rows.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking)
        raw = batch(replace(grid, rows=rows), of, delivery, first=False)
        headless |= raw.headless
        accounts[:] = [_account(of, delivery.source, headless)]
        yield raw


def batch(grid: Grid, of: Table | None, delivery: Delivery, first: bool) -> Raw:
    """The rows of a grid by their kind, those of the table `of` read; `first`: the grid is the first one of its sheet."""
    if of is None:
        other = pl.lit("other_sheet" if grid.visible else "hidden_sheet")
        told: dict[str, pl.Expr | pl.Series] = {_KIND: other, FAULT: pl.lit(None, pl.String)}
    else:
        told = {_KIND: kind(grid.rows, of, first), FAULT: fault(of)}
    place = {"file": pl.lit(grid.path(delivery.name)), "sheet": pl.lit(grid.sheet, pl.String)}
    return _assemble(grid.rows.with_columns(**place, **told), of, delivery)


def _assemble(rows: pl.DataFrame, of: Table | None, delivery: Delivery) -> Raw:
    record, sound = pl.col(_KIND).is_null(), pl.col(FAULT).is_null()
    good, faulty = rows.filter(record & sound), rows.filter(record & ~sound)
    texts = of.layout.texts if of else ()
    return Raw(
        frame=_frame(good, of, delivery),
        rows=good,
        shown=_shown(of, delivery.source),
        fields=of.layout.fields if of else {},
        texts=texts,
        skips=rows.filter(~record).select(*PLACE, kind=_KIND).cast(SKIPS),
        issues=pl.concat([faults(faulty, texts), cuts(good, texts)]),
        refused=refused(faulty, texts, delivery.source),
        read=len(rows),
        headless=_unheaded(good, of) if of else frozenset(),
    )


def _unheaded(rows: pl.DataFrame, of: Table) -> frozenset[int]:
    texts = dict(enumerate(of.layout.texts))
    bare = [name for name in names(rows) if not texts.get(int(name[1:]))]
    spoken = rows.select(pl.col(bare).str.contains(r"\S").any()).row(0) if bare else ()
    return frozenset(int(name[1:]) for name, is_spoken in zip(bare, spoken, strict=True) if is_spoken)


def _frame(rows: pl.DataFrame, of: Table | None, delivery: Delivery) -> pl.DataFrame:
    contract = delivery.source.contract
    base = rows.select(*PLACE, pl.lit(delivery.dated).alias(DATED))
    cells = {field: distinct.of(_cell(rows, field, of)).select(clean(field)) for field in _single(contract)}
    for field in families(contract):
        cells |= _several(rows, field, of)
    parts = read({name: Distinct(base.select(name)) for name in base.columns} | cells, readings(contract))
    return pl.concat([base, *(each.rows() for each in (cells | parts).values())], how="horizontal")


def _cell(rows: pl.DataFrame, field: str, of: Table | None) -> pl.Series:
    """A field's text as it is written: its column, or what is told once for the whole table."""
    at, facts = (of.layout.fields, of.facts) if of else ({}, {})
    if field in at:
        return rows[f"c{at[field]}"].alias(field)
    return pl.repeat(facts.get(field), len(rows), dtype=pl.String, eager=True).alias(field)


def _single(contract: type[RawContract]) -> list[str]:
    several = families(contract)
    return [field for field in origins(contract) if field not in several]


def _several(rows: pl.DataFrame, field: str, of: Table | None) -> dict[str, Distinct]:
    """A field that stands in several columns: each cell, all of them joined, and their headers."""
    at = _members(field, of)
    cells = {
        name: distinct.of(rows[f"c{place}"].alias(name)).select(clean(name)) for name, place in at.items()
    }
    joined = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    if cells:
        written = pl.concat([each.rows() for each in cells.values()], how="horizontal").fill_null("")
        joined = written.select(pl.concat_str(written.columns, separator=JOINT)).to_series()
    texts = JOINT.join(of.layout.texts[place] or "" for place in at.values()) if of else ""
    headers = pl.repeat(texts, len(rows), dtype=pl.String, eager=True).alias(f"{field}:headers")
    return {**cells, field: distinct.of(joined.alias(field)), f"{field}:headers": distinct.of(headers)}


def _members(field: str, of: Table | None) -> dict[str, int]:
    """The columns of a field that stands in several, from left to right."""
    found = of.layout.fields if of else {}
    return {name: at for name, at in found.items() if name.startswith(f"{field}[")}


def _shown(of: Table | None, source: Source) -> dict[str, str | None]:
    at, texts = (of.layout.fields, of.layout.texts) if of else ({}, ())
    declared = origins(source.contract).items()
    members = {
        name: texts[place]
        for field in families(source.contract)
        for name, place in _members(field, of).items()
    }
    return {field: texts[at[field]] if field in at else origin.shown for field, origin in declared} | members
