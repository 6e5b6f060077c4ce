"""Alerts are kept between the nights, and nothing is written where nothing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from etl_core.keys import Keys
from etl_core.warehouse import Standing, Warehouse

SINCE = datetime(2026, 11, 1, 2, 30, tzinfo=UTC)
LATE = Standing("late:a", "late", "a", "raised", SINCE, {"days": 6, "due": "2026-10-10"}, ("mail",))
REFUSED = Standing("refused:b", "refused", "b", "raised", SINCE, {"count": 1, "codes": "empty"})


def test_alerts_come_back_as_they_were_kept(each_warehouse):
    each_warehouse.keep_alerts([], [LATE, REFUSED])
    assert each_warehouse.alerts() == [LATE, REFUSED]
    told, over = replace(LATE, untold=()), [replace(REFUSED, state="cleared", untold=("mail",))]
    each_warehouse.keep_alerts([LATE, REFUSED], [told, *over])
    assert each_warehouse.alerts() == [told, *over]
    each_warehouse.keep_alerts([told, *over], [])
    assert each_warehouse.alerts() == []


def test_alerts_that_are_as_before_write_nothing(tmp_path):
    path = tmp_path / "w.sqlite"
    with Warehouse.open(str(path), Keys.random()) as warehouse:
        warehouse.keep_alerts([], [LATE])
    content = path.read_bytes()
    with Warehouse.open(str(path), None) as warehouse:
        warehouse.keep_alerts(warehouse.alerts(), [LATE])
    assert path.read_bytes() == content
