from __future__ import annotations

import json
import shutil
from os import environ
from pathlib import Path

import polars as pl

from etl_core.cli.unmapped import counted, told
from etl_core.protocol import Lexicon
from tests.cli.program import PLUGINS, Place, configure, etl, here, samples, settled

KNOWN = Lexicon({"role": {"学员": "trainee", "专家": "expert"}, "level": {"区县级": "40"}}, ("role",))


def cell(word: str, row: int, code: str = "code.unknown.role") -> dict[str, object]:
    return {
        "source": "s",
        "file": "a.csv",
        "sheet": None,
        "row": row,
        "code": code,
        "column": "角色",
        "word": word,
    }


def test_each_word_is_told_once_with_its_first_place_and_its_number_of_rows():
    cells = pl.DataFrame([cell("嘉宾", 3), cell("学 员", 4), cell("嘉宾", 9)])
    rows = counted(cells).select("word", "count", "row").rows()
    assert rows == [("嘉宾", 2, 3), ("学 员", 1, 4)]


def test_the_nearest_words_are_told_and_a_line_that_can_be_pasted():
    one = told({"source": "s", "field": "role", "word": "学员们"}, KNOWN, "zh")
    assert (one["near"], one["where_listed"], one["line"]) == (
        "学员=trainee",
        "s/codes.csv",
        "role,学员们,trainee,",
    )


def test_a_word_that_is_like_no_other_has_a_line_without_a_value():
    assert told({"source": "s", "field": "role", "word": "嘉,宾"}, KNOWN, "zh")["line"] == 'role,"嘉,宾",,'


def test_a_masked_text_and_a_list_of_another_form_have_no_line():
    assert told({"source": "s", "field": "role", "word": "500***********0015"}, KNOWN, "zh")["line"] == ""
    assert told({"source": "s", "field": "division", "word": "遂宁高新区"}, KNOWN, "zh")["line"] == ""


def test_a_list_of_the_core_is_not_one_that_an_agency_can_edit():
    told_zh, told_en = (
        told({"source": "s", "field": "level", "word": "县级"}, KNOWN, lang)["where_listed"]
        for lang in ("zh", "en")
    )
    assert told_zh == "etl_schemas/codes/words.csv (属于核心，请告知维护者)"
    assert told_en == "etl_schemas/codes/words.csv (of the core: tell its maintainers)"


def test_the_words_of_refused_rows_and_of_warnings_are_listed(loaded: Place, canaries: set[str]):
    done = here("codes", "unmapped", "--config", loaded.config, "--format", "json")
    words = {(one["source"], one["field"], one["word"]) for one in map(json.loads, done.stdout.splitlines())}
    assert {
        ("cq_beibei", "result", "基本可以"),
        ("suitong", "role", "嘉宾"),
        ("suitong", "subject", "国学"),
    } <= words
    table = here("codes", "unmapped", "--config", loaded.config, "--source", "suitong").stdout
    assert "嘉宾" in table
    assert "基本可以" not in table
    assert [canary for canary in canaries if canary in done.output + table] == []


def test_a_word_that_was_added_to_the_list_loads_its_rows(tmp_path: Path):
    config = configure(tmp_path)
    settled(samples("cq_beibei")[-1], tmp_path / "inbox")
    etl("run", "--config", config)
    (line,) = (
        json.loads(each)["line"]
        for each in etl("codes", "unmapped", "-c", config, "--format", "json").stdout.splitlines()
        if json.loads(each)["word"] == "基本可以"
    )
    site = tmp_path / "site"
    package = shutil.copytree(
        PLUGINS / "cq_beibei" / "src" / "etl_source_cq_beibei", site / "etl_source_cq_beibei"
    )
    with (package / "codes.csv").open("a", encoding="utf-8") as file:
        file.write(line.replace(",,", ",passed,") + "\n")
    again = configure(tmp_path, warehouse="{url: sqlite:///again.sqlite}")
    path = f"{site}:{environ.get('PYTHONPATH', '')}".rstrip(":")
    etl("run", "--config", again, PYTHONPATH=path)
    left = here("codes", "unmapped", "--config", again)
    assert "基本可以" not in left.output
    waits = here("quarantine", "list", "--config", again, "--format", "json").stdout
    assert "code.unknown.result" not in waits
    assert len(waits.splitlines()) == 3
