"""What a person sees is the same whether the warehouse is an SQLite file or a PostgreSQL database."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import configure, here, samples, settled

SOURCES = ("suitong", "cq_shipei", "moe_template")
RECORD = "1"
COMMANDS = (
    ("run",),
    ("run",),
    ("run", "--format", "table"),
    ("run", "--dry-run"),
    ("status",),
    ("status", "--as-of", "2023-12-31"),
    ("status", "--known", "2020-01-01"),
    ("status", "--source", "suitong", "--format", "json"),
    ("deliveries", "list"),
    ("deliveries", "show", "1"),
    ("deliveries", "rows", "1"),
    ("deliveries", "diff", "1", "2"),
    ("records", "as-of", "2023-12-31"),
    ("explain", RECORD),
    ("quarantine", "list"),
    ("quarantine", "list", "--source", "suitong", "--format", "json"),
    ("quarantine", "export", "--source", "suitong", "--out", "suitong.csv"),
    ("quarantine", "export", "--source", "suitong", "--out", "suitong.xlsx"),
    ("quarantine", "replay"),
    ("codes", "unmapped"),
    ("deliveries", "revoke", "2", "--yes"),
    ("deliveries", "list"),
    ("deliveries", "restore", "2"),
    ("deliveries", "revoke", "99", "--yes"),
    ("publish",),
    ("warehouse", "check"),
    ("warehouse", "upgrade"),
    ("runs", "list", "--format", "json"),
)
VARIES = (
    (r"(sqlite:///|postgresql\+psycopg://|postgresql://)\S+", "URL"),
    (r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}(?= )", "RUN"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[:.\d]*(Z|[+-]\d\d:?\d\d)?", "MOMENT"),
    (r'"seconds": [\d.]+', "SECONDS"),
    (r'"config": "[0-9a-f]{64}"', "SETTINGS"),
)


@pytest.fixture
def peers(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Two pipelines with the same key and the same deliveries, each in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    urls = {"file": "sqlite:///data.sqlite", "server": postgres_url}
    made = []
    for name, url in urls.items():
        folder = tmp_path / name
        folder.mkdir()
        more = {"archive": "kept", "publish": "{folder: out}", "runs": "{folder: runs}"}
        made.append(configure(folder, warehouse=f'{{url: "{url}"}}', **more))
        for source in SOURCES:
            for sample in samples(source):
                settled(sample, folder / "inbox")
    yield made


def told(config: Path, command: tuple[str, ...]) -> tuple[int, list[str]]:
    """The exit code and what is said, less what names the one or the other and what clocks say."""
    typed = [str(config.parent / each) if each.startswith("suitong.") else each for each in command]
    done = here(*typed, "--config", config)
    said = done.output.replace(str(config.parent), "HERE")
    for pattern, word in VARIES:
        said = re.sub(pattern, word, said)
    return done.exit_code, [re.sub(r"[ ─]+", " ", line).strip() for line in said.splitlines()]


def test_every_command_says_the_same_of_both_kinds_of_warehouse(peers):
    file, server = peers
    assert told(file, ("warehouse", "init"))[0] == 0
    shutil.copytree(file.parent / "keys", server.parent / "keys")
    assert told(server, ("warehouse", "init"))[0] == 0
    for command in COMMANDS:
        assert told(server, command) == told(file, command), command
