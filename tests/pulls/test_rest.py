from __future__ import annotations

import gzip
import json
import shutil
import stat
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from etl_core.pulls import Progress
from tests.pulls.conftest import Pulling, Told
from tests.web import Answer, Request, table, web

SECRET = "canary-token"
FIRST = Request("GET", "/records", {"page": "1"}, {})
WHOLE = {"items": "data.items", "total": "data.totalCount", "rate": 1000}


def rest(url: str, **more: object) -> dict[str, object]:
    return {"rest": {"url": f"{url}/records", **WHOLE, **more}}


def received(folder: Path) -> list[list[str]]:
    pages = sorted(folder.iterdir())
    assert [path.name for path in pages] == [f"page-{at:04}.json" for at in range(1, len(pages) + 1)]
    return [[each["id"] for each in json.loads(path.read_bytes())["data"]["items"]] for path in pages]


def test_the_pages_land_exactly_as_received_and_private(pulling):
    with web(table(120)) as running:
        pulled = pulling(**rest(running.url))
        bodies = [running.answering(request).body for request in running.asked]
    assert (pulled.result, pulled.landed, pulled.error) == ("landed", ("pull",), None)
    assert pulled.progress == Progress(3, 120, sum(map(len, bodies)), 120)
    folder = pulling.landing / "pull"
    assert [path.read_bytes() for path in sorted(folder.iterdir())] == bodies
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, pulling.landing)} == {0o700}
    assert pulling.deliveries() == ["pull"]


@pytest.mark.parametrize(
    ("shape", "pages"),
    [
        ("number", {"by": "number", "size_parameter": "size", "size": 50}),
        ("offset", {"by": "offset"}),
        ("cursor", {"by": "cursor", "next": "data.cursor"}),
        ("link", {"by": "link", "next": "data.next"}),
        ("link", {"by": "link"}),
    ],
)
@pytest.mark.parametrize("total", ["data.totalCount", None])
def test_every_way_of_turning_pages_brings_every_record_once(pulling, shape, pages, total):
    with web(table(120, shape=shape)) as running:
        pulled = pulling(**rest(running.url, pages=pages, total=total))
    assert pulled.result == "landed"
    ids = [each for page in received(pulling.landing / "pull") for each in page]
    assert ids == [str(each) for each in range(120)]


def test_query_and_headers_and_token_are_sent_with_every_page(pulling):
    with web(table(120)) as running:
        more = {"query": {"year": "2022-2023年度"}, "headers": {"X-App": "etl"}, "auth": {"bearer": SECRET}}
        pulling(**rest(running.url, **more))
    assert len(running.asked) == 3
    for request in running.asked:
        assert request.query["year"] == "2022-2023年度"
        assert request.headers["X-App"] == "etl"
        assert request.headers["Authorization"] == f"Bearer {SECRET}"


def test_a_user_and_a_password_are_sent_as_basic_authorisation(pulling):
    with web(table(10)) as running:
        pulling(**rest(running.url, auth={"user": "etl", "password": "geheim"}))
    assert running.asked[0].headers["Authorization"] == "Basic ZXRsOmdlaGVpbQ=="


@pytest.mark.parametrize(
    "faults",
    [
        [Answer(status=503), Answer(status=503)],
        [Answer(status=429, headers={"Retry-After": "0"})],
        [Answer(b'{"data": {"items": [', cut=3, headers={"Content-Length": "500"})],
        [Answer("<html>网关错误</html>".encode())],
        [Answer(b'{"code": 500, "message": "busy"}')],
        [Answer(b"not gzip", headers={"Content-Encoding": "gzip"})],
    ],
    ids=["503 twice", "429", "cut in mid-body", "html", "an error with status 200", "broken gzip"],
)
def test_what_passes_is_tried_again(pulling, failing, faults):
    with web(failing(faults, table(60))) as running:
        pulled = pulling(**rest(running.url))
    assert pulled.result == "landed"
    assert [len(page) for page in received(pulling.landing / "pull")] == [50, 10]
    assert len(running.asked) == 2 + len(faults)


@pytest.mark.parametrize("stated", [lambda: "1", lambda: formatdate(time.time() + 2, usegmt=True)])
def test_retry_after_is_waited_for(pulling, failing, stated):
    with web(failing([Answer(status=429, headers={"Retry-After": stated()})], table(10))) as running:
        started = time.monotonic()
        assert pulling(**rest(running.url)).result == "landed"
    assert time.monotonic() - started > 0.9


def test_longer_than_the_pull_may_take_is_not_waited_for(pulling, failing):
    with web(failing([Answer(status=503, headers={"Retry-After": "3600"})], table(10))) as running:
        pulled = pulling(**rest(running.url), limits={"seconds": 60})
    assert (pulled.error, pulled.detail["status"], len(running.asked)) == ("pull.failing", 503, 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204])
def test_a_refusal_is_not_tried_again(pulling, status):
    with web(lambda _: Answer(status=status)) as running:
        pulled = pulling(**rest(running.url))
    assert (pulled.result, pulled.error) == ("failed", "pull.refused")
    assert pulled.detail == {"host": "127.0.0.1", "status": status}
    assert len(running.asked) == 1


def test_what_does_not_pass_is_given_up_after_so_many_attempts(pulling):
    with web(lambda _: Answer(status=502)) as running:
        assert pulling(**rest(running.url, attempts=3)).error == "pull.failing"
    assert len(running.asked) == 3
    assert pulling(**rest(running.url, attempts=2)).error == "pull.unreachable"


def test_a_slow_service_is_given_up(pulling):
    def slow(_):
        time.sleep(0.5)
        return Answer()

    with web(slow) as running:
        pulled = pulling(**rest(running.url, timeout=0.1, attempts=2))
    assert (pulled.error, pulled.detail["kind"]) == ("pull.unreachable", "ReadTimeout")


def test_no_more_requests_a_second_than_agreed(pulling):
    with web(table(200)) as running:
        started = time.monotonic()
        pulling(**rest(running.url, rate=10))
    assert len(running.asked) == 4
    assert time.monotonic() - started > 0.3


@pytest.mark.parametrize(
    "elsewhere", ["http://localhost:{port}/x", "https://127.0.0.1:{port}/x", "//example.org/x"]
)
def test_a_redirection_to_another_place_is_not_followed(pulling, elsewhere):
    with web(lambda _: Answer(status=302, headers={"Location": elsewhere.format(port=port)})) as running:
        port = running.url.rpartition(":")[2]
        pulled = pulling(**rest(running.url, auth={"bearer": SECRET}))
    assert pulled.error == "pull.redirected"
    assert len(running.asked) == 1


def test_a_redirection_on_the_same_host_is_followed_but_not_for_ever(pulling, failing):
    moved = Answer(status=307, headers={"Location": "/elsewhere?page=1"})
    with web(failing([moved], table(10))) as running:
        assert pulling(**rest(running.url)).result == "landed"
    with web(lambda _: moved) as running:
        assert pulling(**rest(running.url)).error == "pull.redirected"


def test_a_link_to_another_host_is_not_followed(pulling):
    body = (
        b'{"data": {"items": [{"id": "1"}], "totalCount": 2, "next": "https://example.org/records?page=2"}}'
    )
    with web(lambda _: Answer(body)) as running:
        pulled = pulling(**rest(running.url, pages={"by": "link", "next": "data.next"}))
    assert (pulled.error, pulled.detail) == ("pull.redirected", {"host": "example.org"})


def test_a_certificate_that_nobody_signed_is_not_trusted(pulling, tmp_path):
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run([*command, *more], check=True, capture_output=True)
    with web(table(10), certificate=certificate, key=key) as running:
        assert pulling(**rest(running.url)).error == "pull.untrusted"
        assert running.asked == []
        assert pulling(**rest(running.url, ca_file=str(certificate))).result == "landed"
    assert pulling(**rest(running.url, ca_file="nowhere.pem")).error == "pull.untrusted"


def test_a_missing_page_leaves_nothing(pulling):
    def lacking(request):
        return (
            Answer(b'{"data": {"totalCount": 120, "items": []}}')
            if request.query["page"] == "2"
            else whole(request)
        )

    whole = table(120)
    with web(lacking) as running:
        pulled = pulling(**rest(running.url))
    assert (pulled.error, pulled.detail) == ("pull.incomplete", {"found": 50, "expected": 120})
    assert [path.name for path in pulling.landing.iterdir()] == []


def test_no_record_at_all_is_told_and_lands_nothing(pulling):
    with web(table(0)) as running:
        assert pulling(**rest(running.url)).error == "pull.empty"
    assert pulling.deliveries() == []


def test_a_service_that_does_not_heed_the_page_is_found_out(pulling):
    whole = table(120)
    with web(lambda _: whole(FIRST)) as running:
        pulled = pulling(**rest(running.url))
    assert (pulled.error, pulled.detail) == ("pull.repeated", {"found": 2})
    assert pulling.deliveries() == []


@pytest.mark.parametrize("stopped", [False, True])
def test_a_page_that_came_before_is_found_out_however_long_ago_and_whenever_it_was_made(pulling, stopped):
    """The time of the answer stands beside the records, and another page lay between; the pull may have been stopped there."""
    whole = table(220)

    def turning(request):
        page = {"3": "1"}.get(request.query["page"], request.query["page"])
        told = json.loads(whole(Request("GET", "/records", {"page": page}, {})).body)
        return Answer(json.dumps({**told, "at": len(running.asked)}).encode())

    with web(turning) as running:
        if stopped:
            with pytest.raises(KeyboardInterrupt):
                pulling(Told(stop_after=2), **rest(running.url))
        pulled = pulling(**rest(running.url))
    assert (pulled.error, pulled.detail) == ("pull.repeated", {"found": 3})
    assert pulling.deliveries() == []


def test_more_records_than_the_service_has_are_told_and_land_nothing(pulling):
    whole = table(150)

    def lying(request):
        return Answer(whole(request).body.replace(b'"totalCount": 150', b'"totalCount": 120'))

    with web(lying) as running:
        pulled = pulling(**rest(running.url))
    assert (pulled.error, pulled.detail) == ("pull.incomplete", {"found": 150, "expected": 120})
    assert pulling.deliveries() == []


@pytest.mark.parametrize(
    "body", [b'{"data": {"items": {}, "totalCount": 1}}', b"[" * 100_000, b'{"data": {"items": []}}', b"\xff"]
)
def test_what_is_no_page_is_told_and_lands_nothing(pulling, body):
    with web(lambda _: Answer(body)) as running:
        assert pulling(**rest(running.url, attempts=2)).error == "pull.unreadable"
    assert len(running.asked) == 2
    assert pulling.deliveries() == []


@pytest.mark.parametrize("limits", [{"pages": 1}, {"seconds": 1}], ids=str)
def test_a_pull_is_bounded(pulling, limits):
    with web(table(120)) as running:
        pulled = pulling(**rest(running.url, rate=2 if "seconds" in limits else 1000), limits=limits)
    assert pulled.error == "pull.bound"
    assert pulling.deliveries() == []


def test_a_page_is_bounded_even_where_it_is_compressed(pulling):
    bomb = gzip.compress(b" " * (3 << 20))
    with web(lambda _: Answer(bomb, headers={"Content-Encoding": "gzip"})) as running:
        pulled = pulling(**rest(running.url), limits={"page_mb": 2})
    assert (pulled.error, len(running.asked)) == ("pull.bound", 1)


def test_a_stopped_pull_goes_on_where_it_was(pulling):
    with web(table(220)) as running:
        with pytest.raises(KeyboardInterrupt):
            pulling(Told(stop_after=2), **rest(running.url))
        assert pulling.deliveries() == []
        asked = len(running.asked)
        pulled = pulling(**rest(running.url))
    assert (asked, len(running.asked)) == (2, 5)
    assert (pulled.result, pulled.progress.rows) == ("landed", 220)
    assert [len(page) for page in received(pulling.landing / "pull")] == [50, 50, 50, 50, 20]


@pytest.mark.parametrize("shape", ["offset", "cursor", "link"])
def test_every_way_of_turning_pages_can_be_gone_on_with(pulling, shape):
    pages = {
        "by": shape,
        **({} if shape == "offset" else {"next": "data.cursor" if shape == "cursor" else "data.next"}),
    }
    for after in (1, 3):
        with web(table(120, shape=shape)) as running:
            with pytest.raises(KeyboardInterrupt):
                pulling(Told(stop_after=after), **rest(running.url, pages=pages))
            pulled = pulling(**rest(running.url, pages=pages))
        assert pulled.result == "landed"
        assert len(running.asked) == 3
        ids = [each for page in received(pulling.landing / pulled.landed[0]) for each in page]
        assert ids == [str(each) for each in range(120)]
        for path in sorted(pulling.landing.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def test_a_service_that_failed_in_the_middle_is_asked_for_the_rest_only(pulling, failing):
    whole = table(120)
    with web(failing([whole(FIRST), *[Answer(status=500)] * 2], whole)) as running:
        assert pulling(**rest(running.url, attempts=2)).error == "pull.failing"
        assert pulling(**rest(running.url)).result == "landed"
    assert [request.query["page"] for request in running.asked] == ["1", "2", "2", "2", "3"]


def test_the_part_of_another_request_is_thrown_away(pulling):
    with web(table(220)) as running:
        with pytest.raises(KeyboardInterrupt):
            pulling(Told(stop_after=2), **rest(running.url))
        pulling(**rest(running.url, query={"year": "2023"}))
    assert [request.query.get("year") for request in running.asked] == [None, None, *["2023"] * 5]


def test_a_part_is_thrown_away_where_there_are_other_records_by_now(pulling):
    with web(table(220)) as running:
        with pytest.raises(KeyboardInterrupt):
            pulling(Told(stop_after=2), **rest(running.url))
        running.answering = table(221)
        assert pulling(**rest(running.url)).progress.rows == 221
    assert [len(page) for page in received(pulling.landing / "pull")] == [50, 50, 50, 50, 21]


def test_another_token_goes_on_with_the_same_part(pulling):
    with web(table(120)) as running:
        with pytest.raises(KeyboardInterrupt):
            pulling(Told(stop_after=2), **rest(running.url, auth={"bearer": "old"}))
        pulling(**rest(running.url, auth={"bearer": "new"}))
    assert len(running.asked) == 3


def test_the_same_bytes_do_not_land_twice_and_others_land_beside_them(pulling):
    with web(table(60)) as running:
        assert pulling(**rest(running.url)).landed == ("pull",)
        assert pulling(**rest(running.url)).result == "unchanged"
        running.answering = table(61)
        assert pulling(**rest(running.url)).landed == ("pull-2",)
    assert pulling.deliveries() == ["pull", "pull-2"]


def test_what_was_removed_does_not_come_back_unless_it_is_forgotten(pulling):
    with web(table(60)) as running:
        pulling(**rest(running.url))
        shutil.rmtree(pulling.landing / "pull")
        assert pulling(**rest(running.url)).result == "unchanged"
        assert pulling.deliveries() == []
        (pulling.landing / ".landed.json").unlink()
        assert pulling(**rest(running.url)).landed == ("pull",)


def test_the_day_is_in_the_name(pulling):
    with web(table(10)) as running:
        (name,) = pulling(**{**rest(running.url), "name": "pull_{date:%Y%m%d}"}).landed
    assert name.startswith("pull_20")
    assert len(name) == len("pull_20231008")


@pytest.mark.parametrize(
    "pages", [{"by": "number"}, {"by": "link", "next": "data.next"}, {"by": "link"}], ids=str
)
def test_no_secret_is_at_rest_or_told(pulling, pages):
    """The next link of the service holds the token that was sent; it is written into no state of ours."""
    shape = "offset" if pages["by"] == "link" else "number"
    with web(table(220, shape=shape)) as running:
        with pytest.raises(KeyboardInterrupt):
            pulling(Told(stop_after=2), **rest(running.url, pages=pages, query={"token": SECRET}))
        state = (pulling.landing / ".part" / "state.json").read_text()
        assert SECRET not in state
        assert pulling(**rest(running.url, pages=pages, query={"token": SECRET})).result == "landed"
    assert {request.query["token"] for request in running.asked} == {SECRET}
    running.answering = None
    pulled = pulling(**rest(running.url, attempts=1, query={"token": SECRET}, auth={"bearer": SECRET}))
    assert pulled.error == "pull.unreachable"
    assert SECRET not in repr(pulled)
    assert SECRET not in repr(pulling.config(**rest(running.url, query={"token": SECRET})))


KILLED = """
import os, sys
from etl_core import pulls
from etl_core.config import Config
from tests.pulls.conftest import Pulling, Told
from pathlib import Path
count = int(sys.argv[3])
def hook(event, arguments):
    global count
    if event in ("os.rename", "os.mkdir", "shutil.rmtree") or (event == "open" and ".part" in str(arguments[0])):
        count -= 1
        if count == 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(hook)
Pulling(Path(sys.argv[1]))(rest={"url": sys.argv[2], "items": "data.items", "total": "data.totalCount", "rate": 1000})
"""


@pytest.mark.slow
def test_a_kill_at_any_step_and_another_pull_give_the_one_delivery(tmp_path):
    step, killed = 0, True
    with web(table(120)) as running:
        while killed:
            step += 1
            folder = tmp_path / str(step)
            folder.mkdir()
            command = [sys.executable, "-c", KILLED, folder, f"{running.url}/records", str(step)]
            clone = Path(__file__).resolve().parents[2]
            killed = subprocess.run(command, cwd=clone, check=False).returncode == -9
            pulling = Pulling(folder)
            seen = list(pulling.landing.glob("[!.]*"))
            assert all(len(list(path.iterdir())) == 3 for path in seen)
            pulling(**rest(running.url))
            assert pulling.deliveries() == ["pull"]
            assert [len(page) for page in received(pulling.landing / "pull")] == [50, 50, 20]
    assert step > 15
