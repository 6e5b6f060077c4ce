from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from etl_core.scaffold.layout import call, laid, listed, paired, quoted, raw

NAMES = st.text("姓名身份证号码abc", min_size=1, max_size=30)


def formatted(code: str) -> str:
    tool = Path(sys.executable).with_name("ruff")
    command = [tool, "format", "--line-length", "110", "-"]
    return subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout


@settings(max_examples=20, deadline=None)
@given(NAMES, st.lists(NAMES, max_size=6))
def test_a_call_is_laid_out_as_ruff_would(name, others):
    checks = [f'required("{other}")' for other in others] or ["*houred()"]
    code = (
        laid("field: str = ", call("column", quoted(name), "reads=reading.hours", listed("checks", checks)))
        + "\n"
    )
    assert formatted(code) == code


def test_a_tuple_of_one_keeps_its_comma():
    assert str(paired("key", ['"person"'])) == 'key=("person",)'


def test_a_text_is_quoted_whatever_stands_in_it():
    assert quoted('“a"') == "'“a\"'"
    assert ast.literal_eval(quoted("a\"'\\\nb")) == "a\"'\\\nb"
    assert raw(r"\d+") == 'r"\\d+"'


@given(st.text(max_size=20))
def test_a_foreign_text_is_one_string_of_code_and_nothing_else(text):
    assert ast.literal_eval(quoted(text)) == text
    assert isinstance(ast.literal_eval(raw("^" + text.replace("\\", "") + "$")), str)
