"""What analysts read after a run: a whole snapshot that says what the warehouse says, and nobody's number."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import threading
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from etl_core.config import Publish
from etl_core.keys import Keys
from etl_core.publish import crossed, parquet, publish
from etl_core.warehouse import Warehouse
from etl_core.warehouse.view import FIELDS, LINES, NAMING
from tests.warehouse.samples import at, batch, deliver, one

AMOUNTS = ("hours", "credits", "score")
FRAMES = ("records", "deliveries", "organisations")


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Warehouse]:
    """One of each kind that holds two deliveries, the second of which corrects the first."""
    with Warehouse.open(warehouse_url, Keys.random()) as opened:
        deliver(
            opened,
            batch(
                *(one(number, hours=Decimal("7.50"), score=Decimal("91.25")) for number in range(1, 8)),
                one(8, status="withdrawn"),
                one(
                    9,
                    id_type="none",
                    id_number=None,
                    sheet=None,
                    credits=Decimal("0.05"),
                    credit_kind="public",
                ),
            ),
        )
        deliver(opened, batch(one(1, hours=Decimal("9.00"))), name="b.xlsx", place=at(2))
        yield opened


def settings(folder: Path, **more: Any) -> Publish:
    return Publish(folder=folder / "out", **more)


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "out" / "current" / f"{name}.parquet")


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of the current snapshot but the manifest, which says when it was published."""
    files = (folder / "out" / "current").iterdir()
    return {path.name: path.read_bytes() for path in files if path.suffix != ".json"}


def asked(warehouse: Warehouse, query: str) -> list[dict[str, Any]]:
    with warehouse._ask() as connection:
        return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


def plain(name: str, value: Any) -> Any:
    """A value of either side, as one can be compared with the other."""
    if isinstance(value, memoryview | bytes):
        return bytes(value).hex()
    if name in AMOUNTS and value is not None:
        return Decimal(str(value)).normalize()
    return bool(value) if name == "own_side" else value if isinstance(value, int | None) else str(value)


@pytest.mark.parametrize("names", [False, True])
def test_published_records_are_those_of_the_analysts_view(warehouse, tmp_path, names):
    publish(warehouse, settings(tmp_path, names=names))
    found = read(tmp_path, "records")
    wanted = [name for name in FIELDS if names or name not in NAMING]
    shared = [name for name in wanted if name != "record_key"]
    assert found.columns == wanted
    view = asked(warehouse, "select * from training_record order by record_id")
    assert [{name: plain(name, row[name]) for name in shared} for row in found.iter_rows(named=True)] == [
        {name: plain(name, row[name]) for name in shared} for row in view
    ]
    assert found.height == 8
    assert found.select(AMOUNTS).dtypes == [pl.Decimal(9, 2)] * 3
    assert found["record_key"].n_unique() == 8


def test_deliveries_organisations_and_figures_are_the_warehouses_own(warehouse, tmp_path):
    publish(warehouse, settings(tmp_path))
    assert read(tmp_path, "deliveries").equals(warehouse.deliveries().sort("delivery_id").select(LINES))
    assert read(tmp_path, "organisations").rows() == [("测试小学", "", None)]
    figures = pl.read_csv(tmp_path / "out" / "current" / "measures.csv", infer_schema=False)
    for source, name in (("*", None), ("sample", "sample")):
        told = dict(figures.filter(source=source).select("measure", "value").rows())
        assert told == warehouse.measures(name)


def test_no_number_is_published_and_names_only_where_they_are_wanted(warehouse, tmp_path):
    for names in (False, True):
        publish(warehouse, settings(tmp_path, names=names))
        cells = {str(cell) for name in FRAMES for row in read(tmp_path, name).iter_rows() for cell in row}
        assert not [cell for cell in cells if "500199" in cell or "***" in cell]
        assert ("测试甲" in cells) == names
        assert read(tmp_path, "records")["person_key"].drop_nulls().str.contains(r"^[0-9a-f]{64}$").all()


def test_the_same_state_gives_the_same_bytes_and_no_new_snapshot(warehouse, tmp_path):
    first = publish(warehouse, settings(tmp_path))
    second = publish(warehouse, settings(tmp_path), anew=True)
    publish(warehouse, settings(tmp_path / "other"))
    assert (first.new, second.new, first.rows) == (True, False, second.rows)
    assert bytes_of(tmp_path) == bytes_of(tmp_path / "other")
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name != "current"] == ["000001"]


def test_the_manifest_tells_the_rows_and_the_digest_of_every_file(warehouse, tmp_path):
    rows = publish(warehouse, settings(tmp_path)).rows
    told = json.loads((tmp_path / "out" / "current" / "manifest.json").read_text(encoding="utf-8"))
    assert {name: file["rows"] for name, file in told["files"].items()} == rows
    assert {name: file["sha256"] for name, file in told["files"].items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in bytes_of(tmp_path).items()
    }
    assert (told["schema"], told["run"], told["least"]) == (
        asked(warehouse, "select version_num from alembic_version")[0]["version_num"],
        "run-1",
        5,
    )


@pytest.mark.parametrize("harm", ["records.parquet", "manifest.json", "cut"])
def test_a_snapshot_that_was_harmed_is_made_again(warehouse, tmp_path, harm):
    publish(warehouse, settings(tmp_path))
    current = tmp_path / "out" / "current"
    if harm == "cut":
        (current / "measures.csv").write_bytes(b"")
    else:
        (current / harm).unlink()
    assert publish(warehouse, settings(tmp_path)).new
    assert not publish(warehouse, settings(tmp_path)).new
    assert read(tmp_path, "records").height == 8


def test_other_settings_make_another_snapshot(warehouse, tmp_path):
    assert [publish(warehouse, settings(tmp_path, least=least)).new for least in (5, 5, 8)] == [
        True,
        False,
        True,
    ]


def test_files_are_their_owners_alone_whatever_the_umask_says(warehouse, tmp_path):
    before = os.umask(0)
    try:
        publish(warehouse, settings(tmp_path))
    finally:
        os.umask(before)
    out = tmp_path / "out"
    assert {path.stat().st_mode & 0o777 for path in (out, out / "000001")} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in (out / "000001").iterdir()} == {0o600}


def test_what_killed_publishes_left_is_removed_and_foreign_files_are_not(warehouse, tmp_path):
    publish(warehouse, settings(tmp_path))
    out = tmp_path / "out"
    for left in (".draft", "000002", "000017"):
        (out / left).mkdir()
        (out / left / "records.parquet").write_bytes(b"PAR1")
    (out / "notes").mkdir()
    assert not publish(warehouse, settings(tmp_path)).new
    assert inside(out) == ["000001", "current", "notes"]
    (out / ".draft").symlink_to("000002")
    publish(warehouse, settings(tmp_path, least=6))
    assert inside(out) == ["000001", "000002", "current", "notes"]


def test_only_the_newest_snapshots_stay(warehouse, tmp_path):
    for least in range(3, 8):
        publish(warehouse, settings(tmp_path, least=least, keep=3))
    assert inside(tmp_path / "out") == ["000003", "000004", "000005", "current"]


def test_a_reader_never_meets_a_missing_or_a_half_file(sqlite_url, tmp_path):
    seen: set[int] = set()
    faults: list[str] = []
    over = threading.Event()

    def reading() -> None:
        while not over.is_set():
            try:
                snapshot = (tmp_path / "out" / "current").resolve(strict=True)
                told = json.loads((snapshot / "manifest.json").read_bytes())["files"]
                wrong = [
                    name
                    for name, file in told.items()
                    if hashlib.sha256((snapshot / name).read_bytes()).hexdigest() != file["sha256"]
                ]
                faults.extend(wrong)
                seen.add(pl.read_parquet(snapshot / "records.parquet").height)
                pl.read_parquet((tmp_path / "out" / "current" / "records.parquet").read_bytes())
            except Exception as fault:  # noqa: BLE001  # whatever a reader meets is wrong
                faults.append(repr(fault))

    with Warehouse.open(sqlite_url, Keys.random()) as opened:
        deliver(opened, batch(one(1)), name="0")
        publish(opened, settings(tmp_path, keep=4))
        reader = threading.Thread(target=reading)
        reader.start()
        try:
            for number in range(2, 12):
                deliver(opened, batch(one(number)), name=str(number), place=at(number))
                assert publish(opened, settings(tmp_path, keep=4)).new
        finally:
            over.set()
            reader.join()
    assert faults == []
    assert len(seen) > 1


def test_a_full_disk_is_told_with_its_place_and_leaves_the_old_snapshot(warehouse, tmp_path):
    publish(warehouse, settings(tmp_path))
    before = bytes_of(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    deliver(warehouse, batch(one(20)), name="c.xlsx", place=at(3))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(OSError) as caught:
            publish(warehouse, settings(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value.filename).startswith(str(tmp_path / "out"))
    assert bytes_of(tmp_path) == before
    assert inside(tmp_path / "out") == ["000001", "current"]


def test_a_fault_of_the_rows_ends_the_writing_and_is_raised(tmp_path):
    def frames() -> Iterator[pl.DataFrame]:
        yield pl.DataFrame({"a": [1]})
        raise LookupError("rows")

    with pytest.raises(LookupError):
        parquet.write(tmp_path / "x.parquet", {"a": pl.Int64()}, frames())


@given(cuts=st.lists(st.integers(0, 500), max_size=6))
def test_the_bytes_do_not_depend_on_how_rows_come_in_batches(tmp_path_factory, cuts):
    folder = tmp_path_factory.mktemp("cut")
    whole = pl.select(a=pl.int_range(500), b=pl.int_range(500).cast(pl.String))
    edges = sorted({0, *cuts, 500})
    pieces = [whole[start:end] for start, end in pairwise(edges)]
    assert parquet.write(folder / "pieces", whole.schema, pieces) == 500
    parquet.write(folder / "whole", whole.schema, [whole])
    assert (folder / "pieces").read_bytes() == (folder / "whole").read_bytes()
    assert pl.read_parquet(folder / "pieces").equals(whole)


def test_each_event_counts_once_and_persons_are_told_apart(warehouse, tmp_path):
    deliver(
        warehouse,
        batch(
            one(1, hours=Decimal("30.00")),
            one(30, id_type="none", id_number=None, result="failed"),
            one(31, role="expert"),
            one(2, mode_detail="online", mode=3),
        ),
        name="other.xlsx",
        source="other",
    )
    with warehouse.view() as view:
        cells = view.crossed(*crossed.CROSSED["by_level_mode"])
    # Rows 1 to 7 and 9, of which 9 has no pseudonym; the other source's report of the event of row 1 does not count again.
    face, online = cells.rows()
    assert face[:5] == (2023, 40, "face_to_face", 8, 8)
    assert face[5] in {Decimal(9 + 6 * 75 // 10 + 8), Decimal(30 + 6 * 75 // 10 + 8)}
    assert online == (2023, 40, "online", 1, 1, Decimal("8.00"))
    once = warehouse.measures()
    assert int(once["events_once_recognised_passed_trainee"]) == cells["trainings"].sum()
    assert Decimal(once["hours_recognised_passed_trainee_events_once"]) == cells["hours"].sum()
    publish(warehouse, settings(tmp_path))
    counting = read(tmp_path, "records").filter(status="recognised", result="passed", role="trainee")
    mine = counting.sort("own_side", "record_key", descending=[True, False]).unique(
        "event_key", keep="first", maintain_order=True
    )
    assert mine["hours"].sum() == cells["hours"].sum()  # as docs/publish.md tells analysts to count


def test_a_small_cell_tells_no_number_in_words_that_people_know(warehouse, tmp_path):
    deliver(
        warehouse,
        batch(one(40, mode_detail="online", mode=3, employer_division="510903")),
        name="c",
        place=at(3),
    )
    publish(warehouse, settings(tmp_path))
    current = tmp_path / "out" / "current"
    lines = (current / "by_level_mode.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == [
        "培训年度｜training year,培训类别｜level,培训方式细分｜mode in detail,人次｜trainings,人数｜persons,学时｜hours",
        "2023,40 县级,face_to_face 集中面授,*,*,*",
        "2023,40 县级,online 网络研修,*,<5,*",
    ]
    assert "2023,510903 四川省遂宁市船山区,*,<5,*" in (current / "by_division.csv").read_text(
        encoding="utf-8-sig"
    )


CELLS = st.lists(st.tuples(st.integers(2020, 2022), st.integers(1, 30)), max_size=15)


@given(cells=CELLS, least=st.integers(3, 8))
def test_the_total_of_a_year_leaves_every_small_cell_open(cells, least):
    frame = pl.DataFrame(cells, schema={"training_year": pl.Int16, "persons": pl.Int64}, orient="row")
    told = frame.with_columns(crossed.hidden(frame, least))
    assert told.filter(pl.col("persons") < least)["hidden"].all()
    for _, year in told.group_by("training_year"):
        veiled = year.filter("hidden")["persons"].to_list()
        small = [number for number in veiled if number < least]
        if small and len(veiled) < year.height:
            assert possible(small, [n for n in veiled if n >= least], least) == set(range(1, least))


def possible(small: list[int], large: list[int], least: int) -> set[int]:
    """What the first small cell may be for one who knows the sum, which cells are small, and nothing else."""
    total = sum(small) + sum(large)
    found = set()
    for guess in range(1, least):
        rest = total - guess
        fewest = len(small) - 1 + len(large) * least
        most = (len(small) - 1) * (least - 1) + (10**9 if large else 0)
        found |= {guess} if fewest <= rest <= most else set()
    return found


def test_nothing_hides_where_no_cell_is_small():
    frame = pl.DataFrame({"training_year": [2023, 2023], "persons": [5, 9]})
    assert crossed.hidden(frame, 5).to_list() == [False, False]


def test_an_empty_warehouse_is_published_too(sqlite_url, tmp_path):
    with Warehouse.open(sqlite_url, Keys.random()) as opened:
        assert publish(opened, settings(tmp_path)).rows["records.parquet"] == 0
    assert read(tmp_path, "records").is_empty()
