"""Finding the header of a table that no contract describes: the row, or the two rows, that the dictionary knows most of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial

from etl_core.header import SEARCHED, Cells, Layout, flatten, normal, shown
from etl_core.records import Grid
from etl_core.specimen.fates import last, match
from etl_core.table import head

# A header of fewer columns is none.
NARROWEST = 2

# A longer text is no header.
LONGEST = 60


def layout(grid: Grid, said: Collection[str] = ()) -> Layout | None:
    """The header of a sheet; None where no row looks like one. said: headers that a person has named."""
    if grid.headers is not None:
        return Layout(0, 1, grid.headers, {}, ())
    rows = head(grid)
    score = partial(_score, said={normal(header) for header in said})
    best = max(_candidates(rows[: SEARCHED + 1]), key=score, default=None)
    return best if best and score(best) > (0, 0, 0) else None


def _candidates(rows: Sequence[Cells]) -> Iterator[Layout]:
    for top, row in enumerate(rows[:SEARCHED]):
        if sum(1 for text in row if text) < NARROWEST:
            continue
        below = rows[top + 1] if top + 1 < len(rows) else ()
        if _two(row, below):
            yield Layout(top, 2, tuple(flatten(row, below)), {}, ())
        else:
            yield Layout(top, 1, tuple(shown(text) if text else None for text in row), {}, ())


def _two(upper: Cells, lower: Cells) -> bool:
    """Whether two rows are one header: what stands below fills gaps of the upper row and the cell before them, and a column
    at least has nothing below, as «姓名» merged over both rows.
    """
    filled = [at for at, text in enumerate(lower) if text]
    gaps = [at for at in filled if at >= len(upper) or not upper[at]]
    alone = any(text and (at >= len(lower) or not lower[at]) for at, text in enumerate(upper))
    told = any(text and re.search("[:：]", text) for text in upper)  # «填表单位：…» stands above a header
    if (
        not gaps
        or not alone
        or told
        or any(str(lower[at]).strip().replace(".", "").isdigit() for at in filled)
    ):
        return False
    return all(at in gaps or at + 1 in gaps for at in filled)


def _score(found: Layout, said: Collection[str] = ()) -> tuple[int, int, int]:
    """More fields known first, as a person's or the dictionary's, then more columns, then the upper one; nothing without two fields, or one and a full row."""
    texts = [text for text in found.texts if text]
    known = {
        met.field
        for text in texts
        if len(text) < LONGEST and (met := match(text) or match(text.partition("/")[0]))
    }
    known |= {text for text in texts if normal(last(text)) in said or normal(text) in said}
    if len(known) < NARROWEST:
        return (0, 0, 0)
    return len(known), len(texts), -found.top


def alike(found: Layout, best: Layout) -> bool:
    """Whether a sheet holds a table of the same form: at least half of the best one's headers (table of codes do not)."""
    return lacking(found, best) * 2 <= len(_headers(best))


def lacking(found: Layout, best: Layout) -> int:
    """How many of the best one's headers a sheet does not have."""
    return len(_headers(best) - _headers(found))


def _headers(of: Layout) -> set[str]:
    return {normal(text) for text in of.texts if text}


def best(layouts: Iterable[Layout | None], said: Collection[str] = ()) -> Layout | None:
    """The header that a person and the dictionary know most of."""
    score = partial(_score, said={normal(header) for header in said})
    return max(filter(None, layouts), key=score, default=None)
