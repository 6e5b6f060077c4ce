from __future__ import annotations

import csv
import json
from collections import Counter
from shutil import copytree

import pytest

from etl_core.cli.check import headers, spans
from etl_core.records import HeaderAccount
from etl_schemas.messages import text
from tests.cli.program import PLUGINS, here, samples

FAULTY, GOOD, _ = samples("suitong")


def test_the_headers_of_a_file_in_an_archive_are_told_with_its_name():
    account = HeaderAccount("附件.zip/报送/甲.csv", None, ("姓名",), (), (), ())
    assert all(line.startswith("报送/甲.csv: ") for line in headers(account, "zh"))
    alone = HeaderAccount("甲.xlsx", "语文", ("姓名",), (), (), ())
    assert all(line.startswith("语文: ") for line in headers(alone, "zh"))


def problems(*typed: object) -> list[dict]:
    lines = [json.loads(line) for line in here("check", *typed, "--format", "json").output.splitlines()]
    return [line for line in lines if line["event"] == "problem"]


@pytest.mark.parametrize("source", ["suitong", "cq_beibei"])
def test_every_problem_of_the_golden_is_told_with_its_cell(source):
    file = samples(source)[0]
    golden = PLUGINS / source / "tests" / "golden" / "expected.csv"
    rows = [row for row in csv.DictReader(golden.open(encoding="utf-8")) if row["file"] == file.name]
    wanted = {
        (row["sheet"], int(row["row"]), severity, *fault.partition("@")[::2])
        for row in rows
        for kind, severity in (("reasons", "error"), ("warnings", "warning"))
        for fault in row[kind].split(";")
        if fault and not fault.startswith("skip:")
    }
    told = {
        (one["sheet"] or "", one["row"], one["severity"], one["code"], one["column"] or "")
        for one in problems(file)
    }
    assert told == wanted != set()


def test_a_good_file_ends_with_0_and_its_counts_and_headers_are_told():
    done = here("check", GOOD)
    assert done.exit_code == 0
    assert "读入行 14 = 入库行 12 + 隔离行 0 + 跳过行 2; 记录数 12" in done.output
    assert "入库的列 11: 省市, 市州/区县" in done.output
    assert "不入库的列 1: 接收单位" in done.output
    assert "不认识的列 0" in done.output


def test_a_faulty_file_ends_with_3_and_a_problem_is_one_line_like_a_compilers():
    done = here("--lang", "en", "check", FAULTY)
    shown = done.output.splitlines()
    assert done.exit_code == 3
    assert shown[1].startswith(f"{FAULTY.name}:7: 学时: hours.range (error): Hours must be more than 0")


def test_what_was_skipped_is_told_by_kind_with_its_rows_and_what_the_kind_means():
    told = [line for line in here("check", FAULTY).output.splitlines() if line.startswith("跳过行: ")]
    golden = csv.DictReader((PLUGINS / "suitong/tests/golden/expected.csv").open(encoding="utf-8"))
    kinds = Counter(
        row["reasons"].removeprefix("skip:")
        for row in golden
        if row["file"] == FAULTY.name and row["outcome"] == "skipped"
    )
    assert len(told) == len(kinds) > 1
    for kind, number in kinds.items():
        (line,) = (line for line in told if line.startswith(f"跳过行: {text(f'skip.{kind}')} {number} ("))
        assert line.endswith(f"): {text(f'skipped.{kind}')}")


def test_a_sheet_that_was_not_read_is_told_as_a_warning():
    sheets = samples("moe_template")[0]
    lines = here("check", sheets).output.splitlines()
    asides = [line for line in lines if line.startswith("提醒，没有读的工作表: ")]
    assert [line.split(": ")[1:3] for line in asides] == [
        ["hidden_dict", "隐藏工作表中的行 5"],
        ["代码表", "非数据工作表中的行 7"],
    ]
    events = [json.loads(line) for line in here("check", sheets, "--format", "json").output.splitlines()]
    told = {
        (one["sheet"], one["kind"], one["count"], one["rows"], one["severity"])
        for one in events
        if one["event"] == "skipped"
    }
    assert {
        ("代码表", "other_sheet", 7, "1–7", "warning"),
        ("hidden_dict", "hidden_sheet", 5, "1–5", "warning"),
        ("国内培训", "header", 1, "2", "info"),
    } <= told
    named = [(one["sheet"], one["kind"], one["rows"]) for one in events[-1]["asides"]]
    assert sorted(named) == [("hidden_dict", "hidden_sheet", 5), ("代码表", "other_sheet", 7)]


def test_of_many_rows_the_first_runs_are_named():
    assert spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert spans(range(1, 40, 2)) == "1, 3, 5, 7, 9, 11, 13, 15 …"


def test_an_unknown_header_is_told(tmp_path):
    text = GOOD.read_bytes().decode("gb18030").splitlines()
    wider = tmp_path / GOOD.name
    wider.write_text(
        "\n".join(f"{line},{'手机' if not at else ''}" for at, line in enumerate(text)), "gb18030"
    )
    assert "不认识的列 1: 手机" in here("check", wider).output


@pytest.mark.parametrize(
    ("lang", "said", "ends"),
    [("zh", "没有一种已登记的格式", "未能处理"), ("en", "No registered format fits", "failed")],
)
def test_a_file_that_nobody_knows_is_told_in_the_language_that_is_asked_for_and_by_its_name(
    tmp_path, lang, said, ends
):
    stranger = tmp_path / "名单.csv"
    stranger.write_text("a,b\n1,2\n", encoding="utf-8")
    done = here("--lang", lang, "check", stranger)
    assert done.exit_code == 3
    first, second, *_ = done.output.splitlines()
    assert first.startswith(f"名单.csv: unrecognised: {said}")
    assert "｜" not in first
    assert second == f"名单.csv: {ends}"


def test_nothing_is_left_behind_and_no_person_is_shown(tmp_path, monkeypatch, canaries):
    monkeypatch.chdir(tmp_path)
    shown = "".join(
        here("check", file, "--format", shape).output for file in (FAULTY,) for shape in ("table", "json")
    )
    assert list(tmp_path.iterdir()) == []
    assert [canary for canary in canaries if canary in shown] == []


PULL = samples("sc_credit")[0]


def test_a_folder_is_checked_as_one_delivery():
    done = here("check", PULL)
    assert done.exit_code == 3
    assert f"{PULL.name}/page-0005.json:33: applyCredits[0].credit: credits.unparsable" in done.output
    assert "读入行 312 = 入库行 296 + 隔离行 15 + 跳过行 1; 记录数 375" in done.output
    assert done.output.count("不认识的列") == 1


def test_a_pull_without_one_of_its_pages_is_told_with_what_is_missing(tmp_path):
    part = copytree(PULL, tmp_path / PULL.name)
    (part / "page-0003.json").unlink()
    done = here("--lang", "en", "check", part)
    assert done.exit_code == 3
    assert "not_settled" in done.output
    assert "(262 records where there are 312)" in done.output
    assert "应有 312 条，取到 262 条" in here("check", part).output


def test_a_pull_in_which_a_page_stands_twice_is_told_with_both(tmp_path):
    part = copytree(PULL, tmp_path / PULL.name)
    (part / "page-0003.json").write_bytes((part / "page-0002.json").read_bytes())
    done = here("--lang", "en", "check", part)
    assert done.exit_code == 3
    assert "not_settled" in done.output
    assert "(page-0003.json is the same page as page-0002.json)" in done.output
    assert "“page-0003.json”与“page-0002.json”是同一页" in here("check", part).output


def test_every_column_that_was_renamed_is_told_in_both_languages(tmp_path):
    renamed = tmp_path / GOOD.name
    text = GOOD.read_bytes().decode("gb18030")
    renamed.write_text(text.replace("学时,角色", "课时数,身份角色", 1), "gb18030")
    done = here("--lang", "en", "check", renamed)
    assert done.exit_code == 3
    assert "Required columns are missing: 学时 → 课时数？，角色 → 身份角色？" in done.output
    assert "找不到必需的列：学时 → 课时数？，角色 → 身份角色？" in here("check", renamed).output
    assert "columns of the file that nobody knows: 课时数，身份角色" in done.output
    told = json.loads(here("check", renamed, "--format", "json").output.splitlines()[-1])
    assert told["detail"] == {
        "sheet": "",
        "missing": "学时 → 课时数？，角色 → 身份角色？",
        "unknown": "课时数，身份角色",
    }


def test_a_column_without_a_header_is_told_where_rows_have_text_there(tmp_path):
    text = GOOD.read_bytes().decode("gb18030").splitlines()
    wider = tmp_path / GOOD.name
    wider.write_text("\n".join(f"{line},{'附注' if at else ''}" for at, line in enumerate(text)), "gb18030")
    assert "不认识的列 1: (无表头 M列｜no header, column M)" in here("check", wider).output


def test_the_lock_file_of_an_office_program_is_told_as_such(tmp_path):
    lock = tmp_path / "~$台账.xlsx"
    lock.write_bytes(b"\x05admin".ljust(165))
    for verb in ("check", "identify", "preview"):
        done = here(verb, lock)
        assert (done.exit_code, "lock_file: 这是 WPS 或 Excel" in done.output) == (3, True), verb
