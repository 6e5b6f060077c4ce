"""Each test of the conformance suite passes for a sound source, and fails for one that is broken in its way."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests import fakes, suites
from tests.broken import BROKEN

README = Path(__file__).resolve().parents[1] / "plugins" / "README.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    suites.sound(tmp_path)
    return tmp_path


def test_each_test_of_the_suite_has_a_source_that_it_fails_for():
    assert {f"test_{name}" for name in BROKEN} == set(suites.names())


@pytest.mark.parametrize("name", suites.names())
def test_a_sound_source_passes_and_nothing_is_written_to_its_folder(name, folder, monkeypatch, capfd):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(fakes.install(folder / "site")), *sys.path]))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "aside").mkdir()
    suites.ask(suites.suite(folder, monkeypatch), name, folder / "aside", capfd)
    after = {path for path in folder.rglob("*") if path.is_file() and "aside" not in path.parts}
    assert {path: path.read_bytes() for path in after} == before


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_source_is_found_by(name, folder, monkeypatch, capfd):
    changes = BROKEN[name](monkeypatch, folder)
    code = changes.pop("_code", None)
    broken = suites.suite(folder, monkeypatch, **changes)
    if code:
        type(broken).code = classmethod(lambda cls: code)
    with pytest.raises(AssertionError):
        suites.ask(broken, f"test_{name}", folder, capfd)


def test_the_list_of_the_suites_tests_is_that_of_the_code():
    text = (
        README.read_text(encoding="utf-8")
        .partition("## 规范测试｜Conformance suite")[2]
        .partition("\n## ")[0]
    )
    rows = re.findall(r"^\| ([a-z0-9 ]+) \| (.+) \|$", text, re.MULTILINE)
    assert sorted("test_" + sentence.replace(" ", "_") for sentence, _ in rows) == suites.names()
    assert all(re.search(r"[\u4e00-\u9fff]", meaning) for _, meaning in rows)


def test_the_suite_has_at_least_thirty_tests_and_each_says_why():
    assert len(suites.names()) >= 30
    assert [name for name in suites.names() if not getattr(suites.MadeUp, name).__doc__] == []
