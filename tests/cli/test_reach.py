"""What a run writes lies where the unit lets it write and where the doctor looks; what it reads is not hidden from it."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from etl_core import config as configuration
from etl_core.cli import reach
from tests.cli.program import ETL, configure, here, samples, settled
from tests.cli.test_doctor import examined
from tests.cli.test_schedule import unit

CLONE = Path(__file__).resolve().parents[2]
PULL = "{records: {sql: {url: 'sqlite:///source/records.sqlite', query: select * from records, order: [number]}}}"
APART = {
    "warehouse": "{url: sqlite:///data/w.sqlite}",
    "key_file": "keys/person.key",
    "archive": "kept",
    "work": "room",
    "log": "{file: log/etl.jsonl}",
    "runs": "{folder: runs}",
    "metrics": "{textfile: figures/etl.prom}",
    "lineage": "{file: lineage/events.jsonl}",
    "publish": "{folder: published}",
    "landing": "landing",
    "pulls": PULL,
}
"""Everything that can be configured, each in a folder of its own."""
TOGETHER = {
    **APART,
    "warehouse": "{url: sqlite:///data/w.sqlite}",
    "key_file": "data/person.key",
    "archive": "data/w.sqlite.archive",
    "work": "data/room",
    "log": "{file: data/etl.jsonl}",
    "runs": "{folder: data/runs}",
}
PLAIN = {"warehouse": "{url: sqlite:///data/w.sqlite}", "publish": "{folder: published}"}
SERVER = {"archive": "kept", "publish": "{folder: published}", "work": "room"}
"""As README shows it."""


@pytest.fixture
def private(tmp_path, monkeypatch) -> Path:
    """The temporary folder of the run; the rest of the machine's is no special place here, for the tests themselves lie in it."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(reach, "TEMPORARY", (folder,))
    return folder


@pytest.fixture(params=["apart", "together", "plain", "server"])
def config(request, tmp_path) -> Path:
    settings = {"apart": APART, "together": TOGETHER, "plain": PLAIN, "server": SERVER}[request.param]
    if request.param == "server":
        settings = {**settings, "warehouse": f'{{url: "{request.getfixturevalue("postgres_url")}"}}'}
    return made(tmp_path, settings)


def made(folder: Path, settings: dict[str, str]) -> Path:
    """A pipeline with a database to pull from and one delivery."""
    (folder / "source").mkdir()
    with sqlite3.connect(folder / "source" / "records.sqlite") as connection:
        connection.execute("create table records (number integer)")
        connection.execute("insert into records values (1)")
    connection.close()
    config = configure(folder, **settings)
    settled(samples("suitong")[0], folder / "inbox")
    return config


def service(config: Path) -> dict[str, list[str]]:
    return unit(here("schedule", "systemd", "--config", config).stdout)["Service"]


def watched(config: Path, noted: Path) -> set[Path]:
    """Run it; every path that was changed."""
    command = [sys.executable, "-B", "-m", "tests.cli.watched", noted, "run", "--config", config]
    done = subprocess.run([*map(str, command)], cwd=CLONE, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return {Path(line) for line in noted.read_text(encoding="utf-8").splitlines()} - {Path(os.devnull)}


def outside(paths: set[Path], folders: list[Path]) -> set[Path]:
    return {path for path in paths if not any(path.is_relative_to(folder) for folder in folders)}


def test_whatever_a_run_writes_lies_where_the_unit_lets_it_and_where_the_doctor_looked(
    config, private, tmp_path
):
    _, found = examined(config)
    looked = [Path(message.split(": ")[1]) for _, message, _ in found["folders"]]
    before = service(config)
    assert before["PrivateTmp"] == ["yes"]
    writable = list(map(Path, before["ReadWritePaths"]))
    changed = watched(config, tmp_path / "noted")
    assert outside(changed, [*writable, private]) == set()
    assert outside(changed, looked) == set()
    idle = [folder for folder in writable if not any(path.is_relative_to(folder) for path in changed)]
    assert idle == [], "no folder is writable needlessly"


def test_a_key_that_is_there_can_be_written_no_more_and_the_next_night_does_not_want_to(
    config, private, tmp_path
):
    watched(config, tmp_path / "first")
    key = configuration.load(config).key_file
    after = service(config)
    assert str(key) in after["ReadOnlyPaths"]
    settled(samples("suitong")[1], tmp_path / "inbox")
    changed = watched(config, tmp_path / "second")
    assert outside(changed, [*map(Path, after["ReadWritePaths"]), private]) == set()
    read = list(map(Path, after["ReadOnlyPaths"]))
    assert outside(changed, read) == changed


CHANGES = "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,truncate"
NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>, )?"(?P<name>[^"]*)"')


@pytest.mark.slow
@pytest.mark.parametrize("settings", [APART, TOGETHER, PLAIN], ids=["apart", "together", "plain"])
def test_the_kernel_saw_no_process_of_a_run_write_elsewhere(settings, private, tmp_path):
    strace = shutil.which("strace")
    assert strace, "apt-get install strace"
    config = made(tmp_path, settings)
    writable = [*map(Path, service(config)["ReadWritePaths"]), private]
    trace = [strace, "-f", "-qq", "-y", "-s", "4096", "-o", tmp_path / "trace", "-e", f"trace={CHANGES}"]
    done = subprocess.run(
        [*trace, ETL, "run", "--config", config],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    lines = (tmp_path / "trace").read_text(encoding="utf-8", errors="replace").splitlines()
    written = [
        line
        for line in lines
        if " = -1 " not in line
        and '"' in line
        and ("open" not in line or re.search("O_WRONLY|O_RDWR|O_CREAT", line))
    ]
    # What a link says is a text; only its own place is written.
    named = (found for line in written for found in [*NAMED.finditer(line)]["symlink" in line :])
    paths = {Path(found["folder"] or "/", found["name"]) for found in named}
    assert len(paths) > 10
    # What the interpreter compiles it keeps where it may, and does without where it may not.
    others = {path for path in outside(paths, writable) if "__pycache__" not in path.parts}
    assert {path for path in others if not path.is_relative_to("/dev")} == set()


READ = {
    "inbox": "[{place}]",
    "alerts": "{{webhook: {{url: 'https://a.example', secret_file: {place}}}}}",
    "alerts ": "{{mail: {{host: x, sender: a@b, to: [c@d], password_file: {place}}}}}",
    "alerts  ": "{{mail: {{host: x, sender: a@b, to: [c@d], ca_file: {place}}}}}",
    "key_file": "{place}",
    "pulls": "{{a: {{rest: {{url: 'https://a.example', ca_file: {place}}}}}}}",
    "pulls ": "{{a: {{sql: {{url: 'sqlite:///{place}', query: select 1, order: [a]}}}}}}",
    "pulls  ": "{{a: {{remote: {{url: 'sftp://a.example/b', known_hosts: {place}}}}}}}",
    "archive": "{place}",
    "runs": "{{folder: {place}}}",
}


@pytest.mark.parametrize("setting", READ)
@pytest.mark.parametrize(("place", "home"), [("/homes/a/b", "read-only"), ("/homesick/a/b", "yes")])
def test_whatever_is_needed_from_a_home_folder_is_not_hidden(tmp_path, monkeypatch, setting, place, home):
    monkeypatch.setattr(reach, "HOMES", (Path("/homes"),))  # the Python of the tests may lie in a true one
    config = configure(tmp_path, **{setting.strip(): READ[setting].format(place=place)})
    assert service(config)["ProtectHome"] == [home]


def test_what_is_needed_from_a_temporary_folder_is_not_hidden_either(tmp_path, monkeypatch):
    config = configure(tmp_path, work="room")
    monkeypatch.setattr(reach, "TEMPORARY", (tmp_path,))
    assert service(config)["PrivateTmp"] == ["no"]
    assert service(configure(tmp_path))["ReadWritePaths"] == [str(tmp_path)]


def test_the_home_of_a_user_who_asks_a_server_is_seen_for_its_password_lies_there(tmp_path, monkeypatch):
    monkeypatch.setattr(reach, "HOMES", (Path(pwd.getpwnam("daemon").pw_dir),))
    config = configure(tmp_path, warehouse="{url: postgresql+psycopg://etl@db.example/chuanyu}")
    typed = ("schedule", "systemd", "--config", config, "--user")
    assert unit(here(*typed, "daemon").stdout)["Service"]["ProtectHome"] == ["read-only"]
    assert unit(here(*typed, "nobody-of-this-name").stdout)["Service"]["ProtectHome"] == ["yes"]


def test_a_key_among_the_credentials_is_neither_made_nor_asked_for_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    config = configure(tmp_path, key_file="'${CREDENTIALS_DIRECTORY:-/etc/chuanyu}/person.key'")
    told = service(config)
    assert "/etc/chuanyu" not in " ".join(told["ReadWritePaths"] + told["ReadOnlyPaths"])


def test_folders_that_are_not_there_yet_are_named_with_the_command_that_makes_them(tmp_path):
    config = configure(tmp_path, archive="/srv/川渝 1/kept", runs="{folder: /srv/none/runs}")
    text = here("schedule", "systemd", "--config", config, "--user", "data").stdout
    (line,) = [line for line in text.splitlines() if "install -d" in line]
    words = shlex.split(line.partition(": ")[2])
    assert words == ["install", "-d", "-m", "700", "-o", "data", "/srv/none/runs", "/srv/川渝 1/kept"]


FOLDERS = ("archive", "publish.folder", "landing", "runs.folder", "work")


@pytest.mark.parametrize("setting", FOLDERS)
def test_a_folder_on_a_read_only_file_system_is_named_with_what_to_do(tmp_path, monkeypatch, setting):
    config = made(tmp_path, APART)
    folder = configuration.written(configuration.load(config))[setting]
    folder.mkdir()
    really = os.statvfs

    def told(path):
        *said, _flags, longest = really(path)
        return os.statvfs_result((*said, os.ST_RDONLY if Path(path) == folder else 0, longest))

    monkeypatch.setattr(os, "statvfs", told)
    code, found = examined(config)
    (bad,) = [each for each in found["folders"] if each[0] == "fail"]
    assert (code, bad[1]) == (2, f"{setting}: {folder}: 无法写入")
    assert bad[2] == f"{folder} 所在的文件系统是只读的，请重新挂载或换地方"


@pytest.mark.parametrize("setting", FOLDERS)
def test_what_stands_in_the_way_of_a_folder_is_named_and_the_run_would_not_do(tmp_path, setting):
    config = made(tmp_path, APART)
    folder = configuration.written(configuration.load(config))[setting]
    folder.write_text("")
    code, found = examined(config)
    (bad,) = [each for each in found["folders"] if each[0] == "fail"]
    assert (code, bad[1]) == (2, f"{setting}: {folder}: 无法写入")
    assert bad[2] == f"{folder} 不是文件夹，请移走或改配置"


def test_every_path_of_the_configuration_is_either_written_or_read(tmp_path):
    alerts = "{mail: {host: x, sender: a@b, to: [c@d], ca_file: ca, password_file: p}, webhook: {url: 'https://a', secret_file: s}}"
    config = configuration.load(configure(tmp_path, **APART, alerts=alerts))
    written, read = configuration.written(config), configuration.consulted(config)
    assert set(written) == {
        *("warehouse.url", "key_file", "archive", "work", "log.file", "runs.folder", "metrics.textfile"),
        *("lineage.file", "publish.folder", "landing"),
    }
    assert set(read) == {
        *("inbox.0", "key_file", "pulls.records"),
        *("alerts.mail.ca_file", "alerts.mail.password_file", "alerts.webhook.secret_file"),
    }
