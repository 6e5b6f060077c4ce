"""What a mending is believed, and what it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from etl_core import marker
from etl_core.errors import DeliveryError
from etl_core.marker import Marker
from etl_core.testing.bench import KEYS, bench
from tests.fakes import number
from tests.mending.agency import MODIFIED, SOURCES, Office, colour, good, loaded_labels, mended, samples

AUTUMN = samples("cq_beibei")[-1]
SPRING = samples("cq_beibei")[0]
ID, PLACE = 4, 13  # columns of the register: 身份证号码, and the one after its last


@pytest.fixture
def sent(office: Office) -> Path:
    """The workbook for the autumn register, which waits with four rows."""
    office.take(AUTUMN)
    ((_, path),) = office.workbooks("cq_beibei")
    return path


def codes(office: Office) -> list[tuple[int, str]]:
    return sorted(office.waiting("cq_beibei").select("row", "code").rows())


def edited(path: Path, change) -> Path:
    book = load_workbook(path)
    change(book.worksheets[1])
    book.save(path)
    return path


def right(office: Office, path: Path, sample: Path = AUTUMN) -> Path:
    line = office.warehouse.deliveries("cq_beibei").filter(file=sample.name).row(0, named=True)
    mended(
        path, SOURCES["cq_beibei"], good(sample, SOURCES["cq_beibei"], loaded_labels(office.warehouse, line))
    )
    return path


def place_of(page) -> int:
    return next(cell.column for cell in page[3] if cell.value == marker.COLUMN)


def test_what_comes_back_unchanged_waits_as_before_once_and_in_the_mending(office: Office, sent: Path):
    before = office.waiting("cq_beibei")
    (outcome,) = office.take(sent, modified=MODIFIED + 1)
    after = office.waiting("cq_beibei")
    assert (outcome.result, outcome.counts.loaded, outcome.counts.quarantined) == ("loaded", 0, 4)
    assert sorted(after["code"]) == sorted(before["code"])
    assert set(after["file"]) == {sent.name}


def test_a_masked_number_stands_for_the_one_that_was_masked(office: Office, sent: Path):
    masked = {}
    page = load_workbook(sent).worksheets[1]
    last = place_of(page)
    for row in range(5, page.max_row + 1):
        if not colour(page.cell(row, ID)):
            masked[str(page.cell(row, last).value)] = page.cell(row, ID).value
    assert masked
    (outcome,) = office.take(right(office, sent), modified=MODIFIED + 1)
    line = office.warehouse.deliveries("cq_beibei").filter(pl.col("mends").is_not_null())["delivery_id"][0]
    theirs = load_workbook(AUTUMN).worksheets[0]
    stands = office.warehouse.mended("cq_beibei").select("row", "of_row").rows()
    records = office.warehouse.records(line)
    numbers = {
        row: theirs.cell(of, ID).value
        for row, of in stands
        if str(of) in " ".join(masked).replace("!", " ").split()
    }
    assert outcome.counts.loaded == 4
    assert numbers
    for row, text in numbers.items():
        (key,) = records.filter(row=row)["person_key"].unique()
        assert key == KEYS.person_keys(pl.Series([text.strip().upper()]))[0]


def test_a_faulty_number_that_stays_masked_is_as_faulty_as_it_was(office: Office):
    office.take(SPRING)
    ((_, path),) = office.workbooks("cq_beibei")
    before = office.waiting("cq_beibei")
    faulty = before.filter(pl.col("code").str.starts_with("id_number.")).height
    assert faulty > 0
    office.take(path, modified=MODIFIED + 1)
    after = office.waiting("cq_beibei").filter(pl.col("code").str.starts_with("id_number."))
    assert after.height == faulty


def test_a_second_mending_knows_what_the_first_one_put_right(office: Office):
    """The number that the first round brought is masked in the second workbook, and stands for itself."""
    office.take(SPRING)
    ((_, path),) = office.workbooks("cq_beibei")
    book = load_workbook(path)
    page = book.worksheets[1]
    typed = {}
    for row in range(5, page.max_row + 1):
        if colour(page.cell(row, ID)):
            typed[row] = page.cell(row, ID).value = number(700 + row)
            page.cell(row, 7).value = page.cell(row, 8).value = page.cell(row, 9).value = "很多"
    book.save(path)
    office.take(path, modified=MODIFIED + 1)
    ((_, second),) = office.workbooks("cq_beibei")
    right(office, second, SPRING)
    (outcome,) = office.take(second, modified=MODIFIED + 2)
    assert (outcome.counts.quarantined, office.waiting("cq_beibei").height) == (0, 0)
    lines = office.warehouse.deliveries("cq_beibei").filter(pl.col("mends").is_not_null())
    keys = set(office.warehouse.records(lines["delivery_id"][-1])["person_key"])
    assert {KEYS.person_keys(pl.Series([each]))[0] for each in typed.values()} <= keys


def test_a_deleted_row_goes_on_waiting_and_a_new_one_is_loaded(office: Office, sent: Path):
    right(office, sent)

    def change(page):
        last = place_of(page)
        for column in range(1, last):
            page.cell(10, column).value = page.cell(5, column).value
        page.cell(10, ID).value = number(990)
        page.cell(10, 2).value = "测试新"
        page.delete_rows(8)

    (outcome,) = office.take(edited(sent, change), modified=MODIFIED + 1)
    assert outcome.counts.loaded == 4
    assert len(codes(office)) == 1
    assert office.waiting("cq_beibei")["file"].to_list() == [AUTUMN.name]


@pytest.mark.parametrize(("label", "rows"), [("9999", 1), ("Sheet1!1", 1), ("twice", 2)])
def test_a_row_number_that_is_nobodys_or_somebody_elses_is_refused(
    office: Office, sent: Path, label: str, rows: int
):
    right(office, sent)

    def change(page):
        last = place_of(page)
        page.cell(5, last).value = page.cell(6, last).value if label == "twice" else label

    (outcome,) = office.take(edited(sent, change), modified=MODIFIED + 1)
    assert outcome.counts.reasons == {"mending.mismatch": rows}
    assert outcome.counts.loaded == 4 - rows


def test_a_masked_number_of_somebody_else_is_refused(office: Office, sent: Path):
    right(office, sent)

    def change(page):
        page.cell(5, ID).value = "500***********9999"

    (outcome,) = office.take(edited(sent, change), modified=MODIFIED + 1)
    assert outcome.counts.reasons == {"mending.mismatch": 1}
    ((_, again),) = office.workbooks("cq_beibei")
    assert load_workbook(again).worksheets[1].cell(5, ID).value != "500***********9999"
    (outcome,) = office.take(right(office, again), modified=MODIFIED + 2)
    assert (outcome.counts.loaded, office.waiting("cq_beibei").height) == (1, 0)


def test_a_mending_of_what_is_not_there_is_refused_and_loads_once_it_is(office: Office, sent: Path, tmp_path):
    from etl_core.archive import Archive
    from etl_core.testing.bench import warehouse

    with warehouse() as empty:
        other = Office(empty, Archive(tmp_path / "other", KEYS), tmp_path)
        (outcome,) = other.take(sent)
        assert (outcome.result, outcome.error, outcome.source) == ("failed", "mending.unknown", "cq_beibei")
        other.take(AUTUMN)
        (again,) = other.take(sent)
        assert again.result == "loaded"


def test_a_mending_of_another_source_is_refused(office: Office, sent: Path):
    office.take(samples("suitong")[0])
    found = office.warehouse.deliveries("suitong")["fingerprint"][0]
    assert failing(office, sent, mends=found) == "mending.unknown"
    assert failing(office, sent, source="suitong") == "mending.unknown"
    assert failing(office, sent, source="nobody") == "mending.unknown"
    assert failing(office, sent, after=("b" * 64,)) == "mending.unknown"


def failing(office: Office, path: Path, **changes) -> str:
    book = load_workbook(path)
    cell = book[marker.SHEET]["A1"]
    before = cell.value
    cell.value = replace(marker.read(before), **changes).text()
    book.save(path)
    (outcome,) = office.take(path)
    cell.value = before
    book.save(path)
    return str(outcome.error)


def test_a_mending_whose_delivery_left_the_archive_is_refused(office: Office, sent: Path):
    office.archive.forget(office.warehouse.deliveries("cq_beibei")["fingerprint"][0])
    (outcome,) = office.take(sent)
    assert outcome.error == "mending.unarchived"
    ((_, listed),) = office.workbooks("cq_beibei")
    assert marker.SHEET not in load_workbook(listed).sheetnames
    page = load_workbook(listed).worksheets[0]
    assert "姓名" in [cell.value for cell in page[1]]
    (outcome,) = office.take(listed)
    assert outcome.error == "mending.unmarked"


def test_rows_of_a_mending_without_its_marker_withdraw_nobody(office: Office, sent: Path):
    book = load_workbook(sent)
    del book[marker.SHEET]
    book.save(renamed := sent.with_name(AUTUMN.name))
    (outcome,) = office.take(renamed, modified=MODIFIED + 1)
    assert (outcome.result, outcome.error, outcome.withdrawn) == ("failed", "mending.unmarked", 0)


def test_a_column_that_was_taken_out_is_missed(office: Office, sent: Path):
    def change(page):
        page.cell(3, 6).value = "职务级别"

    (outcome,) = office.take(edited(sent, change))
    assert outcome.error == "schema.missing_column"


def test_the_rows_of_a_mending_are_counted_like_those_of_any_delivery(office: Office, sent: Path):
    (outcome,) = office.take(right(office, sent), modified=MODIFIED + 1)
    counts = outcome.counts
    assert counts.skips["header"] == 2
    assert counts.skips["title"] >= 1
    assert counts.skips["hidden_sheet"] >= 1
    assert counts.read == 4 + sum(counts.skips.values())
    assert outcome.place.label == "2023秋-1"


def test_the_same_workbook_once_more_changes_nothing(office: Office, sent: Path):
    right(office, sent)
    office.take(sent, modified=MODIFIED + 1)
    assert [each.result for each in office.take(sent, modified=MODIFIED + 2)] == ["unchanged"]


@pytest.mark.parametrize(
    "text",
    [None, "", "{}", "[]", "x", json.dumps({"format": 1}), json.dumps({"format": 9, "source": "a", "mends": "a" * 64,
     "name": "n", "after": []}), Marker("a", "../x", "n").text(), Marker("a", "a" * 64, "n", ("b",)).text()],
)  # fmt: skip
def test_a_marker_that_we_did_not_write_is_refused(text):
    with pytest.raises(DeliveryError, match=r"mending\.unknown"):
        marker.read(text)


def test_a_marker_is_read_as_it_was_written():
    told = Marker("cq_beibei", "a" * 64, "学时“表”.xlsx", ("b" * 64,))
    assert marker.read(told.text()) == told


def test_a_source_tells_the_words_that_its_checks_ask(office: Office):
    known = bench().lexicon("suitong")
    assert known.words["role"]["学员"] == "trainee"
    assert known.words["level"]["市级"] in ("20", "30")
    assert known.words["subject"]["语文"] == "语文"
    assert "role" in known.own
    assert "subject" not in known.own


def test_a_delivery_refused_as_a_whole_has_no_workbook_and_is_named(office: Office, tmp_path):
    from etl_core.cli import mend

    book = load_workbook(AUTUMN)
    page = book.worksheets[0]
    for row in range(5, 60):
        page.cell(row, ID).value = "1"
    book.save(tmp_path / AUTUMN.name)
    (outcome,) = office.take(tmp_path / AUTUMN.name)
    assert outcome.result == "rejected"
    found, whole = mend.waiting(office.warehouse, "cq_beibei", "zh")
    assert (found, [line["file"] for line in whole]) == ([], [AUTUMN.name])


def test_a_text_longer_than_a_cell_of_excel_comes_back_whole():
    from etl_core.mending.versions import _stands

    long = "长" * 40_000
    assert _stands(long[: marker.LONGEST], 0, False, frozenset(), [(long,)]) == (long, True)
