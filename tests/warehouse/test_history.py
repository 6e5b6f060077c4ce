"""The worked example of docs/history.md, held cell by cell on each kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from etl_core.warehouse import dialect
from tests.warehouse.samples import RUN, at, batch, deliver, one

PAGE = Path(__file__).resolve().parents[2] / "docs" / "history.md"


def tables() -> list[list[list[str]]]:
    """The tables of the example: their rows, heads first, as lists of cells."""
    chapter = PAGE.read_text(encoding="utf-8").partition("## 例子")[2].partition("\n## ")[0]
    blocks = [block for block in chapter.split("\n\n") if block.startswith("| ")]
    rows = [
        [line.strip("|").split("|") for line in block.splitlines() if not line.startswith("|-")]
        for block in blocks
    ]
    return [[[cell.strip() for cell in row] for row in table] for table in rows]


def moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def told(warehouse, monkeypatch) -> None:
    """Bring the deliveries of the first table in the order in which they came, and revoke the one that was."""
    lines = tables()[0][1:]
    events = [(row[3], "load", row) for row in lines] + [(row[4], "revoke", row) for row in lines if row[4]]
    numbers = {}
    for day, what, (delivery, hours, effective, *_) in sorted(events):
        monkeypatch.setattr(dialect, "now", lambda day=day: moment(day))
        if what == "load":
            place = replace(at(int(delivery)), dated=date.fromisoformat(effective))
            load, _ = deliver(warehouse, batch(one(1, hours=int(hours))), name=delivery, place=place)
            numbers[delivery] = load.delivery_id
        else:
            with warehouse.revoking(numbers[delivery], RUN):
                pass


def test_the_hours_of_the_example_are_those_that_stood(each_warehouse, monkeypatch):
    told(each_warehouse, monkeypatch)
    heads, *rows = tables()[1]
    for known, *hours in rows:
        for valid, wanted in zip(heads[1:], hours, strict=True):
            then = each_warehouse.as_of(moment(known) + timedelta(hours=1), date.fromisoformat(valid))
            assert [str(int(each)) for each in then.filter(state="current")["hours"]] == [wanted], (
                known,
                valid,
            )
            figures = each_warehouse.measures("sample", moment(known), date.fromisoformat(valid))
            assert figures["hours_recognised_passed_trainee"] == wanted


def test_the_lines_of_the_example_are_those_of_the_view(each_warehouse, monkeypatch):
    told(each_warehouse, monkeypatch)
    asked = (
        "select d.sort_key, h.hours, h.state, h.known_from, h.known_until, h.valid_from, h.valid_until from record_history h"
        " join (select delivery_id, sort_key from delivery union select delivery_id, sort_key from former_delivery) d"
        " on d.delivery_id = h.delivery_id order by d.sort_key, h.known_from"
    )
    with each_warehouse._engine.connect() as connection:
        found = connection.exec_driver_sql(asked).all()
    order = sorted({line[0] for line in found})
    lines = [
        [
            str(order.index(key) + 1),
            str(int(hours)),
            state,
            *("" if day is None else str(day)[:10] for day in days),
        ]
        for key, hours, state, *days in found
    ]
    assert lines == tables()[2][1:]
