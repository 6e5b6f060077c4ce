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


def test_there_are_eleven_sources():
    assert len(SOURCES) == 11


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
