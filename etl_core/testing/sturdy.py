"""What must not matter, and what must be said, when a sample comes in another shape than usual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from etl_core.header import promised
from etl_core.records import ISSUES, PLACE, SKIPS
from etl_core.testing import sheets
from etl_core.testing.bench import Told, bench
from etl_core.testing.case import Case
from etl_core.testing.folders import compressed, cut, files
from etl_core.testing.golden import golden
from etl_core.testing.sheets import STRANGE, Change, Sheet, emptied, renamed, reordered, shortened, widened
from etl_schemas import reasons

# Rows that are refused as rows have no certain columns: a changed file cannot hold them.
BROKEN = ("row.malformed", "text.undecodable")

# What only the sample's own container can tell of a cell; the changed file may be another.
TOLD = ("text.cut",)

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


def spoken(told: Told) -> str:
    """Everything that was said outside the frames that hold cells."""
    failed = told.failed
    reasons_ = told.frame("issues").select("sheet", "code", "column").rows() if failed is None else ()
    return repr((told.claimed, told.accounts, failed, reasons_))


class Sturdiness(Case):
    """Shape, batches and faults of a file never change a value, never vanish, never say whose row it is."""

    def test_reading_twice_gives_the_same_answer(self, sample: Path) -> None:
        """No clock, no chance, no memory of the last file."""
        assert same(self.told(sample), bench().afresh(self.job(sample)))

    def test_batches_of_any_size_give_the_same_answer(self, sample: Path, tmp_path: Path) -> None:
        """A row's outcome depends on that row alone; what depends on others is decided in the warehouse."""
        short = self._changed(sample, shortened(ROWS), tmp_path / "short")
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

    def test_columns_in_another_order_give_the_same_records(self, sample: Path, tmp_path: Path) -> None:
        """Nothing is read by its position."""
        self._assert_alike(sample, self.told(self._changed(sample, reordered, tmp_path / "reordered")))

    def test_an_added_column_is_named_and_changes_nothing(self, sample: Path, tmp_path: Path) -> None:
        """An unknown header is reported in the account of the headers, never guessed at."""
        told = self.told(self._changed(sample, widened, tmp_path / "widened"))
        assert [account.unknown for account in told.accounts] == [(STRANGE,)] * len(told.accounts)
        self._assert_alike(sample, told)

    def test_a_renamed_column_is_missed_and_the_nearest_header_named(self, tmp_path: Path) -> None:
        """schema.missing_column says which header is promised and which one may be meant (contract §3).

        Of a field that stands in several columns none is missed while another is left; the account says that one is unknown.
        """
        sample = self.samples()[0]
        parts = [shortened(ROWS)(sheet) if sheet.of else sheet for sheet in self._sheets(sample)]
        of = next(sheet.of for sheet in parts if sheet.of)
        for field, at in of.layout.fields.items():
            if field in promised(self.declared()) and not field.endswith("]"):
                file = sheets.write(parts, renamed(field), tmp_path / field, sample.name, self._delimiter())
                failed = self.told(file).failed
                assert failed is not None, field
                assert (failed.code, failed.source) == ("schema.missing_column", self.source), field
                nearest = str(failed.detail["nearest"])
                assert nearest.replace(sheets.NEW, "") == of.layout.texts[at], field

    def test_a_head_without_records_is_an_empty_delivery(self, sample: Path, tmp_path: Path) -> None:
        """A delivery that holds nothing fails as such: for a snapshot it must not withdraw everybody (rulings 16, 73)."""
        failed = self.told(self._changed(sample, emptied, tmp_path / "emptied")).failed
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

    def _assert_alike(self, sample: Path, changed: Told) -> None:
        """The same records and reasons as the sample's, but for the rows' numbers and the rows refused as rows."""
        told = self.told(sample)
        assert changed.failed is None
        records = told.frame("records").drop("row")
        assert changed.frame("records").drop("row").equals(records)
        reason = ["sheet", "code", "column", "severity"]
        wanted = (
            told.frame("issues").filter(~pl.col("code").is_in([*BROKEN, *TOLD])).select(reason).sort(reason)
        )
        assert changed.frame("issues").select(reason).sort(reason).equals(wanted)

    def _changed(self, sample: Path, change: Change, folder: Path) -> Path:
        return sheets.write(self._sheets(sample), change, folder, sample.name, self._delimiter())

    def _sheets(self, sample: Path) -> list[Sheet]:
        """The sample with its records and the rows that were refused for what stands in them."""
        told = self.told(sample)
        broken = told.frame("issues").filter(pl.col("code").is_in(BROKEN)).select(*PLACE)
        refused = (
            told.frame("refused").select(*PLACE).join(broken, on=list(PLACE), how="anti", nulls_equal=True)
        )
        judged = pl.concat([told.frame("records").select(*PLACE), refused]).select(*PLACE).unique()
        claimed = told.claimed
        assert claimed is not None
        return sheets.taken(sample, self.declared(), claimed.place.dated or self.arrived, set(judged.rows()))

    def _truncated(self, sample: Path, folder: Path) -> Iterator[Told]:
        whole = sum(file.stat().st_size for file in files(sample))
        for number, size in enumerate((whole // 3, whole * 2 // 3, whole - 5)):
            path = folder / f"cut{number}" / sample.name
            path.parent.mkdir()
            yield self.told(cut(sample, path, size))

    def _delimiter(self) -> str:
        return self.declared().read.delimiter
