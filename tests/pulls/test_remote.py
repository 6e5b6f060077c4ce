from __future__ import annotations

import html
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import pytest
from moto.server import ThreadedMotoServer

from etl_core.inbox import arrivals
from etl_core.pulls import remote
from tests.pulls.conftest import Pulling
from tests.sftp import PASSWORD, sftp
from tests.web import Answer, Request, Web, web

SECRET = "canary-secret"
BEFORE = 1_690_000_000


def folder_page(folder: Path) -> Any:
    """Answers as a web server that lists a folder (Apache, nginx) does."""

    def answer(request: Request) -> Answer:
        name = unquote(request.path.removeprefix("/out/"))
        if request.path == "/out/":
            names = [each.name for each in sorted(folder.iterdir())]
            links = "".join(f'<a href="{quote(each)}">{html.escape(each)}</a>\n' for each in names)
            body = (
                f'<html><a href="?C=N;O=D">Name</a><a href="/">Parent</a><a href="sub/">sub</a>{links}</html>'
            )
            return Answer(body.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
        path = folder / name
        if not path.is_file():
            return Answer(status=404)
        modified = formatdate(path.stat().st_mtime, usegmt=True)
        return Answer(path.read_bytes(), headers={"Last-Modified": modified, "Content-Type": "text/csv"})

    return answer


@dataclass
class Theirs:
    """A remote folder of some kind, and how it is changed by those who own it."""

    folder: Path
    settings: dict[str, Any]
    bucket: Any = None
    web: Web | None = None

    def put(self, name: str, body: bytes, when: int = BEFORE) -> None:
        if self.bucket is not None:
            self.bucket.put_object(Key=f"out/{name}", Body=body)
            return
        (self.folder / name).write_bytes(body)
        os.utime(self.folder / name, (when, when))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["http", "sftp", "s3", "file"])
def theirs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Theirs]:
    """A remote folder, once per kind that is promised, each behind a real server."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    if request.param == "http":
        with web(folder_page(folder)) as running:
            yield Theirs(folder, {"url": f"{running.url}/out/"}, web=running)
    elif request.param == "sftp":
        with sftp(folder, tmp_path) as running:
            more = {"known_hosts": str(running.known_hosts), "options": {"password": PASSWORD}}
            yield Theirs(folder, {"url": running.url, **more})
    elif request.param == "s3":
        yield from _bucket(request.getfixturevalue("s3_server"), folder)
    else:
        yield Theirs(folder, {"url": f"file://{folder}"})


def _bucket(server: str, folder: Path) -> Iterator[Theirs]:
    import boto3

    name = f"b{time.monotonic_ns()}"
    access = {"endpoint_url": server, "aws_access_key_id": "etl", "aws_secret_access_key": SECRET}
    service = boto3.resource("s3", region_name="us-east-1", **access)
    bucket = service.create_bucket(Bucket=name)
    options = {"key": "etl", "secret": SECRET, "endpoint_url": server}
    yield Theirs(folder, {"url": f"s3://{name}/out", "options": options}, bucket)


@pytest.fixture
def fetch(pulling: Pulling, theirs: Theirs) -> Any:
    return lambda **more: pulling(**{"remote": {"settle_seconds": 0.05, **theirs.settings, **more}, **{}})


def test_new_files_are_copied_under_their_own_names(pulling, theirs, fetch):
    theirs.put("潼南区_2023年秋.csv", b"a" * 3_000_000)
    theirs.put("b c.xlsx", b"b")
    pulled = fetch()
    assert (pulled.error, pulled.landed) == (None, ("b c.xlsx", "潼南区_2023年秋.csv"))
    assert (pulled.progress.pages, pulled.progress.bytes) == (2, 3_000_001)
    assert (pulling.landing / "潼南区_2023年秋.csv").read_bytes() == b"a" * 3_000_000
    assert stat.S_IMODE((pulling.landing / "b c.xlsx").stat().st_mode) == 0o600
    if theirs.bucket is None:
        assert (pulling.landing / "b c.xlsx").stat().st_mtime == BEFORE


def test_what_is_known_is_not_fetched_again_and_never_comes_back(pulling, theirs, fetch, monkeypatch):
    theirs.put("a.csv", b"a")
    theirs.put("b.csv", b"b")
    assert fetch().result == "landed"
    (pulling.landing / "a.csv").unlink()  # as a person does once it is loaded
    monkeypatch.setattr(remote.Copying, "take", None)
    pulled = fetch()
    assert (pulled.result, pulled.progress.pages) == ("unchanged", 0)
    assert pulling.deliveries() == ["b.csv"]


def test_a_corrected_file_lands_and_the_same_bytes_of_another_day_do_not(pulling, theirs, fetch):
    theirs.put("a.csv", b"old")
    fetch()
    theirs.put("a.csv", b"newer", BEFORE + 100)
    assert fetch().landed == ("a.csv",)
    assert (pulling.landing / "a.csv").read_bytes() == b"newer"
    theirs.put("a.csv", b"newer", BEFORE + 200)
    assert fetch().result == "unchanged"


def test_nothing_of_theirs_is_changed(theirs, fetch):
    if theirs.bucket is None:
        theirs.put("a.csv", b"a")
        before = {path: (path.read_bytes(), path.stat().st_mtime) for path in theirs.folder.iterdir()}
        fetch()
        assert {path: (path.read_bytes(), path.stat().st_mtime) for path in theirs.folder.iterdir()} == before
    if theirs.web:
        assert {request.method for request in theirs.web.asked} <= {"GET", "HEAD"}


def test_a_file_that_grows_between_two_looks_is_waited_for(pulling, theirs, fetch, monkeypatch):
    theirs.put("a.csv", b"a")
    theirs.put("b.csv", b"b")
    clock = SimpleNamespace(
        sleep=lambda seconds: theirs.put("b.csv", b"b" * 1000, BEFORE + int(seconds)),
        monotonic=time.monotonic,
    )
    with monkeypatch.context() as patch:
        patch.setattr(remote, "time", clock)
        pulled = fetch(settle_seconds=10)
    assert (pulled.result, pulled.landed) == ("failed", ("a.csv",))
    assert (pulled.error, pulled.detail) == ("pull.waiting", {"file": "b.csv", "found": 1})
    assert pulling.deliveries() == ["a.csv"]
    assert fetch().landed == ("b.csv",)


def test_unfinished_transfers_wait_and_rubbish_is_nobodys_delivery(pulling, theirs, fetch):
    for name in ("a.csv.part", "~$b.xlsx", ".hidden", "Thumbs.db"):
        theirs.put(name, b"x")
    assert fetch().detail == {"file": "a.csv.part", "found": 1}
    assert pulling.deliveries() == []


def test_only_the_wanted_names_are_taken(pulling, theirs, fetch):
    for name in ("a.csv", "b.xlsx", "c.txt"):
        theirs.put(name, b"x")
    fetch(names=["*.csv", "b.*"])
    assert pulling.deliveries() == ["a.csv", "b.xlsx"]


def test_what_landed_is_an_inbox(pulling, theirs, fetch, tmp_path):
    theirs.put("a.csv", b"x")
    fetch()
    (tmp_path / "work").mkdir()
    assert [one.name for one in arrivals([pulling.landing], tmp_path / "work", 0, 10)] == ["a.csv"]


def test_a_file_beyond_the_bounds_is_left_and_the_others_land(pulling, theirs):
    theirs.put("a.csv", b"a" * (2 << 20))
    theirs.put("b.csv", b"b")
    settings = {"settle_seconds": 0, **theirs.settings}
    pulled = pulling(remote=settings, limits={"mb": 1})
    assert (pulled.error, pulled.landed) == ("pull.bound", ("b.csv",))
    assert pulling.deliveries() == ["b.csv"]


def test_a_folder_that_is_not_there_is_told_without_its_secrets(pulling, theirs):
    settings = {**theirs.settings, "url": theirs.settings["url"].rstrip("/") + "/nowhere/x/"}
    pulled = pulling(remote=settings)
    assert pulled.error in ("pull.unreachable", None)
    assert SECRET not in repr(pulled) + repr(pulling.config(remote=settings))
    assert SECRET.encode() not in pulling.everything()
    assert pulling.deliveries() == []


@pytest.mark.parametrize("theirs", ["sftp"], indirect=True)
def test_an_sftp_server_that_nobody_knows_is_refused(pulling, theirs, tmp_path):
    theirs.put("a.csv", b"a")
    (tmp_path / "other_hosts").write_text("")
    pulled = pulling(remote={**theirs.settings, "known_hosts": str(tmp_path / "other_hosts")})
    assert (pulled.error, pulled.detail["kind"]) == ("pull.unreachable", "SSHException")
    assert pulling.deliveries() == []


@pytest.mark.parametrize("theirs", ["sftp"], indirect=True)
def test_a_wrong_password_is_told_by_its_kind(pulling, theirs):
    pulled = pulling(remote={**theirs.settings, "options": {"password": SECRET, "look_for_keys": ""}})
    assert pulled.detail["kind"] == "AuthenticationException"
    assert SECRET not in repr(pulled)


@pytest.mark.parametrize("theirs", ["sftp", "file"], indirect=True)
def test_links_of_theirs_are_not_followed(pulling, theirs, fetch, tmp_path):
    (tmp_path / "elsewhere").write_text("x")
    (theirs.folder / "a.csv").symlink_to(tmp_path / "elsewhere")
    assert fetch().landed == ()
    assert pulling.deliveries() == []


@pytest.mark.parametrize("name", ["..%2F..%2Fa.csv", "a%2Fb.csv", "a%00b.csv", "x" * 300])
def test_a_hostile_name_lands_nowhere(pulling, name):
    """A web page can call a file as it likes; a name that begins with a dot is no delivery's at all."""
    with web(lambda request: _one(request, name)) as running:
        pulled = pulling(remote={"url": f"{running.url}/out/", "settle_seconds": 0})
    assert pulled.error == (None if name.startswith("..") else "pull.hostile")
    assert pulled.landed == ()
    assert [path.name for path in pulling.folder.rglob("*.csv")] == []


def _one(request: Request, name: str) -> Answer:
    if request.path == "/out/":
        return Answer(f'<a href="{name}">a</a>'.encode(), headers={"Content-Type": "text/html"})
    return Answer(b"x", headers={"ETag": '"1"'})


def test_a_file_on_another_host_is_not_fetched(pulling):
    with web(lambda _: Answer(b"secret of another host")) as other:
        moved = other.url.replace("127.0.0.1", "localhost")

        def answer(request: Request) -> Answer:
            if request.path == "/out/":
                return Answer(b'<a href="a.csv">a</a>', headers={"Content-Type": "text/html"})
            return Answer(status=302, headers={"Location": f"{moved}/a.csv"})

        with web(answer) as running:
            pulled = pulling(remote={"url": f"{running.url}/out/", "settle_seconds": 0})
    assert (pulled.error, pulled.detail) == ("pull.redirected", {"host": "localhost"})
    assert pulling.deliveries() == []


def test_a_connection_cut_in_mid_file_leaves_nothing(pulling, tmp_path):
    whole = b"x" * 100_000

    def answer(request: Request) -> Answer:
        if request.path == "/out/":
            return Answer(b'<a href="a.csv">a</a>', headers={"Content-Type": "text/html"})
        return Answer(whole, headers={"ETag": '"1"'}, cut=50_000 if cutting else None)

    cutting = True
    with web(answer) as running:
        settings = {"url": f"{running.url}/out/", "settle_seconds": 0}
        assert pulling(remote=settings).error == "pull.unreachable"
        assert pulling.deliveries() == []
        cutting = False
        assert pulling(remote=settings).landed == ("a.csv",)
    assert (pulling.landing / "a.csv").read_bytes() == whole


def test_a_web_server_that_tells_no_version_is_asked_every_time_and_the_bytes_decide(pulling):
    with web(_untold) as running:
        settings = {"url": f"{running.url}/out/", "settle_seconds": 0}
        assert pulling(remote=settings).landed == ("a.csv",)
        assert pulling(remote=settings).result == "unchanged"


def _untold(request: Request) -> Answer:
    if request.path == "/out/":
        return Answer(b'<a href="a.csv">a</a>', headers={"Content-Type": "text/html"})
    return Answer(b"x")


LACKING = """
import sys
from pathlib import Path
sys.modules[sys.argv[2]] = None
from tests.pulls.conftest import Pulling
print(Pulling(Path(sys.argv[1]))(**{sys.argv[3]: eval(sys.argv[4])}))
"""


@pytest.mark.parametrize(
    ("library", "kind", "settings", "extra"),
    [
        ("s3fs", "remote", {"url": "s3://bucket/x"}, "remote"),
        ("paramiko", "remote", {"url": "sftp://host/x"}, "remote"),
        ("aiohttp", "remote", {"url": "https://host/x"}, "remote"),
        ("fsspec", "remote", {"url": "file:///x"}, "remote"),
        ("httpx", "rest", {"url": "https://host/x"}, "pull"),
        ("tenacity", "rest", {"url": "https://host/x"}, "pull"),
    ],
)
def test_a_missing_library_names_the_extra(tmp_path, library, kind, settings, extra):
    command = [sys.executable, "-c", LACKING, tmp_path, library, kind, repr(settings)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert "error='pull.extra'" in done.stdout, done.stderr
    assert f"pip install 'chuanyu-etl[{extra}]'" in done.stdout
