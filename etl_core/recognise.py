"""Which source a file belongs to: by the headers of its tables first, by its name second. Exactly one may claim it.

A form that several agencies use (source.says) is claimed only where the file names the agency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, groupby

import polars as pl

from etl_core import header
from etl_core.errors import DeliveryError
from etl_core.header import SEARCHED, Layout
from etl_core.records import Grid
from etl_core.source import Source
from etl_core.table import head, located

# So many headers of one source in one row are not there by chance; 姓名, 单位 and 学时 stand in most forms.
MANY = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """How well one source fits a file: promised headers found and missing (in the file's best sheet), the name, and whether
    the file says whose it is, where its source demands that."""

    source: Source
    found: int
    missing: tuple[str, ...]
    named: bool
    said: bool = True

    @property
    def whole(self) -> bool:
        """Every promised header is there, and nothing else is lacking."""
        return self.found > 0 and not self.missing and self.said

    @property
    def plausible(self) -> bool:
        """At least half of the promised headers are there."""
        return self.found > 0 and self.found >= len(self.missing)

    @property
    def near(self) -> bool:
        """One of many promised headers is missing: few enough that it was renamed or forgotten, and many enough to be no chance."""
        return self.said and len(self.missing) == 1 and self.found >= MANY

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """Order in which claims are believed."""
        share = self.found / max(1, self.found + len(self.missing))
        return self.whole, self.named and self.plausible, self.named, share

    @property
    def lacking(self) -> dict[str, str]:
        """What a file lacks to be this source's, for the message."""
        told = {"nearest": self.source.name, "missing": ", ".join(self.missing[:8]) or "—"}
        return told if self.said else told | {"says": "，".join(self.source.says)}


def survey(
    grids: Iterable[Grid], name: str, sources: Sequence[Source], on: date
) -> tuple[tuple[Claim, ...], Iterator[Grid]]:
    """Every source's claim on a file, best first, and the file's grids with the ones looked at put back.

    Looking stops at the first sheet whose whole header some source knows; of a sheet only its first batch is looked at,
    which is never smaller than the part in which a header is searched.
    """
    coming = gathered(grids)
    looked: list[Grid] = []
    sheets: set[tuple[str | None, str | None]] = set()
    best = {source.name: _claim(None, source, name, on) for source in sources}
    for grid in coming:
        looked.append(grid)
        if (grid.file, grid.sheet) in sheets:
            break
        sheets.add((grid.file, grid.sheet))
        for source in sources:
            best[source.name] = max(
                best[source.name], _claim(grid, source, name, on), key=lambda each: each.rank
            )
        if any(claim.whole for claim in best.values()):
            break
    ordered = sorted(best.values(), key=lambda each: each.rank, reverse=True)
    return tuple(ordered), chain(looked, coming)


def gathered(grids: Iterable[Grid]) -> Iterator[Grid]:
    """The same rows, with all that a header is searched in standing in the first grid of each sheet, however small the batches."""
    for _, of_sheet in groupby(grids, key=lambda grid: (grid.file, grid.sheet)):
        yield from _gathered(of_sheet)


def _gathered(of_sheet: Iterator[Grid]) -> Iterator[Grid]:
    first = next(of_sheet)
    while len(first.rows) <= SEARCHED and (more := next(of_sheet, None)):
        rows = pl.concat([first.rows, more.rows], how="diagonal")
        first = replace(first, rows=rows, headers=more.headers)
    yield first
    yield from of_sheet


def _claim(grid: Grid | None, source: Source, name: str, on: date) -> Claim:
    layout = located(grid, source, on) if grid is not None else None
    absent = layout.absent if layout else header.promised(source)
    missing = tuple(header.promise(source, field) for field in absent)
    names = grid.names(name) if grid is not None else (name,)
    said = source.said([*names, *(_around(grid, layout) if grid is not None else ())])
    return Claim(source, len(layout.fields) if layout else 0, missing, any(map(source.named, names)), said)


def _around(grid: Grid, layout: Layout | None) -> list[str | None]:
    """What a sheet says beside its table: its name, and the lines above the header."""
    above = head(grid)[: layout.top] if layout else []
    return [grid.sheet, *(cell for row in above for cell in row)]


def decide(claims: Sequence[Claim]) -> Source:
    """The one source that the file belongs to.

    Whole headers decide; among several, the file's name, then that it names an agency that demands it. Without a whole header,
    the one source of its name (with half the headers, or at all) or of all its headers but one, so that a missing column can be
    named. Raises DeliveryError ambiguous (several whole headers, and nothing decides) or unrecognised.
    """
    whole = [claim for claim in claims if claim.whole]
    chosen = [one for one in whole if one.named] or [one for one in whole if one.source.says] or whole
    if len(chosen) > 1:
        raise DeliveryError("ambiguous", sources=", ".join(sorted(one.source.name for one in chosen)))
    stages = (
        chosen,
        [claim for claim in claims if claim.named and claim.plausible],
        [claim for claim in claims if claim.named],
        [claim for claim in claims if claim.near],
    )
    for candidates in stages:
        if len(candidates) == 1:
            return candidates[0].source
    nearest = claims[0] if claims and claims[0].found else None
    raise DeliveryError("unrecognised", **(nearest.lacking if nearest else {"nearest": "—", "missing": "—"}))


def by_name(names: Sequence[str], sources: Sequence[Source]) -> Source | None:
    """The one source whose file names look like the first of these that any source knows, for a file that cannot be opened."""
    known = ([source for source in sources if source.named(name)] for name in names)
    named = next(filter(None, known), [])
    return named[0] if len(named) == 1 else None
