from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.config import Config, check_sources, load, read, validate
from etl_core.config.document import compose
from etl_core.config.environment import InterpolationError, interpolate
from etl_core.config.schema import render
from etl_core.errors import ConfigError, ConfigProblem

MINIMAL = """\
warehouse: {url: "sqlite:///../var/demo.sqlite"}
key_file: ../var/person.key
inbox: [../in]
"""
SECRET = "canary-secret-7f3a"


@pytest.fixture
def write(tmp_path):
    (tmp_path / "configs").mkdir()
    path = tmp_path / "configs" / "pipeline.yaml"

    def written(text: str | bytes) -> Path:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def faults(path: Path, environ: dict[str, str] | None = None) -> tuple[ConfigProblem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    return caught.value.problems


def test_paths_are_taken_from_the_folder_of_the_file(write, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    config = load(write(MINIMAL + "work: w\nlog: {file: ../var/run.log}\n"), {})
    assert config.warehouse.url.get_secret_value() == f"sqlite:///{tmp_path}/var/demo.sqlite"
    assert config.warehouse.path == tmp_path / "var/demo.sqlite"
    assert config.key_file == tmp_path / "var/person.key"
    assert config.inbox == (tmp_path / "in",)
    assert config.work == tmp_path / "configs/w"
    assert config.log.file == tmp_path / "var/run.log"


def test_what_is_left_out_has_a_default(write):
    config = load(write(MINIMAL), {})
    assert (config.limits.memory_mb, config.limits.seconds, config.limits.file_mb) == (4096, 600, 2048)
    assert (config.settle_seconds, config.work, config.log.level, config.log.file) == (
        2.0,
        None,
        "info",
        None,
    )
    assert (config.plugins.allow, config.plugins.deny, config.sources) == (None, (), {})


def test_texts_become_the_types_of_the_model_and_not_those_of_yaml(write):
    config = load(
        write(
            MINIMAL
            + "sources: {no: {enabled: no, error_limit: 0}, y: {enabled: 'true'}}\n"
            + "limits: {seconds: 0123}\nlog: {file: ~}\n"
        ),
        {},
    )
    assert config.sources["no"].enabled is False
    assert config.sources["no"].error_limit == 0
    assert config.sources["y"].enabled is True
    assert config.limits.seconds == 123
    assert config.log.file is None


def test_a_configuration_cannot_be_changed(write):
    config = load(write(MINIMAL), {})
    with pytest.raises(ValueError, match="frozen"):
        config.settle_seconds = 1


def test_every_fault_is_told_at_once_at_its_line_and_column_in_both_languages(write):
    path = write(
        'warehouse: {url: "mysql://h/db"}\n'
        "key_fil: a.key\n"
        "inbox: in\n"
        "sources:\n"
        "  cq_beibei: {eror_limit: 0.2, enabled: perhaps}\n"
        "  坏: {}\n"
        "limits: {memory_mb: much, seconds: 0}\n"
        "log: {level: loud}\n"
        "settle_seconds: nan\n"
        "plugins: all\n"
    )
    found = faults(path)
    assert [(one.line, one.column) for one in found] == [
        (1, 1), (1, 18), (2, 1), (3, 8), (5, 15), (5, 41), (6, 3), (7, 21), (7, 36), (8, 14), (9, 17),
        (10, 10),
    ]  # fmt: skip
    assert {one.file for one in found} == {str(path)}
    assert all(one.message.count("｜") == 1 for one in found)


def test_an_unknown_setting_comes_with_the_nearest_known_one(write):
    top, deep, far = faults(
        write(MINIMAL + "setle_seconds: 3\nsources: {a: {eror_limit: 0.1}}\nweather: fine\n")
    )
    assert "settle_seconds" in top.message
    assert "did you mean “error_limit”?" in deep.message
    assert "did you mean" not in far.message


def test_a_missing_setting_is_told_at_the_section_that_lacks_it(write):
    (problem,) = faults(write("key_file: a\ninbox: [b]\nwarehouse: {}\n"))
    assert (problem.line, problem.column) == (3, 12)
    assert "url" in problem.message


def test_an_empty_file_lacks_the_required_settings(write):
    found = [one.message.partition("｜")[0].split(" ")[-1] for one in faults(write(""))]
    assert found == ["warehouse", "key_file", "inbox"]


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("x: 1\nx: 2\n", (2, 1), "第 1 行"),
        ("x: !!python/object/apply:os.system [ls]\n", (1, 4), "tags"),
        ("x: ! a\n", (1, 4), "tags"),
        ("x: &a [b]\n", (1, 4), "anchors"),
        ("x: *a\n", (1, 4), "aliases"),
        ("x: [\n", (2, 1), "YAML"),
        ("x: 1\n---\ny: 2\n", (2, 1), "YAML"),
        ("? [a]\n: b\n", (1, 3), "plain text"),
        ("x: a\x07\n", (1, 5), "control"),
        ("x: " + "[" * 50 + "]" * 50 + "\n", (1, 19), "deep"),
        ("名: 1\nx: 二".encode("gb18030"), (1, 1), "UTF-8"),
        (b"#" + b"a" * (1 << 20), (1, 1), "1 MiB"),
        ("- a\n", (1, 1), "mapping"),
    ],
)
def test_what_is_unsafe_or_not_yaml_is_refused_at_its_place(write, text, place, word):
    found = [one for one in faults(write(text)) if word in one.message]
    assert [(one.line, one.column) for one in found] == [place]


def test_a_bomb_of_aliases_is_not_multiplied(write):
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert len(faults(write("\n".join(rows)))) < 500


def test_a_file_with_a_byte_order_mark_is_read(write):
    assert load(write(b"\xef\xbb\xbf" + MINIMAL.encode()), {}).settle_seconds == 2


def test_a_missing_file_and_a_pipe_are_told_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("missing.yaml", "pipe.yaml"):
        (problem,) = faults(tmp_path / name)
        assert "no such" in problem.message


def test_variables_stand_in_for_values(write, tmp_path):
    path = write(
        MINIMAL.replace("../in", '"${INBOX}"')
        + "settle_seconds: ${SETTLE:-0.5}\nlog: {level: '${LEVEL:-info}', file: \"${LOG:-}\"}\n"
        + "work: ${WORK:-}\n"
    )
    with pytest.raises(ConfigError, match="路径"):
        load(path, {"INBOX": "/data/收件"})
    config = load(path, {"INBOX": "/data/收件", "LEVEL": "debug", "LOG": "x.log"})
    assert config.inbox == (Path("/data/收件"),)
    assert (config.settle_seconds, config.log.level, config.work) == (0.5, "debug", None)
    assert config.log.file == tmp_path / "configs" / "x.log"


def test_an_unset_variable_is_told_once_at_its_place(write):
    (problem,) = faults(write(MINIMAL + "settle_seconds: ${SETTLE}\n"))
    assert (problem.line, problem.column) == (4, 17)
    assert "SETTLE" in problem.message


def test_the_text_of_a_variable_is_never_read_as_yaml(write):
    (problem,) = faults(write(MINIMAL + "log: '${EVIL}'\n"), {"EVIL": "{level: debug}"})
    assert "mapping" in problem.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$${A}", "${A}"),
        ("a$b$", "a$b$"),
        ("${A}-${A}", "1-1"),
        ("${E:-d}", "d"),
        ("${E}", ""),
        ("${U:-}", ""),
    ],
)
def test_references_follow_the_shell(text, value):
    assert interpolate(text, {"A": "1", "E": ""}) == value


@pytest.mark.parametrize("text", ["${", "${}", "${1}", "${A", "${a b}", "${U}"])
def test_a_reference_to_nothing_is_a_fault(text):
    with pytest.raises(InterpolationError):
        interpolate(text, {"A": "1"})


@given(st.text(), st.text(st.characters(exclude_characters="$")))
def test_a_value_is_put_in_as_it_is(value, rest):
    assert interpolate(rest + "${A}", {"A": value}) == rest + value


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://etl:{}@db:5432/training",
        "postgresql+psycopg://etl:{}@/training?host=/run/postgresql",
        "postgresql+psycopg://etl@db/training?password={}",
        "postgresql+psycopg://:{}@/?dbname=training",
    ],
)
def test_a_password_is_in_no_text_of_a_usable_address(write, url):
    url = url.format(SECRET)
    config = load(write(MINIMAL.replace("sqlite:///../var/demo.sqlite", url) + "archive: kept\n"), {})
    assert config.warehouse.url.get_secret_value() == url
    assert config.warehouse.path is None
    for text in (config.warehouse.shown, repr(config), str(config), config.model_dump_json()):
        assert SECRET not in text
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://etl:{}@db:99999/training",
        "postgresql+psycopg://etl:{}@db:x/training",
        "postgresql+psycopg://etl:{}/9@db/training",
        "postgresql+psycopg://etl:12/{}@db/training",
        "postgresql+psycopg://etl:12#{}@db/training",
        "postgresql+psycopg://etl:12?{}@db/training",
        "postgresql+psycopg://etl:{}@[db/training",
        "postgresql+psycopg://etl:{}@db/ training\\n",
        "postgresql+psycopg://etl:{}@db",
        "postgresql://etl:{}@db/training",
        "mysql://etl:{}@db/training",
        "sqlite://{}",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///{}?mode=ro",
        "sqlite:///{}%20.sqlite",
        "{}",
        "",
    ],
)
def test_an_unusable_address_is_refused_without_being_quoted(write, url):
    path = write(MINIMAL.replace("sqlite:///../var/demo.sqlite", url.format(SECRET)))
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (1, 18)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_masked_address_still_tells_where_the_warehouse_is(write):
    url = "postgresql+psycopg://etl:x@db:5432/training?sslmode=require"
    config = load(write(MINIMAL.replace("sqlite:///../var/demo.sqlite", url) + "archive: kept\n"), {})
    assert config.warehouse.shown == "postgresql+psycopg://etl:***@db:5432/training"


def test_the_archive_lies_beside_a_file_and_has_to_be_named_for_a_server(write, tmp_path):
    config = load(write(MINIMAL), {})
    assert config.kept == config.warehouse.path.with_name("demo.sqlite.archive")
    with pytest.raises(ConfigError, match="a warehouse on a server needs archive"):
        load(
            write(MINIMAL.replace("sqlite:///../var/demo.sqlite", "postgresql+psycopg://etl@db/training")), {}
        )


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ("warehouse: {url: 'sqlite:///../in/w.sqlite'}\nkey_file: k", "warehouse.url"),
        ("warehouse: {url: 'sqlite:///../w.sqlite'}\nkey_file: ../in/sub/k", "key_file"),
        ("warehouse: {url: 'sqlite:///../w.sqlite'}\nkey_file: k\nwork: ../in/w", "work"),
        ("warehouse: {url: 'sqlite:///../w.sqlite'}\nkey_file: k\nlog: {file: ../in/l}", "log.file"),
        (
            "warehouse: {url: 'sqlite:///../w.sqlite'}\nkey_file: k\npublish: {folder: ../in/out}",
            "publish.folder",
        ),
    ],
)
def test_no_file_of_ours_may_lie_in_an_inbox(write, settings, name):
    (problem,) = faults(write(f"{settings}\ninbox: [../other, ../in]\n"))
    assert name in problem.message


@pytest.mark.parametrize("inbox", ["[]", "[a, ./a]", "['']", '["\\0"]', "[[a]]", "[~]"])
def test_an_inbox_is_at_least_one_folder_and_none_twice(write, inbox):
    (problem,) = faults(write(MINIMAL.replace("[../in]", inbox)))
    assert problem.line == 3


def test_links_in_a_circle_and_null_characters_are_no_paths(write, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for path in ("../a/k", "k\\0"):
        text = f'warehouse: {{url: "sqlite:///{path}"}}\nkey_file: "{path}"\ninbox: ["../in"]\n'
        assert [one.line for one in faults(write(text))] == [1, 2]


def test_settings_of_a_source_that_no_plugin_brings_are_told_at_their_place(write):
    path = write(MINIMAL + "sources:\n  cq_beibei: {}\n  cq_beibi: {}\n")
    document = read(path, {})
    config = validate(document, path.parent)
    check_sources(document, config, ["cq_beibei", "cq_beibi"])
    with pytest.raises(ConfigError) as caught:
        check_sources(document, config, ["cq_beibei"])
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (6, 3)
    assert "did you mean “cq_beibei”?" in problem.message


@given(st.binary(max_size=200) | st.text(alphabet="abx:{}[]&*!|>'\"- \n\t$%@`?#,\\0é\u2028", max_size=80))
def test_no_content_raises_anything_but_a_config_error(content):
    raw = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(ConfigError):
        validate(compose(raw, "x.yaml", {}), Path("/"))


def test_the_schema_kept_for_editors_is_that_of_the_model():
    kept = Path(__file__).parents[1] / "configs" / "pipeline.schema.json"
    assert kept.read_text(encoding="utf-8") == render(), (
        "python -m etl_core.config.schema > configs/pipeline.schema.json"
    )


def test_every_setting_is_described():
    schema = json.loads(render())
    sections = [schema, *schema["$defs"].values()]
    assert schema["required"] == ["warehouse", "key_file"]
    for section in sections:
        assert section["additionalProperties"] is False
        for name, setting in section["properties"].items():
            assert "description" in setting or "$ref" in setting, name
    assert set(Config.model_fields) == set(schema["properties"])


CLUSTER = "executor: dask\ndask: {{address: '{}', staging: {}}}\n"


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://[::1]:8786", "localhost:8786", "127.0.0.2:1"]
)
def test_a_scheduler_of_this_machine_needs_no_encryption(write, address):
    config = load(write(MINIMAL + CLUSTER.format(address, "s3://bucket/etl")), {})
    assert (config.dask.address, config.dask.staging) == (address, "s3://bucket/etl")
    assert not config.dask.encrypted


@pytest.mark.parametrize(
    "address",
    [
        "tcp://10.0.0.5:8786",
        "scheduler:8786",
        "localhost.example:8786",
        "tcp://127.0.0.1@10.0.0.5:8786",
        "ws://127.0.0.1:8786",
        "tls://",
        "tcp://127.0.0.1:x",
        "",
    ],
)
def test_an_address_over_which_keys_would_travel_in_clear_is_refused_at_its_place(write, address):
    (fault,) = faults(write(MINIMAL + CLUSTER.format(address, "staging")))
    assert fault.line == MINIMAL.count("\n") + 2
    assert "tls://" in fault.message


def test_tls_needs_the_authority_and_a_certificate(write):
    text = MINIMAL + CLUSTER.format("tls://scheduler:8786", "staging")
    (fault,) = faults(write(text))
    assert "ca_file" in fault.message
    config = load(write(text.replace("staging}", "staging, ca_file: ca, cert_file: c, cert_key: k}")), {})
    assert config.dask.encrypted


def test_a_staging_folder_is_taken_from_the_folder_of_the_configuration(write):
    path = write(MINIMAL + CLUSTER.format("tcp://127.0.0.1:1", "../staging"))
    assert load(path, {}).dask.staging == str((path.parent / "../staging").resolve())


def test_a_cluster_needs_an_address_and_a_staging_place(write):
    (fault,) = faults(write(MINIMAL + "executor: dask\n"))
    assert "staging" in fault.message


PULL = "pulls:\n  a:\n    {}\n"


@pytest.mark.parametrize(
    ("pull", "column", "word"),
    [
        ("rest: {url: 'https://h/x', pges: {}}", 32, "did you mean “pages”?"),
        ("rest: {url: 'ftp://h/x'}", 17, "https://"),
        ("rest: {url: 'https://u:p@h/x'}", 17, "auth"),
        ("rest: {url: 'http://h/x'}", 11, "plain_http"),
        ("rest: {url: 'https://h/x', pages: {by: cursor}}", 39, "needs next"),
        ("rest: {url: 'https://h/x', auth: {user: etl}}", 38, "bearer"),
        ("rest: {url: 'https://h/x', rate: 0}", 38, "more than 0"),
        ("sql: {url: 'oracle://h/x', query: q, order: [id]}", 16, "mariadb+pymysql://"),
        ("sql: {url: 'sqlite:///x', query: q, order: []}", 48, "must not be empty"),
        ("remote: {url: 'simplecache::s3://b/x'}", 19, "s3://"),
        ("remote: {url: '/a/folder'}", 19, "s3://"),
        ("name: x", 5, "exactly one"),
        ("{rest: {url: 'https://h/x'}, remote: {url: 's3://b/x'}}", 5, "exactly one"),
        ("name: '../x'\n    remote: {url: 's3://b/x'}", 11, "name"),
        ("name: '{date.__class__}'\n    remote: {url: 's3://b/x'}", 11, "name"),
        ("name: '.hidden'\n    remote: {url: 's3://b/x'}", 11, "name"),
    ],
)
def test_a_fault_of_a_pull_is_told_at_its_place(write, pull, column, word):
    (problem,) = faults(write(MINIMAL + PULL.format(pull)))
    assert (problem.line, problem.column) == (6, column)
    assert word in problem.message


def test_a_pull_is_enough_without_any_inbox(write, tmp_path):
    text = MINIMAL.replace("inbox: [../in]\n", "") + PULL.format("remote: {url: 's3://b/x'}")
    config = load(write(text), {})
    assert config.inbox == ()
    assert config.landings == {"a": tmp_path / "configs" / "landing" / "a"}


@pytest.mark.parametrize("landing", ["../in", "../in/x", ".."])
def test_the_landing_is_a_folder_of_its_own(write, landing):
    text = MINIMAL + f"landing: {landing}\n" + PULL.format("remote: {url: 's3://b/x'}")
    (problem,) = faults(write(text))
    assert "landing" in problem.message


def test_no_secret_of_a_pull_is_ever_shown(write):
    text = """\
pulls:
  a: {rest: {url: "https://h/x", query: {t: "${S}"}, headers: {h: "${S}"}, auth: {bearer: "${S}"}}}
  b: {sql: {url: "postgresql+psycopg://u:${S}@h/d", query: q, parameters: {p: "${S}"}, order: [id]}}
  c: {remote: {url: "sftp://u:${S}@h/x", options: {password: "${S}"}}}
"""
    config = load(write(MINIMAL + text), {"S": SECRET})
    assert SECRET not in repr(config) + str(config) + config.model_dump_json()
    broken = text.replace("https:", "gopher:").replace("postgresql", "oracle").replace("sftp:", "::")
    assert SECRET not in str(faults(write(MINIMAL + broken), {"S": SECRET}))
