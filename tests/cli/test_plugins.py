from __future__ import annotations

import json

from etl_core.cli import plugins
from etl_core.discovery import Found, discover
from etl_core.errors import PluginError
from tests.cli.program import here

BROKEN = PluginError(
    "cd_old", "etl-source-cd-old", "0.3", "missing_dependency: 缺少模块 dbf｜the module dbf is missing"
)


def test_every_source_is_listed_with_its_distribution_and_way_of_adding_up():
    lines = [json.loads(line) for line in here("plugins", "list", "--format", "json").output.splitlines()]
    beibei = next(line for line in lines if line["source"] == "cq_beibei")
    assert beibei["distribution"] == "etl-source-cq-beibei"
    assert beibei["semantics"] == "snapshot"
    assert beibei["key"][0] == "person"


def test_a_broken_plugin_is_named_with_version_and_reason_and_the_list_still_ends_with_0(monkeypatch):
    monkeypatch.setattr(plugins, "discover", lambda: Found(discover().sources, (BROKEN,)))
    done = here("plugins", "list")
    assert done.exit_code == 0
    assert f"插件不能使用: {BROKEN}" in done.output
    piped = here("plugins", "list", "--format", "json").output.splitlines()[-1]
    assert json.loads(piped)["problem"]["version"] == "0.3"


def test_to_show_a_broken_plugin_is_an_error_that_says_why(monkeypatch):
    monkeypatch.setattr(plugins, "discover", lambda: Found((), (BROKEN,)))
    done = here("plugins", "show", "cd_old")
    assert done.exit_code == 2
    assert "缺少模块 dbf" in done.stderr


def test_a_source_is_shown_with_headers_codes_ignored_and_dropped():
    shown = json.loads(here("plugins", "show", "cq_beibei", "--format", "json").output)
    number = next(column for column in shown["columns"] if column["field"] == "id_number")
    assert number["header"] == ["身份证号码", "身份证号"]
    assert "id_number.checksum" in number["checks"]
    assert shown["ignored"] == ["序号", "职务", "备注"]
    person = here("plugins", "show", "cq_beibei").output
    assert "不入库的列: 序号, 职务, 备注" in person
    assert "id_number.checksum" in person


def test_an_unknown_source_is_a_usage_error_with_the_nearest_name():
    done = here("plugins", "show", "cq_beibai")
    assert done.exit_code == 2
    assert "是否想写 cq_beibei？" in done.stderr
