from __future__ import annotations

import polars as pl

from etl_core.readers.batches import FIXED, names, settled


def frame(first: int, *cells: str | None, width: int = 2, fault: str | None = None) -> pl.DataFrame:
    """Rows of `width` cells, the first of which are given."""
    places = pl.DataFrame({"row": range(first, first + len(cells))}).with_columns(
        pl.lit(None, FIXED[name]).alias(name) for name in ("width", "fault", "fault_at")
    )
    filled = places.with_columns(
        pl.lit(fault, pl.String()).alias("fault"), pl.Series("c0", cells, pl.String())
    )
    return filled.with_columns(pl.lit(None, pl.String()).alias(name) for name in names(width)[1:])


def test_trailing_empty_rows_vanish_and_inner_ones_stay():
    parts = list(
        settled([frame(1, "a", None), frame(3, None), frame(4, None, "b", None), frame(7, None)], 10)
    )
    assert [part.get_column("row").to_list() for part in parts] == [[1], [2], [3], [4, 5]]


def test_a_faulty_row_without_a_cell_is_not_empty():
    assert sum(part.height for part in settled([frame(1, None, fault="row.malformed")], 10)) == 1


def test_no_part_is_longer_than_a_batch_or_narrower_than_the_one_before():
    parts = list(settled([frame(1, "a", "b", "c", width=3), frame(4, None), frame(5, "d", width=1)], 2))
    assert [part.height for part in parts] == [2, 1, 1, 1]
    assert {part.width for part in parts} == {7}


def test_only_empty_rows_give_nothing():
    assert list(settled([frame(1, None, None)], 10)) == []
