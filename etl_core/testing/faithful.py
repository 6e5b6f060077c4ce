"""What must become of every row, record, header and delivery of the samples, as the golden files say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl

from etl_core.recognise import decide, survey
from etl_core.records import CARRIED
from etl_core.testing.bench import KEYS, installed
from etl_core.testing.case import Case
from etl_core.testing.differing import differences
from etl_core.testing.folders import inside
from etl_core.testing.sheets import read_sheets
from etl_schemas import reasons
from etl_schemas.training import FIELDS

COUNTS = ("rows_read", "rows_loaded", "rows_quarantined", "rows_skipped", "records")

# expected_delivery.csv calls a delivery that was loaded «ok».
RESULT = pl.col("result").replace({"loaded": "ok"})


class Faithfulness(Case):
    """The samples become exactly what the golden files say: no tolerance but the proven errata."""

    def test_the_golden_files_speak_of_every_sample_and_of_no_other(self) -> None:
        """A sample without a golden line proves nothing, a line without a sample is never tried."""
        assert sorted(self.golden().deliveries["file"]) == [sample.name for sample in self.samples()]

    def test_every_sample_is_claimed_by_this_source_alone(self, sample: Path) -> None:
        """Exactly one of all installed sources knows its whole header; its name does not look like another's.

        Of several, only one is named in the sample, whatever the file is called (Source.says).
        """
        sources = [loaded.source for loaded in installed().sources]
        claims, _ = survey(iter(read_sheets(sample)), sample.name, sources, self.arrived)
        assert decide([replace(claim, named=False) for claim in claims if claim.whole]).name == self.source
        assert [source.name for source in sources if source.named(sample.name)] == [self.source]

    def test_every_row_has_the_outcome_that_the_golden_file_says(self, sample: Path) -> None:
        """loaded, quarantined with these reasons, or skipped for this cause; each row once (contract §1, §3)."""
        wanted = self.golden().rows.filter(inside(sample.name))
        got = self.loaded().outcomes(self._number(sample)).filter(inside(sample.name))
        assert not (wrong := differences(got, wanted)), wrong

    def test_every_record_is_the_golden_one(self, sample: Path) -> None:
        """Every field of every record that reached the warehouse; identity numbers by their pseudonyms (contract §2, §5)."""
        wanted = self.golden().records.filter(inside(sample.name))
        keyed = wanted.with_columns(KEYS.person_keys(wanted["id_number"]).alias("person_key")).drop(
            "id_number"
        )
        assert not (wrong := differences(self.loaded().records(self._number(sample)), keyed)), wrong

    def test_every_delivery_stands_where_the_golden_file_says(self) -> None:
        """Slot, effective order, reporter, result and books of every delivery (contract §4, ruling 75)."""
        ledger = (
            self.loaded().deliveries(self.source).rename({"label": "effective_order"}).with_columns(RESULT)
        )
        empty = pl.col(pl.String).replace("", None)
        wanted = self.golden().deliveries
        assert not (wrong := differences(ledger.with_columns(empty), wanted.with_columns(empty))), wrong

    def test_the_books_of_every_delivery_balance(self) -> None:
        """rows_read = loaded + quarantined + skipped, and the ledger's counts are those of the rows (contract §1)."""
        for line in self.loaded().deliveries(self.source).iter_rows(named=True):
            rows = self.loaded().outcomes(line["delivery_id"])
            counted = [rows.filter(outcome=kind).height for kind in ("loaded", "quarantined", "skipped")]
            told = [line[name] for name in COUNTS]
            assert told == [sum(counted), *counted, rows["n_records"].sum()], line["file"]

    def test_every_header_is_mapped_ignored_or_dropped(self, sample: Path) -> None:
        """Each header of each table has exactly one fate, and none of the samples' is unknown."""
        accounts = self.told(sample).accounts
        assert accounts
        for account in accounts:
            kept = (*account.mapped, *account.ignored, *account.dropped)
            assert account.unknown == (), account.sheet
            assert len(set(kept)) == len(kept), account.sheet

    def test_an_erratum_is_proven_by_two_rows_that_are_identical_in_all_canonical_values(self) -> None:
        """Where golden files call the first of two identical rows the repeat, the order alone decides otherwise (ruling 10)."""
        for erratum in self.golden().errata.iter_rows(named=True):
            records = self.told(self.folder / "samples" / erratum["file"]).frame("records")
            here = records.filter(pl.col("sheet").eq_missing(pl.lit(erratum["sheet"])))
            first, second = (
                here.filter(row=int(erratum[name])).select(*FIELDS, *CARRIED) for name in ("row", "twin")
            )
            assert int(erratum["row"]) < int(erratum["twin"])
            assert first.height > 0
            assert first.equals(second), json.dumps(erratum, ensure_ascii=False)

    def test_a_warning_is_omitted_by_the_golden_file_for_a_loaded_row_and_a_known_code_alone(self) -> None:
        """A refused or skipped row shows no warning (ruling 9); that each one is due, the plugin's own test must prove."""
        golden = self.golden()
        loaded = golden.stated.filter(outcome="loaded").select("file", "sheet", "row")
        places = golden.omitted.select("file", "sheet", "row")
        assert places.join(loaded, on=places.columns, how="anti", nulls_equal=True).is_empty()
        assert not places.is_duplicated().any()
        codes = golden.omitted["warnings"].str.split(";").explode().str.split("@").list.first().unique()
        assert {reasons.severity(code) for code in codes} <= {reasons.Severity.WARNING}

    @classmethod
    def _number(cls, sample: Path) -> int:
        """The number under which the ledger keeps a sample."""
        return int(cls.loaded().deliveries(cls.source).filter(file=sample.name)["delivery_id"].item())
