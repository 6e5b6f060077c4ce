"""A mending and the delivery that it mends may leave, be read again, or be asked about in the past."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl_core.errors import WarehouseError
from etl_core.loading import Loading, Scope
from etl_core.testing.bench import _Nobody, bench
from etl_core.warehouse import Run
from tests.mending import agency
from tests.mending.agency import MODIFIED, SOURCES, Office, samples

# Where deliveries replace each other, where they add up, and where entries cancel others.
KINDS = ("cq_beibei", "suitong", "cq_shipei")


def run() -> Run:
    return Run(uuid.uuid4().hex, datetime.now(UTC), "test")


def mended(office: Office, name: str) -> int:
    """Load a source's first faulty delivery and one mending of it; the number of the mending."""
    office.take(*samples(name))
    of, path = office.workbooks(name)[0]
    sample = next(each for each in samples(name) if each.name == of.line["file"])
    known = agency.good(sample, SOURCES[name], agency.loaded_labels(office.warehouse, of.line))
    agency.mended(path, SOURCES[name], known)
    (outcome,) = office.take(path, modified=MODIFIED + 1)
    assert outcome.result == "loaded", outcome.error
    lines = office.warehouse.deliveries(name)
    return int(lines.filter(lines["mends"].is_not_null())["delivery_id"].item())


def standing(office: Office, name: str) -> list[tuple[object, ...]]:
    numbers = office.warehouse.deliveries(name)["delivery_id"]
    found = [office.warehouse.records(number) for number in numbers]
    return sorted(
        (row for frame in found for row in frame.select("file", "row", "record_key", "state").iter_rows()),
        key=str,
    )


@pytest.mark.parametrize("name", KINDS)
def test_a_mending_that_is_revoked_leaves_what_was_there_before_it(office: Office, name: str) -> None:
    office.take(*samples(name))
    before = (
        standing(office, name),
        sorted(office.waiting(name).select("file", "row", "code").rows(), key=str),
    )
    number = mended(office, name)
    with office.warehouse.revoking(number, run()):
        pass
    after = standing(office, name), sorted(office.waiting(name).select("file", "row", "code").rows(), key=str)
    assert after == before


def test_a_delivery_that_is_mended_does_not_leave_before_its_mendings(office: Office) -> None:
    number = mended(office, "cq_beibei")
    lines = office.warehouse.deliveries("cq_beibei")
    root = lines.filter(delivery_id=number)["mends"].item()
    first = lines.filter(lines["fingerprint"] == root)["delivery_id"].item()
    with pytest.raises(WarehouseError, match="revoke those first"), office.warehouse.revoking(first, run()):
        raise AssertionError("left although it is mended")
    with office.warehouse.revoking(number, run()):
        pass
    with office.warehouse.revoking(first, run()) as left:
        assert left.gone >= 0


@pytest.mark.parametrize("name", KINDS)
def test_what_was_known_until_now_is_what_is_known_now_also_of_mendings(office: Office, name: str) -> None:
    mended(office, name)
    now = sorted(office.warehouse.as_of(source=name).select("record_id", "state").rows())
    then = sorted(
        office.warehouse.as_of(known=datetime.now(UTC), source=name).select("record_id", "state").rows()
    )
    stored = sorted(
        row
        for number in office.warehouse.deliveries(name)["delivery_id"]
        for row in office.warehouse.records(number).select("record_id", "state").rows()
    )
    assert now == stored
    assert then == stored


@pytest.mark.parametrize("name", KINDS)
def test_a_mended_delivery_and_its_mending_read_again_say_the_same(
    office: Office, name: str, tmp_path: Path
) -> None:
    mended(office, name)
    before = standing(office, name)
    lines = office.warehouse.again(name)
    again = {line.fingerprint: line.delivery_id for line in lines}
    loading = Loading(bench(), office.warehouse, _Nobody(), Scope(), archive=office.archive, again=again)
    coming = (office.archive.given(fingerprint, tmp_path) for fingerprint in again)
    assert {each.result for each in loading.outcomes(coming)} <= {"unchanged"}
    assert standing(office, name) == before
