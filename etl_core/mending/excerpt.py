"""Rows that wait, in their agency's own layout, as the agency may see them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from etl_core.extract import Key
from etl_core.masking import masked, shown
from etl_core.mending.lexicon import words
from etl_core.mending.original import kept, numbers
from etl_core.mending.versions import Versions
from etl_core.records import Excerpt, Heading
from etl_core.source import Source
from etl_core.table import Table


def excerpts(known: Versions, source: Source, wanted: Sequence[str]) -> Iterator[Excerpt]:
    """The wanted rows, table by table in the order of the delivery, as they stand after all mendings."""
    rows = known.original.rows
    for key, of in known.original.tables.items():
        mine = [label for label in wanted if label in rows and rows[label].key == key]
        if mine:
            yield _excerpt(known, key, of, source, mine)


def _excerpt(known: Versions, key: Key, of: Table, source: Source, labels: list[str]) -> Excerpt:
    cells = {label: _cells(known, label, of, source) for label in labels}
    broken = [len(each) for label, each in cells.items() if known.original.rows[label].malformed]
    columns = _columns(of, source, max(broken, default=0))
    identities = numbers(of, source)
    at = [column.at for column in columns]
    head = [_shown(row, at, frozenset()) for row in known.original.heads[key]]
    below = [(label, *_shown(row, at, identities)) for label, row in cells.items()]
    schema = dict.fromkeys((f"c{each}" for each in at), pl.String)
    return Excerpt(
        key[1] or "",
        columns,
        len(of.repeats) or 1,
        pl.DataFrame(head, schema=schema, orient="row"),
        pl.DataFrame(below, schema={"place": pl.String, **schema}, orient="row"),
    )


def _cells(known: Versions, label: str, of: Table, source: Source) -> tuple[str | None, ...]:
    """A row's cells; none of a malformed one where columns may not be kept, for nobody knows which cell is theirs."""
    row = known.original.rows[label]
    if row.malformed and source.dropped:
        return ()
    cells = known.latest(label)
    return cells if row.malformed else cells[: len(of.layout.texts)]


def _columns(of: Table, source: Source, width: int) -> tuple[Heading, ...]:
    """The headed columns, then those in which a malformed row of this width has something beside them."""
    identities = numbers(of, source)
    fields = {at: field for field, at in of.layout.fields.items()}
    headed = kept(of, source)
    told = [
        Heading(at, of.layout.texts[at], at in identities, words(source, fields.get(at)))
        for at in sorted(headed)
    ]
    texts = of.layout.texts
    bare = [at for at in range(width) if at >= len(texts) or texts[at] is None]
    return (*told, *(Heading(at, None) for at in bare))


def _shown(cells: Sequence[str | None], at: list[int], identities: frozenset[int]) -> tuple[str | None, ...]:
    whole = (cells[each] if each < len(cells) else None for each in at)
    return tuple(
        text and (shown(text, each in identities) if each in identities else masked(text))
        for each, text in zip(at, whole, strict=True)
    )
