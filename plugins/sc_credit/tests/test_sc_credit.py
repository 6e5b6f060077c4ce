"""The source sc_credit keeps everything that a source plugin promises, and what its service may send beside the samples."""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl_core.testing import SourceSuite
from etl_core.testing.bench import Told
from etl_source_sc_credit.place import place

Entry = dict[str, object]


def entry(kind: str | None = "公需科目", credit: object = 30) -> Entry:
    return {"creditTypeId": 1, "creditTypeName": kind, "credit": credit}


class TestCredit(SourceSuite):
    source = "sc_credit"
    folder = Path(__file__).parent

    def pulled(self, into: Path, *changes: dict[str, Any]) -> Told:
        """What is told of a pull whose applications are the first of the samples with these fields otherwise."""
        page = json.loads((self.samples()[0] / "page-0001.json").read_text(encoding="utf-8"))
        usual = page["data"]["items"][1]
        page["data"]["items"] = [
            {**deepcopy(usual), "id": str(number), **change} for number, change in enumerate(changes)
        ]
        page["data"] |= {"totalCount": len(changes), "totalPages": 1}
        pull = into / "pull_20231008"
        pull.mkdir()
        (pull / "page-0001.json").write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
        return self.told(pull)

    def reasons(self, into: Path, *changes: dict[str, Any]) -> list[tuple[str, str]]:
        found = self.pulled(into, *changes).frame("issues").filter(severity="error")
        return list(found.select("code", "column").iter_rows())

    def claimed(self, into: Path, *entries: Entry) -> list[tuple[str, float]]:
        records = self.pulled(into, {"applyCredits": entries}).frame("records")
        return [(kind, float(amount)) for kind, amount in records.select("credit_kind", "credits").rows()]

    def test_two_entries_of_one_kind_are_added(self, tmp_path: Path) -> None:
        """Ruling 57."""
        entries = (entry(credit=30), entry("专业科目", 60), entry(credit=7.5), entry("专业科目", 0.5))
        assert self.claimed(tmp_path, *entries) == [("public", 37.5), ("professional", 60.5)]

    def test_an_entry_beyond_those_that_are_read_is_told_in_the_account(self, tmp_path: Path) -> None:
        told = self.pulled(tmp_path, {"applyCredits": [entry()] * 5})
        (account,) = told.accounts
        assert {f"applyCredits[4].{name}" for name in entry()} == set(account.unknown)

    @pytest.mark.parametrize(
        ("entries", "wanted"),
        [
            ([], [("required.credits", "applyCredits")]),
            (None, [("required.credits", "applyCredits")]),
            ([entry(), entry("专业科目", None)], [("required.credits", "applyCredits[1].credit")]),
            ([entry(None, 30)], [("required.credit_kind", "applyCredits[0].creditTypeName")]),
            ([entry("选修科目")], [("code.unknown.credit_kind", "applyCredits[0].creditTypeName")]),
            ([entry(credit=-5)], [("credits.range", "applyCredits[0].credit")]),
            ([entry(credit=0)], [("credits.range", "applyCredits[0].credit")]),
            ([entry(credit="三十")], [("credits.unparsable", "applyCredits[0].credit")]),
        ],
    )
    def test_what_is_wrong_with_the_credits_is_told_at_its_path(
        self, tmp_path: Path, entries: list[Entry] | None, wanted: list[tuple[str, str]]
    ) -> None:
        good: dict[str, Any] = {"applyCredits": [entry(), entry()]}
        assert self.reasons(tmp_path, good, {"applyCredits": entries}) == wanted

    @pytest.mark.parametrize(
        ("dates", "wanted"),
        [
            ({}, []),
            (None, []),
            ({"trainBeginDate": "0001-01-01T00:00:00", "trainEndDate": "0001-01-01T00:00:00"}, []),
            (
                {"trainBeginDate": "2023-06-29T00:00:00", "trainEndDate": None},
                [("required.end_date", "content.trainEndDate")],
            ),
            (
                {"trainBeginDate": None, "trainEndDate": "2023-06-29T00:00:00"},
                [("required.start_date", "content.trainBeginDate")],
            ),
            (
                {"trainBeginDate": "2023-10-09T00:00:00", "trainEndDate": "2023-10-10T00:00:00"},
                [("date.future", "content.trainBeginDate")],
            ),
        ],
    )
    def test_dates_may_be_missing_together_but_not_one_of_them(
        self, tmp_path: Path, dates: dict[str, Any] | None, wanted: list[tuple[str, str]]
    ) -> None:
        assert self.reasons(tmp_path, {}, {"content": dates}) == wanted

    def test_an_application_without_dates_or_a_year_that_can_be_read_is_refused(self, tmp_path: Path) -> None:
        other = {"content": None, "yearName": "去年"}
        none = {"content": None, "yearName": None}
        assert self.reasons(tmp_path, {}, other, none) == [
            ("date.unparsable", "yearName"),
            ("required.training_year", "yearName"),
        ]

    @pytest.mark.parametrize(
        ("address", "detail"),
        [
            ("线上+线下（成都）", "blended"),
            ("线上", "online"),
            ("网络培训", "online"),
            ("网上授课", "online"),
            ("绵阳师范学院", "face_to_face"),
            ("线下", "face_to_face"),
            (None, "face_to_face"),
        ],
    )
    def test_the_place_tells_the_mode(self, tmp_path: Path, address: str | None, detail: str) -> None:
        """Ruling 58."""
        told = self.pulled(tmp_path, {"content": {"trainAddress": address}}, {})
        assert told.frame("records")["mode_detail"][0] == detail

    def test_a_record_without_dates_has_the_division_of_its_years_end(self, tmp_path: Path) -> None:
        told = self.pulled(tmp_path, {"content": None}, {"content": None, "areaId": 519999}, {})
        records = told.frame("records").filter(pl.col("start_date").is_null())
        assert records.select("employer_division", "date_precision", "training_year").rows() == [
            ("511702", "school_year", 2022),
            (None, "school_year", 2022),
        ]
        assert told.frame("issues").select("row", "code", "column").rows() == [
            (2, "division.unknown", "areaId")
        ]

    @pytest.mark.parametrize(
        ("years", "slot"),
        [(["2021-2022年度"] * 3, "2021-2022年度"), (["2021-2022年度", None, ""], "2021-2022年度")],
    )
    def test_the_slot_is_the_year_that_the_records_state(
        self, tmp_path: Path, years: Iterable[str | None], slot: str
    ) -> None:
        claimed = self.pulled(tmp_path, *({"yearName": year} for year in years)).claimed
        assert claimed is not None
        assert (claimed.place.slot, claimed.place.order) == (slot, (2021, 20231008))

    def test_a_pull_of_two_years_has_no_place(self, tmp_path: Path) -> None:
        """It would withdraw the whole of another year."""
        failed = self.pulled(tmp_path, {"yearName": "2021-2022年度"}, {"yearName": "2022-2023年度"}).failed
        assert failed is not None
        assert (failed.code, failed.source) == ("place.unknown", "sc_credit")


@pytest.mark.parametrize("name", ["pull", "pull_2023", "pull_20231301", "pull_20230230"])
def test_a_folder_whose_name_tells_no_day_has_no_place(name: str) -> None:
    assert place(name, "2022-2023年度") is None


def test_a_delivery_is_as_old_as_its_folders_name_says() -> None:
    found = place("pull_20231008", "2022-2023年度")
    assert found is not None
    assert (found.label, found.dated) == ("2022-2023年度/20231008", date(2023, 10, 8))
