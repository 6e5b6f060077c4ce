from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import polars as pl
import pytest

from etl_core.cli.quarantine import HEADS, headed, sheet
from tests.cli.program import Place, here, samples

FILE = samples("suitong")[0].name


def exported(loaded: Place, out: Path) -> list[dict[str, str]]:
    done = here("quarantine", "export", "--config", loaded.config, "--source", "cq_beibei", "--out", out)
    assert done.exit_code == 0
    return list(csv.DictReader(out.open(encoding="utf-8-sig")))


def refused(cells: dict[str, str | None], *reasons: tuple[str, str | None]) -> pl.DataFrame:
    said = [{"code": code, "column": column, "detail": {}} for code, column in reasons]
    row = {"file": "a.csv", "sheet": None, "row": 7, "reasons": json.dumps(said), "cells": json.dumps(cells)}
    return pl.DataFrame([row])


def test_every_reason_that_still_waits_is_listed_with_its_place_and_no_cell(
    loaded: Place, canaries: set[str]
):
    done = here("quarantine", "list", "--config", loaded.config, "--format", "json")
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert len(lines) == 18
    assert {"source", "file", "row", "column", "code", "message"} <= lines[0].keys()
    table = here("quarantine", "list", "--config", loaded.config).output
    assert [canary for canary in canaries if canary in done.output + table] == []


def test_one_delivery_is_listed_in_the_order_of_its_rows(loaded: Place):
    typed = ("quarantine", "list", "--config", loaded.config, "--delivery", FILE, "--format", "json")
    rows = [json.loads(line)["row"] for line in here(*typed).output.splitlines()]
    assert rows == sorted(rows)
    assert len(rows) == 6


def test_the_export_masks_every_id_number_and_keeps_the_rest_of_the_row(loaded: Place, tmp_path, canaries):
    out = tmp_path / "out.csv"
    rows = exported(loaded, out)
    assert list(rows[0])[:7] == list(HEADS)
    assert "姓名" in rows[0]
    text = out.read_text(encoding="utf-8-sig")
    assert not re.search(r"\d{15}", text)
    assert [canary for canary in canaries if len(canary) == 18 and canary in text] == []
    masked = [row["身份证号码"] for row in rows if row["身份证号码"]]
    assert len(masked) == 3
    assert all(re.fullmatch(r"500\*{11}\d{3}[\dX]", number) for number in masked)


def test_the_export_is_private_and_begins_with_a_byte_order_mark(loaded: Place, tmp_path):
    out = tmp_path / "out.csv"
    exported(loaded, out)
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")


def test_an_export_replaces_an_older_one_and_a_link_in_its_place(loaded: Place, tmp_path):
    victim, out = tmp_path / "victim", tmp_path / "out.csv"
    victim.write_text("kept")
    out.symlink_to(victim)
    exported(loaded, out)
    assert victim.read_text() == "kept"
    assert not out.is_symlink()


def test_a_number_under_any_header_is_masked_and_one_under_an_id_header_whatever_it_looks_like():
    cells = {"身份证号": "E12345678", "备注": "原号 519999 19900101 123x", "证": "5199991990", "姓名": None}
    (row,) = sheet(refused(cells, ("id_number.length", "证")), "zh").iter_rows(named=True)
    assert row["身份证号"] == "E******78"
    assert row["备注"] == "原号 519***********123x"
    assert row["证"] == row["原文"] == "5*******90"
    assert row["姓名"] is None


def test_a_row_with_two_reasons_has_two_lines_and_a_header_like_ours_is_told_apart():
    lines = sheet(refused({"行": "第一行"}, ("required.hours", "学时"), ("row.malformed", None)), "zh")
    assert lines["原因代码"].to_list() == ["required.hours", "row.malformed"]
    assert lines["行"].to_list() == ["7", "7"]
    assert lines["行#"].to_list() == ["第一行", "第一行"]


def test_an_export_of_nothing_has_its_head_alone(loaded: Place, tmp_path):
    out = tmp_path / "out.csv"
    assert here("quarantine", "export", "-c", loaded.config, "-s", "moe_template", "-o", out).exit_code == 0
    assert out.read_text(encoding="utf-8-sig").strip() == ",".join(HEADS)


def test_a_row_that_is_kept_as_a_record_or_by_position_gets_headings_that_a_sender_knows():
    record = {"person_name": "王某", "hours_x100": "1650 / 2400", "hours_basis": "stated", "namesake": "大"}
    assert headed(record) == {"姓名": "王某", "学时": "16.5 / 24", "学时依据": "stated", "namesake": "大"}
    assert headed({"0": "四川省", "12": None}) == {"第1格": "四川省", "第13格": None}
    own = {"1": "√", "hours": "8", "姓名": "王某"}
    assert headed(own) == own


def test_no_heading_of_an_export_is_a_name_of_the_program(loaded: Place, tmp_path):
    heads = list(exported(loaded, tmp_path / "out.csv")[0])
    assert [head for head in heads if re.search(r"[a-z0-9]{2}|^\d", head)] == []


def test_a_row_whose_delivery_was_replaced_waits_no_more_but_is_still_told_by_its_delivery(
    loaded: Place, tmp_path
):
    slot = "2023年春季"
    listed = here("quarantine", "list", "--config", loaded.config, "--format", "json").output.splitlines()
    assert [one for one in map(json.loads, listed) if slot in one["file"]] == []
    assert [row for row in exported(loaded, tmp_path / "out.csv") if slot in row["文件"]] == []
    told = here("deliveries", "rows", "1", "--config", loaded.config).output
    rows = [row for row in csv.DictReader(io.StringIO(told)) if row["outcome"] == "quarantined"]
    assert len(rows) == 7
    assert all(slot in row["file"] for row in rows)


@pytest.mark.parametrize(
    "typed",
    [
        ("quarantine", "list"),
        ("quarantine", "export", "--out", "out.csv"),
        ("quarantine", "export", "--out", "out.xlsx"),
        ("quarantine", "replay"),
        ("codes", "unmapped"),
        ("deliveries", "list"),
    ],
)
def test_a_source_that_nobody_knows_is_refused_with_the_nearest_name(loaded: Place, typed):
    done = here(*typed, "--config", loaded.config, "--source", "suitng")
    assert done.exit_code == 2
    assert (
        "没有名为 suitng 的来源；是否想写 suitong？｜there is no source suitng; did you mean suitong?"
        in done.stderr
    )


def test_a_source_that_is_installed_and_never_delivered_is_no_mistake(loaded: Place):
    done = here(
        "quarantine", "list", "--config", loaded.config, "--source", "moe_template", "--format", "json"
    )
    assert (done.exit_code, done.stdout) == (0, "")


def test_a_file_of_another_form_is_refused(loaded: Place, tmp_path):
    out = tmp_path / "out.pdf"
    done = here("quarantine", "export", "-c", loaded.config, "-s", "suitong", "-o", out)
    assert done.exit_code == 2
    assert ".xlsx" in done.stderr
    assert not out.exists()
