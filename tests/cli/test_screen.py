from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.cli import screen


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.text(), st.integers(), st.none()), max_size=4))
def test_a_json_line_says_the_same_strings_and_moves_no_cursor(told):
    line = screen.dumps(told)
    assert json.loads(line) == told
    assert line.isprintable() or not any(ord(char) < 32 or ord(char) == 127 for char in line)
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("char", ["\n", "\x1b", "\x7f", "\x9b", "\u202e", "\u2028", "\udc80", "\U000e0001"])
def test_a_hidden_character_is_escaped_in_json_and_on_the_screen(char):
    line = screen.dumps({"file": f"a{char}b"})
    assert char not in line
    assert json.loads(line) == {"file": f"a{char}b"}
    assert char not in screen.shown(f"a{char}b")


def test_chinese_stays_readable_in_json():
    assert screen.dumps({"file": "潼南区·2023年秋㛃"}) == '{"file": "潼南区·2023年秋㛃"}'


def test_a_table_has_one_line_a_row_without_a_terminal_and_runs_no_markup(capsys):
    screen.table(["文件", "行"], [["[red]a[/red]\x1b[2J", 3], ["b" * 300, 12]])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["[red]a[/red]\\x1b[2J", "3"]
    assert lines[3].split() == ["b" * 300, "12"]
    assert all(line == line.rstrip() for line in lines)


def test_an_id_number_in_a_file_name_is_not_shown():
    assert screen.shown("张_519999199001011234.xlsx") == "张_519***********1234.xlsx"


def test_people_read_their_own_clock_and_programs_read_utc(capsys, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    rows = [{"file": None, "loaded_at": datetime(2024, 1, 2, 23, 4, 5, tzinfo=UTC)}]
    for shape in ("table", "json"):
        screen.listing(rows, ("file", "loaded_at"), shape, "en")
    monkeypatch.undo()
    time.tzset()
    *_, table, line = capsys.readouterr().out.splitlines()
    assert table.strip() == "2024-01-03 07:04:05+08:00"
    assert json.loads(line)["loaded_at"] == "2024-01-02 23:04:05+00:00"
