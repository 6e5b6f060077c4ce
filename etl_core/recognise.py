"""Which source a file belongs to: by the headers of its tables first, by its name second. Exactly one may claim it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, groupby

import polars as pl

from etl_core import header
from etl_core.errors import DeliveryError
from etl_core.header import SEARCHED
from etl_core.records import Grid
from etl_core.source import Source
from etl_core.table import located


@dataclass(frozen=True, slots=True)
class Claim:
    """How well one source fits a file: promised headers found and missing (in the file's best sheet), and the name."""

    source: Source
    found: int
    missing: tuple[str, ...]
    named: bool

    @property
    def whole(self) -> bool:
        """Every promised header is there."""
        return self.found > 0 and not self.missing

    @property
    def plausible(self) -> bool:
        """At least half of the promised headers are there."""
        return self.found > 0 and self.found >= len(self.missing)

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """Order in which claims are believed."""
        share = self.found / max(1, self.found + len(self.missing))
        return self.whole, self.named and self.plausible, self.named, share


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
    return Claim(source, len(layout.fields) if layout else 0, missing, any(map(source.named, names)))


def decide(claims: Sequence[Claim]) -> Source:
    """The one source that the file belongs to.

    Whole headers decide; among several, the file's name; without a whole header, name and half the headers, then the name
    alone, then half the headers alone (so that a missing column can be named). Raises DeliveryError ambiguous or unrecognised.
    """
    stages = (
        [claim for claim in claims if claim.whole],
        [claim for claim in claims if claim.named and claim.plausible],
        [claim for claim in claims if claim.named],
        [claim for claim in claims if claim.plausible],
    )
    for candidates in stages:
        chosen = [claim for claim in candidates if claim.named] or candidates
        if len(chosen) == 1:
            return chosen[0].source
        if chosen:
            raise DeliveryError("ambiguous", sources=", ".join(sorted(claim.source.name for claim in chosen)))
    nearest = claims[0] if claims and claims[0].found else None
    raise DeliveryError(
        "unrecognised",
        nearest=nearest.source.name if nearest else "—",
        missing=", ".join(nearest.missing[:8]) if nearest else "—",
    )


def by_name(names: Sequence[str], sources: Sequence[Source]) -> Source | None:
    """The one source whose file names look like the first of these that any source knows, for a file that cannot be opened."""
    known = ([source for source in sources if source.named(name)] for name in names)
    named = next(filter(None, known), [])
    return named[0] if len(named) == 1 else None
