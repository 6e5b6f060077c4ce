"""The worked examples of docs/pulls.md: every one is a configuration, and each kind is carried out as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from etl_core import config as configuration
from etl_core import pulls
from etl_core.config import Config
from tests.cli.test_pull import sample
from tests.pulls.conftest import Told
from tests.sftp import PASSWORD, sftp
from tests.web import web

PAGE = (Path(__file__).parents[2] / "docs" / "pulls.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SECRETS = dict.fromkeys(re.findall(r"\$\{(\w+)\}", PAGE), "canary") | {"SUINING_PASSWORD": PASSWORD}


def config(folder: Path, example: str, **replaced: str) -> Config:
    for stated, real in replaced.items():
        example = re.sub(stated.replace("_", r"[^\s\"]*"), real, example)
    path = folder / "pipeline.yaml"
    path.write_text(f"warehouse: {{url: 'sqlite:///w.sqlite'}}\nkey_file: k\n{example}", encoding="utf-8")
    return configuration.load(path, SECRETS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_configuration(tmp_path, example):
    assert config(tmp_path, example).pulls


def test_the_service_of_the_page_is_pulled(tmp_path):
    (example,) = [each for each in EXAMPLES if "rest:" in each]
    with web(sample("pull_20231008")) as running:
        chosen = config(tmp_path, example, **{"https://credit_": f"{running.url}/api"})
        (pulled,) = pulls.pull(chosen, Told())
    assert (pulled.result, pulled.progress.pages, pulled.progress.rows) == ("landed", 7, 312)
    assert re.fullmatch(r"pull_\d{8}", pulled.landed[0])


def test_the_query_of_the_page_is_pulled(tmp_path, mariadb_server):
    (example,) = [each for each in EXAMPLES if "sql:" in each]
    with mariadb_server.database() as name:
        mariadb_server.run(f"create table {name}.training_record (证件号 char(1), class_year char(4))")
        mariadb_server.run(f"insert into {name}.training_record values ('b', 2023), ('a', 2023), ('c', 2022)")
        chosen = config(tmp_path, example, **{"mariadb_": mariadb_server.url(name)})
        (pulled,) = pulls.pull(chosen, Told())
    assert pulled.landed == ("made_up_2023.csv",)
    written = (tmp_path / "landing" / "registry" / "made_up_2023.csv").read_text(encoding="utf-8")
    assert written.splitlines() == ["证件号,class_year", "a,2023", "b,2023"]


def test_the_folder_of_the_page_is_pulled(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("a.csv", "b.xlsx", "c.txt"):
        (theirs / name).write_text("x")
    (example,) = [each for each in EXAMPLES if "sftp:" in each]
    with sftp(theirs, tmp_path) as running:
        example = example.replace(
            "names:", f"known_hosts: {running.known_hosts}\n      settle_seconds: 0\n      names:"
        )
        (pulled,) = pulls.pull(config(tmp_path, example, **{"sftp_": running.url}), Told(), "suining")
    assert pulled.landed == ("a.csv", "b.xlsx")


def test_the_page_names_every_setting_of_a_way_to_turn_pages():
    ways = json.loads(
        (Path(__file__).parents[2] / "configs" / "pipeline.schema.json").read_text(encoding="utf-8")
    )["$defs"]["Pages"]
    assert all(f"`{way}`" in PAGE for way in ways["properties"]["by"]["enum"])
