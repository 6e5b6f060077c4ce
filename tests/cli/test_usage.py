from __future__ import annotations

import re

import click
import pytest

from etl_core.cli.usage import said
from tests.cli.program import here


@pytest.mark.parametrize(
    ("typed", "chinese", "english"),
    [
        (("run", "--confg", "x"), "没有选项 --confg，是否想写 --config", "No such option"),
        (("rnu",), "没有命令 rnu，是否想写 run", "No such command"),
        (("run",), "缺少选项 '--config' / '-c'", "Missing option"),
        (("check",), "缺少参数 'FILE'", "Missing argument"),
        (("check", "/nope"), "'FILE'：没有这个文件或文件夹，或不能使用", "does not exist"),
        (("records", "as-of", "--known", "x"), "'--known'：应写成 2024-01-31 这样的日期", "does not match"),
        (("run", "--wait", "x"), "'--wait'：应为范围之内的数字", "not a valid float"),
        (("records", "find", "--row", "x"), "'--row' / '-r'：应为数字", "not a valid integer"),
        (("status", "--format", "xml"), "'--format'：应为其中之一：table json", "is not one of"),
        (("run", "--config"), "选项 --config 的用法不对", "requires an argument"),
        (("check", "README.md", "too", "many"), "参数多了，或用法不对", "unexpected extra arguments"),
    ],
)
def test_what_was_typed_wrong_is_told_in_both_languages(typed, chinese, english):
    done = here(*typed)
    assert done.exit_code == 2
    (line,) = (one for one in done.stderr.splitlines() if one.startswith("错误｜Error: "))
    first, _, second = line.removeprefix("错误｜Error: ").partition("｜")
    assert first == chinese
    assert english in second
    assert ("Usage: " in done.stderr) == bool(
        re.search(r"用法请看｜for help type: etl.* --help$", done.stderr, re.M)
    )


def test_a_message_of_ours_is_not_translated_again():
    assert (
        said(click.UsageError("没有这份报送｜there is no such delivery"))
        == "没有这份报送｜there is no such delivery"
    )


def test_a_file_that_cannot_be_opened_is_named():
    assert said(click.FileError("a.csv", "denied")).startswith("文件打不开 a.csv｜")


def test_a_group_alone_shows_its_help():
    done = here("plugins")
    assert done.exit_code == 2
    assert "Usage: etl plugins" in done.output
    assert "错误" not in done.output
