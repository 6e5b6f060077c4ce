"""Every source's refused rows out to the agency and back: loaded, closed, balanced, and nothing else touched."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.mending import agency
from tests.mending.agency import MODIFIED, SOURCES, Office, samples

# Its second export replaces the first one and has no fault.
FAULTY = {"cd_legacy": 1}


def faulty(source: str) -> list[Path]:
    return samples(source)[: FAULTY.get(source)]


def standing(office: Office, source: str) -> int:
    ids = office.warehouse.deliveries(source).filter(result="loaded")["delivery_id"]
    return sum(office.warehouse.records(number).filter(state="current").height for number in ids)


def test_every_source_of_the_clone_is_tried():
    assert len(SOURCES) == 12


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_refused_rows_of_every_source_come_back_right(office: Office, name: str):
    source = SOURCES[name]
    office.take(*faulty(name))
    before, waited = standing(office, name), office.waiting(name)
    assert waited.height > 0
    for turn, whole in enumerate((False, True, True), 1):
        for of, path in office.workbooks(name):
            sample = next(each for each in samples(name) if each.name == of.line["file"])
            known = agency.good(sample, source, agency.loaded_labels(office.warehouse, of.line))
            rows = agency.mended(path, source, known, whole)
            assert rows == len(of.faults)
            (outcome,) = office.take(path, modified=MODIFIED + turn)
            assert (outcome.result, outcome.withdrawn) == ("loaded", 0), outcome.error
            assert outcome.counts.balanced
            assert outcome.counts.loaded + outcome.counts.quarantined + _repeats(outcome) == rows
    assert office.waiting(name).select("file", "sheet", "row", "code", "column").rows() == []
    lines = office.warehouse.deliveries(name)
    assert set(lines.filter(pl.col("mends").is_not_null())["mends"]) <= set(lines["fingerprint"])
    assert standing(office, name) >= before


def _repeats(outcome) -> int:
    return sum(outcome.counts.skips.get(kind, 0) for kind in ("duplicate", "superseded"))


@pytest.mark.parametrize("name", ["suitong", "swu_guopei", "sc_credit", "cq_tongliang"])
def test_what_comes_back_unchanged_is_as_wrong_as_it_was(office: Office, name: str):
    """Broken rows and damaged texts too; of rows that contradict each other the one that is sent again is the right one."""
    office.take(*faulty(name))
    wrong = pl.col("code") != "duplicate.in_delivery"
    waited = sorted(office.waiting(name).filter(wrong).select("code", "column").rows(), key=str)
    for _, path in office.workbooks(name):
        (outcome,) = office.take(path, modified=MODIFIED + 1)
        assert outcome.result == "loaded"
    assert sorted(office.waiting(name).select("code", "column").rows(), key=str) == waited
