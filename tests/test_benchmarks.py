"""The benchmarks measure what they say: a delivery whose truth is known, jobs that leave the right rows."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import floor, jobs, peer, report, sample, stages
from benchmarks.cells import DEFECTS, KIND
from benchmarks.draws import draw, pick
from benchmarks.measure import Usage, measured, median
from benchmarks.run import CHILD, PARENT, options
from benchmarks.words import AREAS, HEADERS, NAME

ROWS = 2_000
MASK = (1 << 64) - 1
ONE = Usage(1.0, 2.0, 3.0, 4.0, 5.0)


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    """A delivery in an inbox of its own, and its truth."""
    path = tmp_path_factory.mktemp("inbox") / NAME
    return path, sample.write(path, ROWS, 7)


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="gb18030", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("chunk", [1, 700])
def test_the_rows_are_the_same_however_many_are_made_at_a_time(chunk):
    rows = 20 if chunk == 1 else ROWS
    assert pl.concat(sample.lines(rows, 7, chunk)).equals(pl.concat(sample.lines(rows, 7)))


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(delivery, tmp_path):
    same, other = tmp_path / "same", tmp_path / "other"
    assert sample.write(same, ROWS, 7) == delivery[1]
    sample.write(other, ROWS, 8)
    assert same.read_bytes() == delivery[0].read_bytes() != other.read_bytes()


@given(number=st.integers(0, 1 << 40), purpose=st.integers(0, 255), seed=st.integers(0, 1 << 32))
def test_a_draw_is_splitmix64_of_number_purpose_and_seed(number, purpose, seed):
    mixed = ((number * 256 + purpose + 1) * 0x9E3779B97F4A7C15 + seed * 0x94D049BB133111EB) & MASK
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & MASK
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & MASK
    drawn = pl.select(draw(pl.lit(number, pl.UInt64), purpose, seed)).item()
    assert drawn == mixed ^ mixed >> 31


def test_a_word_is_picked_round_and_round():
    index = pl.Series([0, 1, 2, 5], dtype=pl.UInt64)
    assert pl.select(pick(pl.lit(index), ("a", "b"))).to_series().to_list() == ["a", "b", "a", "b"]


def test_two_in_a_hundred_rows_are_defective():
    assert sum(DEFECTS.values()) == 200
    kinds = pl.concat(sample.lines(50_000, 7))[KIND]
    assert len(kinds.drop_nulls()) == pytest.approx(1_000, rel=0.15)
    assert set(kinds.drop_nulls()) == set(DEFECTS)


def test_every_row_has_the_columns_of_the_format_but_the_malformed_ones(delivery):
    path, truth = delivery
    rows = cells(path)
    assert tuple(rows[0]) == HEADERS
    assert len(rows) == truth["read"] == ROWS + 1
    assert sum(len(row) != len(HEADERS) for row in rows) == truth["row.malformed"]


def test_nobody_in_a_delivery_exists(delivery):
    numbers = {row[HEADERS.index("证件号")] for row in cells(delivery[0])[1:]}
    assert {number[:6] for number in numbers} == set(AREAS)
    assert len(numbers) > ROWS / 4


def test_the_truth_is_a_balanced_book(delivery):
    truth = delivery[1]
    assert truth["read"] == truth["loaded"] + truth["quarantined"] + truth["skipped"]
    assert truth["quarantined"] == sum(number for code, number in truth.items() if "." in code)


def test_every_stage_of_the_child_reads_the_delivery(delivery, tmp_path):
    path, truth = delivery
    kept = truth["loaded"] + truth["skipped"] - 1 + truth["duplicate.in_delivery"]
    counts = {name: work(path, tmp_path) for name, work in stages.CHILD.items()}
    assert counts == {"start": 0, "read": ROWS + 1, "extract": ROWS + 1, **dict.fromkeys(CHILD[3:], kept)}


def test_the_stages_of_the_parent_load_what_the_child_sent(delivery, tmp_path):
    path, truth = delivery
    kept = stages.sending(path, tmp_path)
    counts = {name: work(path, tmp_path) for name, work in stages.PARENT.items()}
    assert counts == {"start": 0, "receive": kept, "key": kept, "load": truth["loaded"]}


def test_the_stages_measured_are_the_stages_there_are():
    assert (tuple(stages.CHILD), tuple(stages.PARENT)) == (CHILD, PARENT)


def test_the_whole_job_leaves_books_that_are_the_truth(delivery, tmp_path):
    path, truth = delivery
    usage = jobs.whole(path, truth).once(tmp_path, truth["loaded"])
    assert 0 < usage.peak < usage.together
    assert usage.child > 0


def test_books_that_are_not_the_truth_are_no_measurement(delivery, tmp_path):
    path, truth = delivery
    with pytest.raises(RuntimeError, match="is the truth"):
        jobs.whole(path, {**truth, "loaded": 1}).once(tmp_path, 1)


def test_the_floor_loads_every_row_and_nulls_what_it_cannot_read(delivery, tmp_path):
    path, truth = delivery
    floor.decoded(path, tmp_path / "text")
    assert floor.load(tmp_path / "text", tmp_path / "floor.sqlite") == ROWS
    assert jobs.count(tmp_path / "floor.sqlite") == ROWS
    read = pl.read_csv(tmp_path / "text", infer_schema=False, truncate_ragged_lines=True).select(floor.cast())
    assert read["学时"].null_count() == truth["hours.unparsable"]


def test_the_contract_given_to_dlt_refuses_the_defective_rows_and_keeps_repeats(delivery):
    path, truth = delivery
    model = peer.contract()

    def holds(row: dict[str, str]) -> bool:
        try:
            return bool(model(**row))
        except ValueError:
            return False

    kept = truth["loaded"] + truth["skipped"] - 1 + truth["duplicate.in_delivery"]
    assert sum(map(holds, peer.rows(path))) == kept


def test_a_command_is_measured_with_its_children(tmp_path):
    child = "import time; held = bytearray(64 << 20); time.sleep(0.5)"
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    usage = measured([sys.executable, "-c", command], tmp_path)
    assert usage.wall >= 0.5
    assert usage.cpu > 0
    assert usage.child > 64 > usage.peak
    assert usage.together > usage.child


def test_a_command_that_fails_is_no_measurement(tmp_path):
    with pytest.raises(RuntimeError, match="said why"):
        measured([sys.executable, "-c", "import sys; sys.exit('said why')"], tmp_path)


def test_a_command_that_quarantined_rows_has_not_failed(tmp_path):
    assert measured([sys.executable, "-c", "raise SystemExit(3)"], tmp_path).wall > 0


def test_the_median_is_taken_figure_by_figure():
    runs = [ONE, Usage(9.0, 0.0, 3.0, 4.0, 5.0), Usage(2.0, 1.0, 3.0, 4.0, 5.0)]
    assert median(runs) == Usage(2.0, 1.0, 3.0, 4.0, 5.0)


def test_whole_jobs_are_told_as_ratios_to_the_floor():
    table = report.jobs({"etl run": Usage(3.0, 3.0, 3.0, 4.0, 10.0), "bare floor": ONE}, 600, "bare floor")
    assert "| etl run | 3.0 | 3.0 | 200 | 3 | 4 | 10 | 3.00 | 1.50 | 2.00 |" in table


def test_a_stage_is_told_by_its_difference_to_the_one_before():
    told = report.stages({"start": ONE, "read": Usage(3.0, 2.5, 7.0, 0.0, 7.0)}, 600)
    assert "| read | 3.0 | 2.0 | 2.5 | 0.5 | 300 | 7 |" in told


def test_an_unknown_peer_is_a_usage_error(capsys):
    with pytest.raises(SystemExit):
        options(["--peers", "floor,spark"])
    assert "unknown peers: spark" in capsys.readouterr().err
