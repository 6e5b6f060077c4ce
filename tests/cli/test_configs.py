from __future__ import annotations

import json

from tests.cli.program import configure, here


def test_a_good_configuration_is_told_what_it_comes_to(tmp_path):
    done = here("config", "check", configure(tmp_path))
    assert done.exit_code == 0
    assert "配置可以使用" in done.output
    assert "suitong" in done.output
    assert {path.name for path in tmp_path.iterdir()} == {"inbox", "pipeline.yaml"}


def test_every_fault_is_told_at_its_place(tmp_path):
    config = configure(tmp_path, settle_secnds="1", limits="{memory_mb: ab}")
    done = here("config", "check", config)
    assert done.exit_code == 2
    assert [line.split(":")[1:3] for line in done.stderr.splitlines()] == [["5", "1"], ["6", "21"]]
    assert all("｜" in line for line in done.stderr.splitlines())


def test_a_source_that_no_plugin_brings_is_a_fault(tmp_path):
    done = here("config", "check", configure(tmp_path, sources="{suitang: {}}"))
    assert done.exit_code == 2
    assert "没有名为 suitang 的来源；是否想写 suitong？" in done.stderr


def test_a_denied_source_may_keep_its_settings(tmp_path):
    config = configure(tmp_path, plugins="{deny: [suitong]}", sources="{suitong: {enabled: false}}")
    assert here("config", "check", config).exit_code == 0


def test_a_missing_inbox_or_plugin_ends_with_3(tmp_path):
    assert here("config", "check", configure(tmp_path, inbox="[nowhere]")).exit_code == 3
    done = here("config", "check", configure(tmp_path, plugins="{allow: [suitong, cd_old]}"))
    assert done.exit_code == 3
    assert "插件不能使用: cd_old" in done.output


def test_a_password_is_not_shown(tmp_path):
    config = configure(
        tmp_path, warehouse="{url: 'postgresql+psycopg://etl:secret@nowhere/data'}", archive="kept"
    )
    done = here("config", "check", config)
    assert done.exit_code == 0
    assert "secret" not in done.output


def test_the_schema_is_json():
    assert json.loads(here("config", "schema").output)["title"] == "Config"
