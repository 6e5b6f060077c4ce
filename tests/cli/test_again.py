"""Deliveries shown, compared, revoked, restored, read again and made again, as a person types it."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.program import Place, configure, here


@pytest.fixture
def place(loaded: Place, tmp_path: Path) -> Place:
    """A copy of the loaded pipeline that a test may change."""
    for name in ("inbox", "keys"):
        shutil.copytree(loaded.folder / name, tmp_path / name)
    for path in loaded.folder.glob("data.sqlite*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / path.name)
    config = configure(tmp_path)
    return Place(tmp_path, config, tmp_path / "inbox", tmp_path / "data.sqlite", loaded.log, loaded.first)


def told(*typed: object) -> list[dict[str, object]]:
    done = here(*typed, "--format", "json")
    assert done.exit_code in (0, 3), done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def number(of: Place, part: str) -> int:
    lines = told("deliveries", "list", "--config", of.config)
    return next(int(str(line["delivery_id"])) for line in lines if part in str(line["file"]))


def test_everything_about_a_delivery_is_shown_without_a_cell(loaded: Place, canaries: set[str]) -> None:
    wanted = number(loaded, "春季）.xlsx")
    (one,) = told("deliveries", "show", wanted, "--config", loaded.config)
    assert one["read"] == 128
    assert one["states"] == {"current": 0, "withdrawn": 4, "superseded": 246, "cancelling": 0}
    assert (one["result"], one["archived"], one["plugin"]) == ("loaded", True, "etl-source-cq-beibei 0.1.0")
    shown = here("deliveries", "show", wanted, "--config", loaded.config)
    assert "读入行 128 = 入库行 112 + 隔离行 7 + 跳过行 9" in shown.output
    assert [canary for canary in canaries if canary in shown.output] == []


def test_two_deliveries_differ_in_places_and_fields(
    loaded: Place, canaries: set[str], tmp_path: Path
) -> None:
    first, second = (number(loaded, part) for part in ("春季）.xlsx", "（更正）"))
    out = tmp_path / "diff.csv"
    lines = told("deliveries", "diff", first, second, "--config", loaded.config, "--out", out)
    kinds = [line["change"] for line in lines]
    assert {kind: kinds.count(kind) > 0 for kind in ("added", "changed", "withdrawn")} == dict.fromkeys(
        ("added", "changed", "withdrawn"), True
    )
    assert {"change": "changed", "fields": ["hours"]}.items() <= next(
        line for line in lines if line["fields"] == ["hours"]
    ).items()
    shown = here("deliveries", "diff", first, second, "--config", loaded.config).output
    assert [canary for canary in canaries if canary in shown + json.dumps(lines, ensure_ascii=False)] == []
    values = list(csv.DictReader(out.open(encoding="utf-8")))
    assert any(line["field"] == "hours" and line["before"] != line["after"] for line in values)
    assert out.stat().st_mode & 0o777 == 0o600
    assert [
        canary for canary in canaries if len(canary) == 18 and canary in out.read_text(encoding="utf-8")
    ] == []


def test_a_delivery_is_revoked_and_comes_back(place: Place) -> None:
    wanted, before = number(place, "（更正）"), told("status", "--config", place.config)
    refused = here("deliveries", "revoke", wanted, "--config", place.config)
    assert (refused.exit_code, told("status", "--config", place.config)) == (2, before)
    done = here("deliveries", "revoke", wanted, "--config", place.config, "--yes")
    assert done.exit_code == 0
    assert f"已撤销: {wanted}" in done.output
    again = told("run", "--config", place.config)
    assert [line["result"] for line in again if line["event"] == "delivery.finished"].count("revoked") == 1
    assert "已撤销: " in here("run", "--config", place.config, "--format", "table").output
    lines = {
        line["delivery_id"]: line["result"] for line in told("deliveries", "list", "--config", place.config)
    }
    assert lines[wanted] == "revoked"
    back = here("deliveries", "restore", wanted, "--config", place.config)
    assert "已入库" in back.output
    after = told("status", "--config", place.config)
    kept = [{name: value for name, value in line.items() if name != "loaded_at"} for line in after]
    assert [line["current"] for line in kept] == [line["current"] for line in before]
    lines = {
        line["delivery_id"]: line["result"] for line in told("deliveries", "list", "--config", place.config)
    }
    assert lines[wanted] == "restored"
    assert here("deliveries", "restore", wanted, "--config", place.config).exit_code == 2


def test_reading_again_says_for_each_reason_what_was_cured(place: Place) -> None:
    before = place.warehouse.read_bytes()
    lines = told("quarantine", "replay", "--config", place.config, "--source", "cq_beibei")
    assert lines
    assert all((line["result"], line["cured"], line["new"]) == ("unchanged", 0, 0) for line in lines)
    assert sum(int(str(line["stay"])) for line in lines) > 0
    assert (
        "仍隔离行" in here("quarantine", "replay", "--config", place.config, "--source", "cq_beibei").output
    )
    assert place.warehouse.read_bytes() == before


def test_the_warehouse_is_made_again(place: Place) -> None:
    target = f"sqlite:///{place.folder / 'again.sqlite'}"
    done = here("rebuild", "--config", place.config, "--into", target, "--format", "table")
    assert done.exit_code == 3, "some rows are quarantined, as they were"
    assert "已由存档重建: 6" in done.output
    full = here("rebuild", "--config", place.config, "--into", target)
    assert full.exit_code == 2
    assert "--into" in full.stderr


def test_a_record_is_found_by_its_place_and_explained_without_its_person(
    loaded: Place, canaries: set[str]
) -> None:
    delivery = number(loaded, "（更正）")
    found = told("records", "find", "--delivery", delivery, "--row", 7, "--config", loaded.config)
    assert [line["row"] for line in found] == [7, 7, 7]
    wanted = found[0]["record_id"]
    head, *fields = told("explain", wanted, "--config", loaded.config)
    assert (head["row"], head["plugin"]) == (7, "etl-source-cq-beibei 0.1.0")
    by = {line["field"]: line for line in fields}
    assert (by["hours"]["cell"], by["hours"]["header"]) == ("40", "研修学时/集中研修")
    assert "*" in str(by["person_name"]["value"])
    texts = [
        here("explain", wanted, *more, "--config", loaded.config).output
        for more in ([], ["hours"], ["id_number"])
    ]
    assert "ruling 46" in texts[1]
    assert [canary for canary in canaries if canary in "".join(texts)] == []
    revealed = here("explain", wanted, "--config", loaded.config, "--reveal").output
    seen = [canary for canary in canaries if canary in revealed]
    assert [canary for canary in seen if len(canary) == 18] == []
    assert here("explain", wanted, "shoe_size", "--config", loaded.config).exit_code == 2
    nothing = here("records", "find", "--delivery", delivery, "--row", 1, "--config", loaded.config)
    assert nothing.exit_code == 3


def test_the_figures_and_records_of_a_day(loaded: Place, tmp_path: Path) -> None:
    days = ("2023-07-19", "2023-07-20", "2999-01-01")
    counted = [
        {line["measure"]: line["value"] for line in told("status", "--config", loaded.config, "--as-of", day)}
        for day in days
    ]
    assert counted[0]["current_records"] == "0"
    assert int(str(counted[1]["current_records"])) > 0
    (beibei, suitong) = told("status", "--config", loaded.config)
    assert int(str(counted[2]["current_records"])) == int(str(beibei["current"])) + int(
        str(suitong["current"])
    )
    before = told("status", "--config", loaded.config, "--known", "2020-01-01T08:00")
    assert {line["measure"]: line["value"] for line in before}["current_records"] == "0"
    out = tmp_path / "then.csv"
    done = here("records", "as-of", "--config", loaded.config, "--valid", days[1], "--out", out)
    assert done.exit_code == 0
    lines = list(csv.DictReader(out.open(encoding="utf-8")))
    assert str(len(lines)) == counted[1]["current_records"]
    assert out.stat().st_mode & 0o777 == 0o600
