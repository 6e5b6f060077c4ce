from __future__ import annotations

import errno
import json
import os
import stat

import pytest

from etl_core import pulls
from etl_core.config import Config
from etl_core.errors import PullError
from etl_core.pulls import landing
from etl_core.pulls.landing import Landing, held
from tests.pulls.conftest import Told
from tests.web import Answer, table, web


def test_only_one_process_pulls_into_a_folder(tmp_path):
    with held(tmp_path / "it"):
        with pytest.raises(PullError, match=r"pull\.busy"), held(tmp_path / "it"):
            pass
        with held(tmp_path / "other"):
            pass
    with held(tmp_path / "it"):
        pass


def test_a_folder_is_made_for_its_owner_alone(tmp_path):
    with held(tmp_path / "a" / "it") as made:
        assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "it").symlink_to(tmp_path / "real")
    with pytest.raises(PullError, match=r"pull\.landing"), held(tmp_path / "it"):
        pass


def test_a_part_knows_its_request_again_and_no_other(tmp_path):
    with held(tmp_path / "it") as folder:
        part = folder.part(["u", {"token": "canary"}], "pull")
        part.add("page-0001.json", b"[]", pages=1)
        assert folder.part(["u", {"token": "canary"}], "other").resumed
        assert b"canary" not in (tmp_path / "it" / ".part" / "state.json").read_bytes()
        assert not folder.part(["u", {"token": "another"}], "pull").resumed


@pytest.mark.parametrize("state", [b"", b"[]", b"{}", b'{"request": 1}', b"\xff"])
def test_a_state_that_cannot_be_read_is_no_state(tmp_path, state):
    with held(tmp_path / "it") as folder:
        folder.part("request", "pull").add("page-0001.json", b"[]", pages=1)
        (tmp_path / "it" / ".part" / "state.json").write_bytes(state)
        (tmp_path / "it" / ".landed.json").write_bytes(state)
        assert folder.part("request", "pull").state.pages == 0
        assert folder.remembered() == {} or state == b'{"request": 1}'


def test_what_a_kill_left_beside_the_counted_pages_is_removed(tmp_path):
    with held(tmp_path / "it") as folder:
        part = folder.part("request", "pull")
        part.add("page-0001.json", b"[1]", pages=1)
        for name in ("page-0002.json", ".page-0003.json.tmp"):
            (part.pages / name).write_bytes(b"half")
        again = folder.part("request", "pull")
        assert [path.name for path in again.pages.iterdir()] == ["page-0001.json"]


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("step", ["before the rename", "after it"])
def test_a_delivery_that_was_complete_lands_when_the_next_pull_begins(tmp_path, monkeypatch, single, step):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    folder = Landing(tmp_path)
    part = folder.fresh("request", "pull", single=single)
    part.add("page-0001.json", b"[1]", pages=1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Landing, "_finish" if step == "before the rename" else "remember", stop)
        folder.land(part)
    assert (tmp_path / "pull").exists() is (step == "after it")
    assert not folder.part("another request", "pull").resumed
    assert (tmp_path / "pull").is_file() is single
    assert folder.remembered()["name"] == "pull"


def test_names_are_never_taken_twice(tmp_path):
    folder = Landing(tmp_path)
    for body in (b"1", b"2", b"3"):
        part = folder.fresh("request", "made_up_2023.csv", single=True)
        part.add("x", body)
        folder.land(part)
    names = sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("."))
    assert names == ["made_up_2023-2.csv", "made_up_2023-3.csv", "made_up_2023.csv"]


def _two(folder, url, **more):
    rest = {"items": "data.items", "total": "data.totalCount", "attempts": 1, "rate": 1000}
    told = {
        "warehouse": {"url": "sqlite:///w.sqlite"},
        "key_file": "k",
        "pulls": {
            "broken": {"rest": {"url": f"{url}/broken", **rest}},
            "whole": {"name": "pull", "rest": {"url": f"{url}/whole", **rest}},
            "off": {"enabled": False, "name": "pull", "rest": {"url": f"{url}/whole", **rest}},
        },
    }
    return Config.model_validate(told, context={"base": folder})


def test_a_fault_of_one_pull_is_its_own_and_one_that_is_off_is_left_alone(tmp_path):
    whole = table(60)
    meter = Told()
    with web(lambda request: Answer(status=500) if "broken" in request.path else whole(request)) as running:
        config = _two(tmp_path, running.url)
        pulled = pulls.pull(config, meter)
        assert [(each.pull, each.result) for each in pulled] == [("broken", "failed"), ("whole", "landed")]
        assert meter.begun_ == ["broken", "whole"]
        assert meter.ended_ == list(pulled)
        assert [each.pull for each in pulls.pull(config, Told(), "off")] == ["off"]


def test_a_full_disk_ends_everything_and_what_was_fetched_is_gone_on_with(tmp_path, monkeypatch):
    def full(path, chunks, flags=0):
        if "page-0002" in path.name:
            raise OSError(errno.ENOSPC, "No space left", str(path.parent))
        written(path, chunks, flags or os.O_TRUNC)

    written = landing.stream
    with web(table(120)) as running:
        config = _two(tmp_path, running.url)
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
            patch.setattr(landing, "stream", full)
            pulls.pull(config, Told(), "whole")
        state = json.loads((tmp_path / "landing" / "whole" / ".part" / "state.json").read_bytes())
        assert state["pages"] == 1
        assert pulls.pull(config, Told(), "whole")[0].landed == ("pull",)
        assert len(running.asked) == 4


def test_a_landing_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "landing").write_text("a file in its place")
    with web(table(10)) as running:
        (pulled,) = pulls.pull(_two(tmp_path, running.url), Told(), "whole")
    assert (pulled.error, pulled.detail) == ("pull.landing", {"folder": str(tmp_path / "landing" / "whole")})
