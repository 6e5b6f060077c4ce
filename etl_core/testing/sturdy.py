"""What must not matter, and what must be said, when a sample comes in another shape than usual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from etl_core.records import ISSUES, PLACE, SKIPS
from etl_core.testing import sheets
from etl_core.testing.balanced import spoken
from etl_core.testing.bench import Told, bench
from etl_core.testing.changes import emptied, filled, shortened
from etl_core.testing.folders import compressed, cut, files
from etl_core.testing.golden import golden
from etl_core.testing.shaped import Shaped
from etl_schemas import reasons

# More than the part in which a header is searched, so that small batches do not all end in one.
ROWS = 60

RESIDENT = re.compile(r"\d{17}[\dXx]|\d{15}")


def same(told: Told, other: Told, files: bool = True) -> bool:
    """Whether two readings gave the same frames, in whatever batches; files: under the same paths."""
    lacking = () if files else ("file",)
    frames = {"records": PLACE, "keys": PLACE, "issues": ISSUES, "skips": SKIPS, "refused": PLACE}
    return told.read == other.read and all(
        told.frame(name)
        .sort(list(order), maintain_order=True)
        .drop(lacking, strict=False)
        .equals(other.frame(name).sort(list(order), maintain_order=True).drop(lacking, strict=False))
        for name, order in frames.items()
    )


class Sturdiness(Shaped):
    """Shape, batches and faults of a file never change a value, never vanish, never say whose row it is."""

    def test_reading_twice_gives_the_same_answer(self, sample: Path) -> None:
        """No clock, no chance, no memory of the last file."""
        assert same(self.told(sample), bench().afresh(self.job(sample)))

    def test_batches_of_any_size_give_the_same_answer(self, sample: Path, tmp_path: Path) -> None:
        """A row's outcome depends on that row alone; what depends on others is decided in the warehouse."""
        first = next(sheet for sheet in self.sheets(sample) if sheet.of)
        few = lambda sheet: (filled(ROWS) if sheet is first else shortened(3))(sheet)  # noqa: E731
        short = self.changed(sample, few, tmp_path / "short")
        whole = self.told(short)
        assert whole.failed is None
        for batch in (1, 7):
            assert same(whole, self.told(short, batch)), batch

    def test_a_sample_that_is_packed_gives_the_same_answer(self, sample: Path, tmp_path: Path) -> None:
        """A zip or gzip around a file changes the path that is shown, and nothing else; its own name is what counts."""
        told = self.told(sample)
        for file in compressed(sample, tmp_path):
            again = self.told(file)
            assert again.claimed == told.claimed, file.name
            assert same(told, again, files=False), file.name

    def test_a_head_without_records_is_an_empty_delivery(self, sample: Path, tmp_path: Path) -> None:
        """A delivery that holds nothing fails as such: for a snapshot it must not withdraw everybody (rulings 16, 73)."""
        failed = self.told(self.changed(sample, emptied, tmp_path / "emptied")).failed
        assert failed is not None
        assert (failed.code, failed.source) == ("empty", self.source)

    def test_a_truncated_file_fails_as_a_whole_or_loses_its_end_only(
        self, sample: Path, tmp_path: Path
    ) -> None:
        """A cut container is a delivery error, a cut text keeps its good records (ruling 17); nothing else may happen."""
        for told in self._truncated(sample, tmp_path):
            if told.failed is not None:
                assert reasons.severity(told.failed.code) == "delivery"
                assert told.failed.code not in ("plugin.failed", "memory", "crashed")
            else:
                last = max(told.frame(name)["row"].max() or 0 for name in ("records", "refused", "skips"))
                before = pl.col("row") < last
                whole = self.told(sample).frame("records")
                assert told.frame("records").filter(before).equals(whole.filter(before))

    def test_no_identity_number_stands_outside_the_frames_that_hold_cells(
        self, sample: Path, tmp_path: Path
    ) -> None:
        """A reason, an account of headers or an error says where, never who (contract §5)."""
        cells = "\n".join(
            cell for grid in sheets.read_sheets(sample, self.declared().read)
            for line in grid.rows.select(pl.col(pl.String)).iter_rows() for cell in line if cell
        )  # fmt: skip
        known = golden(self.folder / "golden").records["id_number"].drop_nulls()
        numbers = {*RESIDENT.findall(cells), *known}
        for told in (self.told(sample), *self._truncated(sample, tmp_path)):
            said = spoken(told)
            assert not any(number in said for number in numbers)

    def _truncated(self, sample: Path, folder: Path) -> Iterator[Told]:
        whole = sum(file.stat().st_size for file in files(sample))
        for number, size in enumerate((whole // 3, whole * 2 // 3, whole - 5)):
            path = folder / f"cut{number}" / sample.name
            path.parent.mkdir()
            yield self.told(cut(sample, path, size))
