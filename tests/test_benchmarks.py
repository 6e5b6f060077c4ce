"""The benchmarks measure what they say: deliveries whose truth is known, jobs that leave the right rows."""

from __future__ import annotations

import csv
import json
import re
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import __main__ as command
from benchmarks import databases, environment, fates, floor, inputs, jobs, report, sample, stages, workbook
from benchmarks.bench import Bench
from benchmarks.cells import BAD, DEFECTS, KIND
from benchmarks.commands import peers
from benchmarks.commands.stages import CHILD, PARENT
from benchmarks.databases import Postgres, Sqlite
from benchmarks.draws import draw, pick
from benchmarks.fates import Left
from benchmarks.inputs import Delivery
from benchmarks.measure import Usage, measured, median
from benchmarks.peers import earthmover, rowwise
from benchmarks.peers.files import rows as peer_rows
from benchmarks.sample import Shape
from benchmarks.words import AREAS, FIELDS, HEADERS, name

ROWS = 2_000
SHAPE = Shape(ROWS, 7)
MASK = (1 << 64) - 1
ONE = Usage(1.0, 2.0, 0.0, 3.0, 4.0, 5.0, 0.0)


@pytest.fixture(scope="module")
def delivery(tmp_path_factory) -> Delivery:
    """A delivery in an inbox of its own."""
    path = tmp_path_factory.mktemp("inbox") / name()
    return Delivery(path.parent, path, sample.write(path, SHAPE), ROWS)


@pytest.fixture
def bench(tmp_path):
    with ExitStack() as stack:
        yield Bench(tmp_path, stack, repeat=1)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request) -> databases.Database:
    if request.param == "sqlite":
        return Sqlite()
    server = request.getfixturevalue("postgres_server")
    return Postgres(server.url(), server.process.pid)


def cells(path: Path, encoding: str = "gb18030") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def kinds(shape: Shape) -> pl.Series:
    return pl.concat(sample.lines(shape))[KIND]


@pytest.mark.parametrize("chunk", [1, 700])
def test_the_rows_are_the_same_however_many_are_made_at_a_time(chunk):
    shape = replace(SHAPE, rows=20 if chunk == 1 else ROWS)
    assert pl.concat(sample.lines(shape, chunk)).equals(pl.concat(sample.lines(shape)))


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(delivery, tmp_path):
    same, other = tmp_path / "same", tmp_path / "other"
    assert sample.write(same, SHAPE) == delivery.truth
    sample.write(other, replace(SHAPE, seed=8))
    assert same.read_bytes() == delivery.path.read_bytes() != other.read_bytes()


def test_another_encoding_holds_the_same_cells(delivery, tmp_path):
    sample.write(tmp_path / "text", SHAPE, "utf-8")
    assert cells(tmp_path / "text", "utf-8") == cells(delivery.path)


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
    assert sum(DEFECTS.values()) == 10_000 * BAD
    found = kinds(Shape(50_000, 7)).drop_nulls()
    assert len(found) == pytest.approx(1_000, rel=0.15)
    assert set(found) == set(DEFECTS)


def test_the_share_of_defective_rows_can_be_chosen():
    assert kinds(replace(SHAPE, bad=0)).null_count() == ROWS
    assert len(kinds(replace(SHAPE, bad=0.5)).drop_nulls()) == pytest.approx(ROWS * 0.46, rel=0.1)


def test_every_row_has_the_columns_of_the_format_but_the_malformed_ones(delivery):
    rows = cells(delivery.path)
    assert tuple(rows[0]) == HEADERS
    assert len(rows) == delivery.truth["read"] == ROWS + 1
    assert sum(len(row) != len(HEADERS) for row in rows) == delivery.truth["row.malformed"]


def test_nobody_in_a_delivery_exists(delivery):
    numbers = {row[HEADERS.index("证件号")] for row in cells(delivery.path)[1:]}
    assert {number[:6] for number in numbers} == set(AREAS)
    assert len(numbers) > ROWS / 4


def balanced(truth: dict[str, int]) -> bool:
    reasons = sum(number for code, number in truth.items() if "." in code)
    return (
        truth["read"] == sum(truth[name] for name in ("loaded", "quarantined", "skipped"))
        and truth["quarantined"] == reasons
    )


def test_the_truth_is_a_balanced_book(delivery, tmp_path):
    assert balanced(delivery.truth)
    assert balanced(sample.deal(tmp_path, replace(SHAPE, files=7)))


def test_rows_dealt_to_files_hold_no_copy_of_another_file(tmp_path):
    shape = Shape(ROWS, 7, bad=0.5, files=500)
    truth = sample.deal(tmp_path, shape)
    keys = [{row[FIELDS.index("agency_record_id")] for row in cells(path)[1:]} for path in tmp_path.iterdir()]
    copies = truth["skipped"] - shape.files + truth["duplicate.in_delivery"]
    assert copies > 0
    assert len(set.union(*keys)) == sum(map(len, keys)) == ROWS - copies


def test_a_correction_says_other_hours_in_so_many_rows_and_nothing_else(delivery, tmp_path):
    truth = sample.write(tmp_path / "again", replace(SHAPE, changes=20))
    at = HEADERS.index("学时")
    pairs = zip(cells(delivery.path), cells(tmp_path / "again"), strict=True)
    changed = [(old, new) for old, new in pairs if old != new]
    assert truth == delivery.truth
    assert 15 <= len(changed) <= 20
    assert all(old[:at] + old[at + 1 :] == new[:at] + new[at + 1 :] for old, new in changed)


def test_deliveries_with_another_offset_share_no_key(delivery, tmp_path):
    sample.write(tmp_path / "other", replace(SHAPE, offset=ROWS))
    at = FIELDS.index("agency_record_id")
    first, second = ({row[at] for row in cells(path)[1:]} for path in (delivery.path, tmp_path / "other"))
    assert not first & second


def test_a_workbook_holds_the_cells_and_numbers_where_the_text_was_malformed(tmp_path):
    sample.write(tmp_path / "text", SHAPE, "utf-8")
    text, rows = cells(tmp_path / "text", "utf-8"), list(workbook.rows(tmp_path / "text"))
    damaged = [isinstance(row[workbook.IDENTITY], float) for row in rows]
    assert damaged == [len(row) > len(HEADERS) for row in text]
    assert any(damaged)
    assert [row[:6] for row in rows if row[4]] == [row[:6] for row in text if row[4]]


def test_every_stage_of_the_child_reads_the_delivery(delivery, tmp_path):
    truth = delivery.truth
    kept = truth["loaded"] + truth["skipped"] - 1 + truth["duplicate.in_delivery"]
    counts = {name: work(delivery.path, tmp_path) for name, work in stages.CHILD.items()}
    text = len(delivery.path.read_text("gb18030").encode()) + delivery.path.read_bytes().count(b"\r\n")
    assert counts == {
        "start": 0,
        "decode": text,
        "read": ROWS + 1,
        "extract": ROWS + 1,
        **dict.fromkeys(CHILD[4:], kept),
    }


def test_the_stages_of_the_parent_load_what_the_child_sent(delivery, tmp_path):
    kept = stages.sending(delivery.path, tmp_path)
    counts = {name: work(delivery.path, tmp_path) for name, work in stages.PARENT.items()}
    assert counts == {
        "start": 0,
        "receive": kept,
        "pseudonyms": kept,
        "stage": kept,
        "load": delivery.truth["loaded"],
    }


def test_the_stages_measured_are_the_stages_there_are():
    assert (tuple(stages.CHILD), tuple(stages.PARENT)) == (CHILD, PARENT)


def test_the_whole_job_leaves_books_that_are_the_truth(delivery, database, tmp_path):
    usage = jobs.run(delivery, database).once(tmp_path)
    assert 0 < usage.peak < usage.together
    assert usage.child > 0
    assert (usage.server > 0) == (database.server is not None)


def test_books_that_are_not_the_truth_are_no_measurement(delivery, tmp_path):
    wrong = replace(delivery, truth={**delivery.truth, "loaded": 1})
    with pytest.raises(RuntimeError, match="is the truth"):
        jobs.run(wrong, Sqlite()).once(tmp_path)


def test_records_that_do_not_stand_as_they_should_are_no_measurement(delivery, tmp_path):
    with pytest.raises(RuntimeError, match="1 are right"):
        jobs.run(delivery, Sqlite(), stands=1).once(tmp_path)


def test_a_job_finds_a_copy_of_the_stock_and_leaves_the_stock_as_it_was(delivery, database, bench):
    stock, _ = bench.stocked(delivery, database)
    again = sample.write(delivery.inbox.parent / name(corrected=True), replace(SHAPE, changes=20))
    assert again == delivery.truth
    for _ in range(2):
        jobs.run(delivery.unchanged(), database, stock).once(bench.room)
    assert database.ask(stock.url, "select count(*) from delivery") == [(1,)]


def test_a_correction_replaces_what_stands(bench):
    first = inputs.text(bench.room, 300, 7)
    again = inputs.correction(bench.room, 300, 7, 10)
    stock, _ = bench.stocked(first, Sqlite())
    jobs.run(again, Sqlite(), stock, stands=first.truth["loaded"]).once(bench.room)


def test_the_floor_loads_every_row_and_nulls_what_it_cannot_read(delivery, database, tmp_path):
    truth = delivery.truth
    with database.fresh(tmp_path) as url:
        assert floor.main(delivery.path, url, "gb18030", tmp_path) == ROWS
        left = fates.asked(lambda query: database.ask(url, query), HEADERS)
    assert left == fates.expected(delivery, fates.FLOOR)
    assert (left.rows, left.hourless) == (ROWS, truth["hours.unparsable"])


def test_a_line_of_copy_escapes_what_separates():
    frame = pl.DataFrame({"a": ["\\t\t", None], "b": [1, None]})
    assert floor.copied(frame).to_list() == ["\\\\t\\t\t1", "\\N\t\\N"]


def test_a_peer_that_leaves_other_rows_is_no_measurement(delivery):
    with pytest.raises(RuntimeError, match="is right"):
        fates.proven(Left(ROWS, 0, 0, 0, 0), delivery, fates.ROWWISE)


def test_lines_of_json_are_asked_as_a_table_is(tmp_path):
    lines = [
        {"person_name": "", "mode_detail": "x", "hours": "1", "agency_record_id": "1"},
        {"person_name": "n", "mode_detail": fates.ODD_MODE, "hours": None, "agency_record_id": "1"},
    ]
    (tmp_path / "lines").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert fates.written(tmp_path / "lines") == Left(2, 1, 1, 1, 1)


def test_the_contract_given_to_dlt_refuses_the_defective_rows_and_keeps_repeats(delivery):
    model = rowwise.contract()

    def holds(row: dict[str, str]) -> bool:
        try:
            return bool(model(**row))
        except ValueError:
            return False

    kept = sum(map(holds, peer_rows(delivery.path)))
    assert kept == fates.expected(delivery, fates.ROWWISE).rows


def test_every_peer_names_defects_there_are_and_an_environment_that_can_be_made():
    for peer in peers.PEERS.values():
        assert set(peer.fates) <= set(DEFECTS)
        assert peer.environment in environment.WANTED


def test_earthmover_is_given_every_row_but_the_malformed_ones(delivery, tmp_path):
    earthmover.ready(delivery.path, tmp_path)
    rows = cells(tmp_path / "delivery.csv")
    assert tuple(rows[0]) == FIELDS
    assert rows[1:] == [row for row in cells(delivery.path)[1:] if len(row) == len(FIELDS)]


def test_a_peer_that_is_not_installed_is_said_and_the_others_go_on(delivery, bench, capsys, monkeypatch):
    monkeypatch.setattr(environment, "python", lambda name, *_: (None, f"no {name} here"))
    assert peers._installed(bench, ("dlt", "pandas"), delivery) == {}
    assert capsys.readouterr().out.count("No figures of") == 2


def test_a_job_that_fails_is_said_and_left_out_where_others_shall_go_on(bench, capsys):
    good = jobs.Job("good", lambda folder, url: [sys.executable, "-c", ""])
    bad = jobs.Job("bad", lambda folder, url: [sys.executable, "-c", "import sys; sys.exit('said why')"])
    assert list(bench.compare([good, bad], lenient=True)) == ["good"]
    assert "said why" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="said why"):
        bench.compare([good, bad])


def test_jobs_take_turns_and_each_turn_begins_with_another(bench):
    order = []

    def job(title):
        def command(folder, url):
            order.append(title)
            return [sys.executable, "-c", ""]

        return jobs.Job(title, command)

    runs = replace(bench, repeat=2).compare([job("a"), job("b")])
    assert order == ["a", "b", "b", "a"]
    assert {title: len(each) for title, each in runs.items()} == {"a": 2, "b": 2}


QUICK = [
    ["whole", "--rows", "300", "--databases", "sqlite"],
    ["files", "--files", "2", "--rows", "5"],
    ["peers", "--rows", "300", "--peers", ""],
]
LONG = [
    ["memory", "--rows", "300"],
    ["growth", "--rows", "300", "--new", "300", "--existing", "300", "--corrected", "300", "--changes", "9"],
    ["books", "--rows", "300", "--old-rows", "0"],
    ["start", "--rows", "40"],
    ["stages", "--rows", "300"],
    ["bad", "--rows", "300", "--shares", "0.5"],
]


@pytest.mark.parametrize(
    "words",
    [*QUICK, *(pytest.param(words, marks=pytest.mark.slow) for words in LONG)],
    ids=lambda words: words[0],
)
def test_a_command_prints_tables_and_writes_the_same_as_json(words, tmp_path, capsys):
    command.main([*words, "--repeat", "1", "--json", str(tmp_path / "figures")])
    assert re.search(r"^\|-\|(-:\|)+$", capsys.readouterr().out, re.MULTILINE)
    figures = json.loads((tmp_path / "figures").read_text())
    assert figures["setting"]["command"] == words[0]
    assert '"cpu"' in json.dumps(figures)


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


def test_the_work_of_a_server_is_told_beside(tmp_path, postgres_server):
    told = "select sum(n) from generate_series(1, 3000000) as s(n)"
    asking = f"import psycopg; psycopg.connect({databases.plain(postgres_server.url())!r}).execute({told!r})"
    usage = measured([sys.executable, "-c", asking], tmp_path, server=postgres_server.process.pid)
    assert usage.server > 0
    assert usage.work == usage.cpu + usage.server


def test_shared_pages_are_counted_once_where_that_is_asked(tmp_path):
    held = "import os, time; held = bytearray(64 << 20); os.fork(); time.sleep(0.5)"
    usage = measured([sys.executable, "-c", held], tmp_path, divided=True)
    assert 64 < usage.shared < usage.together - 32


def test_the_median_is_taken_figure_by_figure():
    runs = [ONE, replace(ONE, wall=9.0, cpu=0.0), replace(ONE, wall=2.0, cpu=1.0)]
    assert median(runs) == replace(ONE, wall=2.0, cpu=1.0)


def test_whole_jobs_are_told_as_ratios_to_the_floor_with_the_work_of_the_server():
    both = {"etl run": [Usage(3.0, 2.0, 1.0, 3.0, 4.0, 10.0, 0.0)], "bare floor": [ONE]}
    table = report.jobs(both, 600, "bare floor")
    assert "| etl run | 3.00 | 2.00 | 1.00 | 200 | 3 | 4 | 10 | 3.00 | 1.50 | 2.00 |" in table


def test_a_stage_is_told_by_its_difference_to_the_one_before():
    told = report.stages({"start": [ONE], "read": [replace(ONE, wall=3.0, cpu=2.5, peak=7.0)]}, 600)
    assert "| read | 3.00 | 2.00 | 2.50 | 0.50 | 300 | 7 |" in told


@pytest.mark.parametrize("words", [["peers", "--peers", "spark"], ["whole", "--python", "dlt"], []])
def test_what_is_not_known_is_a_usage_error(words, capsys):
    with pytest.raises(SystemExit):
        command.options(words)
    assert "usage" in capsys.readouterr().err
