"""What the warehouse holds when the samples are in it: the same whatever came first, and how often."""

from __future__ import annotations

import random
from itertools import permutations
from pathlib import Path

import polars as pl

from etl_core.testing.bench import load, warehouse
from etl_core.testing.case import Case
from etl_core.testing.differing import differences
from etl_core.testing.folders import copied
from etl_core.warehouse import Warehouse

# All orders of so many files are tried (24 orders); of more files, as many orders by lot.
ALL = 4

# What a record is called inside one warehouse depends on who came first; nothing else may.
NUMBERS = ("record_id", "delivery_id")


def orders(samples: list[Path]) -> list[tuple[Path, ...]]:
    """All orders of arrival, or a sample of them that is the same every time."""
    if len(samples) <= ALL:
        return list(permutations(samples))
    lot = random.Random(len(samples))  # noqa: S311  # no secret
    drawn = [tuple(lot.sample(samples, len(samples))) for _ in range(22)]
    return [tuple(samples), tuple(reversed(samples)), *drawn]


def standing(of: Warehouse, source: str) -> pl.DataFrame:
    """Every record of a source with its state, but for the numbers that tell who came first."""
    numbers = of.deliveries(source)["delivery_id"]
    records = pl.concat([of.records(number) for number in numbers]).drop(NUMBERS)
    return records.sort("file", "sheet", "row", "record_key")


class Order(Case):
    """The end state is a function of the deliveries, not of their order, number of times or names."""

    def test_the_end_state_is_the_golden_one_in_every_order_of_arrival(self) -> None:
        """Every measure of ruling 76, and the state of every single record (contract §4)."""
        first = standing(self.loaded(), self.source)
        for order in orders(self.samples()):
            with warehouse() as into:
                load(into, order, self.modified())
                measures = into.measures(self.source)
                told = [file.name for file in order]
                assert {name: measures.get(name) for name in self.golden().state} == self.golden().state, told
                assert standing(into, self.source).equals(first), told

    def test_events_that_two_agencies_report_are_counted_once(self) -> None:
        """The report of the teacher's own side counts, else one of them (ruling 69); without a golden file, no two meet."""
        events = self.golden().events
        current = standing(self.loaded(), self.source).filter(state="current")
        ranked = current.sort("own_side", "record_key", descending=[True, False]).with_columns(
            counts=pl.int_range(pl.len()).over("event_key").eq(0).cast(pl.Int64),
            n_reports=pl.len().over("event_key").cast(pl.Int64),
        )
        if events is None:
            assert ranked.filter(pl.col("reporter").n_unique().over("event_key") > 1).is_empty()
            return
        grouped = ranked.with_columns(event_group=pl.col("event_key").rank("dense").cast(pl.String))
        assert not (wrong := differences(grouped, events.drop("event_group"))), wrong
        assert self._together(grouped) == self._together(events.with_columns(pl.col("row").cast(pl.Int64)))

    def test_the_same_bytes_under_another_name_change_nothing(self, tmp_path: Path) -> None:
        """A fingerprint that is known is a no-op: no row, no record, no line of the ledger (contract §4, ruling 20).

        A sample of which nothing was loaded is not among them: it may be tried again.
        """
        with warehouse() as into:
            first = load(into, self.samples(), self.modified())
            taken = {outcome.file for outcome in first if outcome.result == "loaded"}
            before, lines = standing(into, self.source), into.deliveries()
            known = [sample for sample in self.samples() if sample.name in taken]
            again = [copied(sample, tmp_path / f"再报_{sample.name}") for sample in known]
            outcomes = load(into, again, self.modified() + 86_400)
            assert [outcome.result for outcome in outcomes] == ["unchanged"] * len(again)
            assert standing(into, self.source).equals(before)
            assert into.deliveries().equals(lines)

    def test_an_earlier_version_that_comes_late_withdraws_nothing_of_a_later_one(self) -> None:
        """Samples that come one by one, latest first, end where those that come earliest first do (ruling 75)."""
        ledger = self.loaded().deliveries(self.source).sort("sort_key", descending=True)
        files = {sample.name: sample for sample in self.samples()}
        with warehouse() as into:
            for name in ledger["file"]:
                load(into, [files[name]], self.modified())
            assert standing(into, self.source).equals(standing(self.loaded(), self.source))

    @staticmethod
    def _together(events: pl.DataFrame) -> set[frozenset[tuple[str, int]]]:
        """The reports of each event."""
        groups = events.group_by("event_group").agg(pl.struct("file", "row"))
        return {frozenset((one["file"], one["row"]) for one in group) for group in groups["file"]}
