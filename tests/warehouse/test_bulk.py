"""Bulk loading: through temporary tables, through COPY, and through files that SQLite attaches; always the same rows."""

from __future__ import annotations

import errno
from decimal import Decimal

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import WarehouseError
from etl_core.keys import Keys
from etl_core.warehouse import Warehouse, bulk, dialect, tables
from tests.warehouse.samples import batch, deliver, delivering, one

NASTY = ["\\", "\\.", "a\tb", "a\nb", "a\r\nb", "'", '"', "", "{}", "%s", ":a", "赵𬀩", None]


@pytest.fixture
def filed(monkeypatch):
    """Files from the second row on, and a new one for every second batch."""
    monkeypatch.setattr(bulk, "FEW", 1)
    monkeypatch.setattr(bulk, "FIRST", 2)


def state(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """Every row of every table that a delivery fills, less keys that differ by warehouse."""
    filled = (tables.record, tables.person, tables.skipped_row, tables.quarantine, tables.reason)
    free = {"record_key", "row_key", "event_key", "person_key", "sealed"}
    with warehouse._ask() as connection:
        found = [
            (table.name, *line)
            for table in filled
            for line in connection.execute(sa.select(*(c for c in table.columns if c.name not in free)))
        ]
        return sorted(found, key=repr)


def batches():
    """Thirteen batches with hostile texts; the sixth repeats the second, the seventh contradicts the third."""
    made = [batch(one(number, class_name=text)) for number, text in enumerate(NASTY, 1)]
    made[5] = batch(again(6, 2))
    made[6] = batch(again(7, 3, hours=Decimal("99.00")))
    return made


def again(number: int, other: int, **fields: object) -> dict[str, object]:
    """A row with the key of another one."""
    return one(number, id_number=one(other)["id_number"], class_name=NASTY[other - 1], **fields)


def test_a_delivery_through_files_is_the_same_as_one_through_temporary_tables(sqlite_url, tmp_path, filed):
    with Warehouse.memory() as plain, Warehouse.open(sqlite_url, Keys.random()) as through_files:
        told = [deliver(warehouse, *batches())[1] for warehouse in (plain, through_files)]
        assert told[0] == told[1]
        assert (told[0].quarantined, told[0].skipped) == (1, 1)
        assert state(plain) == state(through_files)


def test_many_deliveries_through_many_files_do_not_use_up_what_sqlite_can_attach(sqlite_url, filed):
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        for number in range(3):
            rows = [batch(one(row, person_name=f"赵{number}")) for row in range(1, 40)]
            deliver(warehouse, *rows, name=f"{number}.xlsx")
        with warehouse._ask() as connection:
            assert connection.execute(sa.select(sa.func.count(tables.record.c.record_id))).scalar_one() >= 39


def test_no_file_stays_beside_the_warehouse(sqlite_url, filed):
    folder = dialect.file_of(dialect.address(sqlite_url)).parent
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        with pytest.raises(KeyError):
            deliver_half(warehouse)
        deliver(warehouse, batch(one(1)))
        assert not list(folder.glob("*.stage"))
        assert warehouse.measures()["current_records"] == "1"


def deliver_half(warehouse: Warehouse) -> None:
    """A load that dies between two batches."""
    with delivering(warehouse, name="half.xlsx") as load:
        load.add(batch(one(1)))
        load.add(batch(one(2)))
        raise KeyError


def test_what_a_killed_run_left_in_the_stage_is_removed(sqlite_url, filed):
    file = dialect.file_of(dialect.address(sqlite_url))
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        left = file.with_name(f"{file.name}.stage")
        left.mkdir()
        (left / "1.sqlite").write_bytes(b"half a file")
        deliver(warehouse, *(batch(one(number)) for number in range(1, 4)))
        assert warehouse.measures()["current_records"] == "3"
        assert not left.exists()


def test_a_person_whom_many_batches_mention_is_one(each_warehouse):
    same = one(1)["id_number"]
    rows = [one(number, class_name=str(number), id_number=same) for number in (1, 2, 3)]
    deliver(each_warehouse, *map(batch, rows))
    with each_warehouse._ask() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.person)).scalar_one() == 1


def test_a_stage_without_room_is_a_full_disk_and_nothing_is_loaded(sqlite_url, filed, monkeypatch):
    monkeypatch.setattr(bulk, "PRAGMAS", (*bulk.PRAGMAS, "max_page_count = 3"))
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        with pytest.raises(OSError, match=r"warehouse\.sqlite\.stage") as caught:
            deliver(warehouse, batch(*map(one, range(1, 200))))
        assert caught.value.errno == errno.ENOSPC
        assert warehouse.measures()["current_records"] == "0"


def test_an_error_of_the_stage_tells_no_value(sqlite_url, filed, monkeypatch):
    monkeypatch.setattr(bulk, "PRAGMAS", (*bulk.PRAGMAS, "query_only = on"))
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        with pytest.raises(WarehouseError) as caught:
            deliver(warehouse, batch(one(1)))
        assert str(caught.value).endswith(
            "(InternalError): 数据库出错，没有完成：填充暂存｜the database failed while filling a stage"
        )


def test_a_column_that_is_no_longer_the_same_for_all_rows_goes_on_in_another_file(
    sqlite_url, filed, monkeypatch
):
    monkeypatch.setattr(bulk, "FIRST", 1000)
    monkeypatch.setattr(bulk, "FILES", 3)
    names = ["甲", "甲", "乙", None, "甲", "丙"]
    rows = [
        one(number, class_name=name, title=title)
        for number, (name, title) in enumerate(zip(names, [*"aaabca"], strict=True), 1)
    ]
    with Warehouse.open(sqlite_url, Keys.random()) as warehouse:
        load, _ = deliver(warehouse, *map(batch, rows))
        found = warehouse.records(load.delivery_id)
        assert found["class_name"].to_list() == names
        assert "".join(found["title"]) == "aaabca"


@given(
    st.lists(st.lists(st.sampled_from([None, "", "a", "'"]), min_size=1, max_size=4), min_size=1, max_size=5)
)
def test_what_is_told_once_and_what_is_left_are_the_rows_again(columns):
    width = max(map(len, columns))
    rows = pl.DataFrame(
        {str(at): (cells * width)[:width] for at, cells in enumerate(columns)},
        schema=dict.fromkeys(map(str, range(len(columns))), pl.String()),
    )
    constants = bulk.Constants.of(rows, {"0"})
    assert "0" not in constants.values
    assert not constants.other(rows)
    told = constants.without(rows).with_columns(
        pl.lit(value, pl.String).alias(name) for name, value in constants.values.items()
    )
    assert told.select(rows.columns).equals(rows)
    assert constants.other(
        rows.with_columns(pl.lit("other").alias(name) for name in constants.values)
    ) == set(constants.values)
