from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.cli.veil import Veil, veiled
from etl_core.protocol import Column
from tests.cli.program import etl, here, samples

BEIBEI = samples("cq_beibei")[0]
SUITONG = samples("suitong")[0]
SHIZHU = samples("cq_shizhu")[0]
TONGLIANG = samples("cq_tongliang")[0]


def told(file: object, *more: object) -> list[dict]:
    done = here("preview", file, "--format", "json", *more)
    return [json.loads(line) for line in done.output.splitlines()]


def rows(file: object, *more: object) -> list[dict]:
    return [each for each in told(file, *more) if each["event"] == "row"]


def test_a_wide_row_is_told_with_its_cells_and_all_its_records():
    first, *_, last = told(BEIBEI, "--rows", 2)
    assert first == {
        "event": "preview",
        "file": BEIBEI.name,
        "source": "cq_beibei",
        "label": "2023春-1",
    }
    assert (last["read"], last["loaded"], last["skipped"], last["records"]) == (6, 2, 4, 5)
    row = rows(BEIBEI, "--rows", 2)[-1]
    assert row["cells"]["研修学时/网络研修"] == "20"
    assert [(each["mode_detail"], each["hours"]) for each in row["records"]] == [
        ("face_to_face", 16.0),
        ("online", 20.0),
        ("placement", 80.0),
    ]


def test_rows_that_are_no_records_are_told_with_their_kind_and_without_their_cells():
    skipped = [row for row in rows(BEIBEI, "--rows", 1) if row["outcome"] == "skipped"]
    assert [(row["row"], row["kind"]) for row in skipped] == [
        (1, "title"),
        (2, "title"),
        (3, "header"),
        (4, "header"),
    ]
    assert all("cells" not in row for row in skipped)


def test_a_problem_is_told_with_its_cell_code_and_message_and_the_row_gives_no_record():
    row = next(row for row in rows(SUITONG, "--rows", 6) if row["row"] == 7)
    assert (row["outcome"], row["records"], row["cells"]["学时"]) == ("quarantined", [], "2400")
    (problem,) = row["problems"]
    assert (problem["code"], problem["column"], problem["severity"]) == ("hours.range", "学时", "error")
    assert problem["message"].startswith("学时必须大于 0")


def test_what_check_says_of_the_same_rows_preview_says_too():
    previewed = {
        (each["row"], problem["code"], problem["column"])
        for each in rows(SUITONG, "--rows", 1000)
        for problem in each.get("problems", ())
    }
    checked = {
        (each["row"], each["code"], each["column"])
        for each in map(json.loads, here("check", SUITONG, "--format", "json").output.splitlines())
        if each["event"] == "problem" and each["code"] != "duplicate.in_delivery"
    }
    assert checked <= previewed
    assert previewed


@pytest.mark.parametrize("shape", ["table", "json"])
@pytest.mark.parametrize("file", [BEIBEI, SUITONG], ids=["beibei", "suitong"])
def test_names_and_numbers_are_veiled(file, shape, canaries):
    shown = etl("preview", file, "--rows", 300, "--format", shape).stdout
    assert [
        canary for canary in canaries if re.search(rf"(?<![\u4e00-\u9fff]){canary}(?![\u4e00-\u9fff])", shown)
    ] == []
    assert "***" in shown or "**" in shown


def test_names_are_shown_to_who_asks_for_them_and_numbers_never(canaries):
    shown = here("preview", BEIBEI, "--rows", 3, "--reveal").output
    assert any(canary in shown for canary in canaries if len(canary) == 3)
    assert not any(canary in shown for canary in canaries if len(canary) == 18)


@pytest.mark.parametrize("more", [(), ("--reveal",)])
def test_columns_that_may_not_be_kept_are_never_shown(more):
    shown = here("preview", SHIZHU, "--rows", 50, *more).output
    assert "9、您的手机号码" in shown  # named in the account of the headers
    assert not re.search(r"192\.0\.2\.\d|1990000\d{4}", shown)
    row = rows(SHIZHU, *more)[-1]
    assert not {"来自IP", "9、您的手机号码"} & row["cells"].keys()


def test_a_person_sees_each_cell_beside_what_it_becomes_and_the_problem_below():
    shown = here("preview", SUITONG, "--rows", 6).output.splitlines()
    at = next(at for at, line in enumerate(shown) if line.startswith("── 行 7 "))
    block = shown[at : at + 16]
    assert "隔离行" in block[0]
    assert any(line.startswith("✗ 学时") and line.endswith("2400") for line in block)
    assert any(line.startswith("✗ 学时  hours.range  学时必须大于 0") for line in block)


def test_one_sheet_alone_is_shown_where_it_is_named():
    shown = rows(TONGLIANG, "--sheet", "英语", "--rows", 2)
    assert {row["sheet"] for row in shown} == {"英语"}
    assert shown[-1]["records"][0]["subject"] == "英语"


def test_a_sheet_that_is_not_there_is_told_with_those_that_are():
    done = here("preview", TONGLIANG, "--sheet", "美术")
    assert done.exit_code == 3
    assert "sheet.unknown" in done.output
    assert "语文，数学，英语" in done.output


def test_a_file_of_nobody_is_told_as_such(tmp_path):
    stranger = tmp_path / "x.csv"
    stranger.write_text("a,b\n1,2\n", encoding="utf-8")
    done = here("preview", stranger, "--format", "json")
    last = json.loads(done.output.splitlines()[-1])
    assert (done.exit_code, last["error"], last["read"]) == (3, "unrecognised", 0)


def test_rows_without_a_problem_end_with_zero_and_others_with_three():
    assert here("preview", BEIBEI, "--rows", 1).exit_code == 0
    assert here("preview", SUITONG, "--rows", 6).exit_code == 3


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("欧阳娜娜", "欧***"),
        (" 张 三 ", "张 *"),
        ("张三（大）", "张****"),
        ("阿依·古丽", "阿****"),
    ],
)
def test_of_a_name_the_first_character_is_left(name, shown):
    assert veiled(name) == shown


def test_a_cell_of_no_certain_header_is_hidden_and_a_phone_loses_its_middle_anywhere():
    plain = Column("单位", "employer_name", ("employer_name",))
    assert Veil().cell(None, "3", "张三") == "…"
    assert Veil().cell(plain, "单位", "某校 13900001111") == "某校 139******11"
    assert Veil(lifted=True).cell(plain, "单位", "13900001111") == "139******11"
    assert Veil().cell(Column("证件号", "id_number", ("id_number",)), "证件号", "E1234567") == "E*****67"


@given(st.text(min_size=1, max_size=12))
def test_of_no_name_more_than_its_first_character_is_ever_seen(name):
    shown = veiled(name)
    assert len(shown) == len(name.strip())
    assert all(char == "*" or char.isspace() for char in shown[1:])
