from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import stat
import tarfile
import threading
import time
import unicodedata
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import DeliveryError
from etl_core.inbox import Refused, Unchanged, arrivals, released, shown, workroom
from etl_core.inbox.copying import _written
from etl_core.inbox.listing import demand_regular
from etl_core.records import Arrival

OLD = time.time() - 3600


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir(mode=0o700)
    return folder


def put(folder, name, content=b"a,b\n1,2\n", modified=OLD):
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (modified, modified))
    return path


def take(inbox, work, settle_seconds=0.0, file_mb=1, **known):
    return list(arrivals([inbox], work, settle_seconds, file_mb, **known))


def codes(found):
    return {one.name: one.error.code if isinstance(one, Refused) else "taken" for one in found}


def test_a_settled_file_comes_as_a_private_copy_under_its_hash(inbox, work):
    content = os.urandom(3_000_000)
    put(inbox, "北碚区 2023春.xlsx", content)
    (found,) = take(inbox, work, file_mb=3)
    fingerprint = hashlib.sha256(content).hexdigest()
    assert isinstance(found, Arrival)
    assert found.path == work / fingerprint
    assert (found.name, found.fingerprint, found.size) == ("北碚区 2023春.xlsx", fingerprint, len(content))
    assert found.modified == pytest.approx(OLD)
    assert found.path.read_bytes() == content
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600


def test_a_copy_is_private_under_any_umask(inbox, work):
    put(inbox, "a.csv")
    before = os.umask(0)
    try:
        (found,) = take(inbox, work)
    finally:
        os.umask(before)
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600


def test_the_copy_goes_when_it_was_used_even_if_its_use_failed(inbox, work):
    put(inbox, "a.csv")
    (found,) = take(inbox, work)
    with pytest.raises(ZeroDivisionError), released(found) as path:
        assert path.exists()
        raise ZeroDivisionError
    assert list(work.iterdir()) == []


def test_nothing_in_the_inbox_is_changed(inbox, work):
    put(inbox, "a.csv")
    before = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in inbox.iterdir()]
    take(inbox, work)
    assert [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in inbox.iterdir()] == before


def test_files_come_by_name_and_folders_in_their_order(tmp_path, work):
    names = ["b.csv", "a.csv", "丙.csv"]
    for number, order in enumerate(permutations(names)):
        for name in order:
            (tmp_path / str(number)).mkdir(exist_ok=True)
            put(tmp_path / str(number), name)
        assert [one.name for one in take(tmp_path / str(number), work)] == ["a.csv", "b.csv", "丙.csv"]
    both = arrivals([tmp_path / "1", tmp_path / "0"], work, 0, 1)
    assert [one.name for one in both] == ["a.csv", "b.csv", "丙.csv"] * 2


def test_two_names_for_the_same_bytes_get_a_copy_each(inbox, work):
    put(inbox, "a.csv")
    put(inbox, "b.csv")
    first, second = take(inbox, work)
    assert first.fingerprint == second.fingerprint
    assert first.path != second.path
    with released(first):
        pass
    assert second.path.read_bytes() == b"a,b\n1,2\n"


def test_known_bytes_are_not_copied(inbox, work):
    put(inbox, "a.csv")
    put(inbox, "b.csv", b"new")
    fingerprint = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    old, new = take(inbox, work, known={fingerprint}.__contains__)
    assert old == Unchanged("a.csv", fingerprint)
    assert list(work.iterdir()) == [new.path]


def test_what_became_known_during_the_run_is_not_copied_again(inbox, work):
    for name in ("a.csv", "b.csv"):
        put(inbox, name)
    loaded = set()
    found = []
    for one in arrivals([inbox], work, 0, 1, loaded.__contains__):
        found.append(one)
        loaded.add(one.fingerprint)
    assert [type(one) for one in found] == [Arrival, Unchanged]


def pull(inbox, name="pull_20231008", **pages):
    """A folder of pages."""
    (inbox / name).mkdir()
    for page, content in pages.items():
        put(inbox / name, f"{page}.json", content)
    return inbox / name


def test_a_folder_is_one_delivery_and_its_copy_an_archive_of_its_files(inbox, work):
    pull(inbox, p2=b"[2]", p1=b"[1]")
    (found,) = take(inbox, work)
    assert (found.name, found.size) == ("pull_20231008", 6)
    assert found.modified == pytest.approx(OLD)
    with tarfile.open(found.path) as archive:
        told = {member.name: archive.extractfile(member).read() for member in archive}
    assert told == {"p1.json": b"[1]", "p2.json": b"[2]"}
    assert list(told) == sorted(told)


def test_the_same_pages_are_the_same_delivery_and_other_ones_are_not(inbox, work, tmp_path):
    pull(inbox, p1=b"[1]", p2=b"[2]")
    again = tmp_path / "again"
    again.mkdir()
    pull(again, "under another name", p2=b"[2]", p1=b"[1]")
    (first,), (second,) = take(inbox, work), take(again, work)
    assert first.fingerprint == second.fingerprint
    put(inbox / "pull_20231008", "p2.json", b"[3]")
    assert take(inbox, work)[0].fingerprint != first.fingerprint


@pytest.mark.parametrize("size", [0, 511, 512, 513, 3_000_000])
def test_pages_of_every_size_come_whole(inbox, work, size):
    content = os.urandom(size)
    pull(inbox, page=content)
    (found,) = take(inbox, work, file_mb=3)
    with tarfile.open(found.path) as archive:
        assert archive.extractfile("page.json").read() == content


def test_a_pull_with_a_page_that_is_still_written_or_no_file_or_nothing_is_refused(inbox, work):
    put(pull(inbox, "young", page=b"[]"), "next.json.part")
    (pull(inbox, "linked", page=b"[]") / "link.json").symlink_to("page.json")
    pull(inbox, "none")
    assert codes(take(inbox, work)) == {"young": "not_settled", "linked": "not_regular", "none": "empty"}


def test_links_pipes_sockets_and_folders_are_refused_without_blocking(inbox, work, tmp_path, monkeypatch):
    put(tmp_path, "secret.csv")
    (inbox / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inbox / "dangling.csv").symlink_to("nowhere")
    (inbox / "folder.csv" / "inner").mkdir(parents=True)
    os.mkfifo(inbox / "pipe.csv")
    monkeypatch.chdir(inbox)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.csv")
        found = take(inbox, work)
    assert set(codes(found).values()) == {"not_regular"}
    kinds = {one.name.removesuffix(".csv"): one.error.detail["kind"] for one in found}
    assert kinds == {
        "link": "link", "dangling": "link", "folder": "folder", "pipe": "pipe", "socket": "socket",
    }  # fmt: skip
    assert list(work.iterdir()) == []


def test_a_device_is_not_regular():
    with pytest.raises(DeliveryError, match="not_regular kind=device"):
        demand_regular(Path("/dev/null").stat())


def test_lock_files_and_desktop_rubbish_are_no_deliveries(inbox, work):
    for name in ("~$a.xlsx", ".hidden", ".~lock.a.ods#", "Thumbs.db", ".DS_Store", "desktop.ini"):
        put(inbox, name)
    (inbox / "__MACOSX").mkdir()
    assert take(inbox, work) == []


@pytest.mark.parametrize("name", ["a.csv.part", "a.TMP", "a.xlsx.crdownload", "a.csv.filepart"])
def test_the_names_of_unfinished_transfers_are_not_settled(inbox, work, name):
    put(inbox, name)
    assert codes(take(inbox, work)) == {name: "not_settled"}


def test_young_files_are_waited_for_once_for_all(inbox, work):
    for name in ("a.csv", "b.csv", "c.csv"):
        put(inbox, name, modified=time.time())
    begun = time.monotonic()
    assert set(codes(take(inbox, work, settle_seconds=0.3)).values()) == {"taken"}
    assert 0.2 < time.monotonic() - begun < 0.55


def test_old_files_and_files_of_the_future_are_not_waited_for(inbox, work):
    put(inbox, "old.csv")
    put(inbox, "future.csv", modified=time.time() + 86_400)
    put(inbox, "never.part", modified=time.time())
    begun = time.monotonic()
    found = codes(take(inbox, work, settle_seconds=30))
    assert found == {"future.csv": "taken", "never.part": "not_settled", "old.csv": "taken"}
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("change", ["append", "truncate", "touch", "replace", "remove"])
def test_a_file_that_changes_while_it_is_waited_for_is_not_settled(inbox, work, change):
    path = put(inbox, "a.csv", modified=time.time())
    writer = threading.Timer(0.1, disturb, (path, change))
    writer.start()
    found = take(inbox, work, settle_seconds=0.4)
    writer.join()
    assert codes(found) == {"a.csv": "not_settled"}
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("change", ["append", "truncate", "touch", "rewrite"])
def test_a_file_that_changes_while_it_is_copied_is_not_settled(inbox, work, change):
    path = put(inbox, "a.csv", b"x" * 2_500_000)

    def known(fingerprint):
        disturb(path, change)
        return False

    assert codes(take(inbox, work, file_mb=3, known=known)) == {"a.csv": "not_settled"}
    assert list(work.iterdir()) == []


def test_a_replaced_file_yields_the_one_version_that_was_hashed(inbox, work):
    path = put(inbox, "a.csv", b"first")

    def known(fingerprint):
        disturb(path, "replace")
        return False

    (found,) = take(inbox, work, known=known)
    assert found.path.read_bytes() == b"first"
    assert found.fingerprint == hashlib.sha256(b"first").hexdigest()


def disturb(path, change):
    if change == "append":
        path.write_bytes(path.read_bytes() + b"more")
    elif change == "truncate":
        os.truncate(path, 3)
    elif change == "touch":
        os.utime(path, (OLD - 1, OLD - 1))
    elif change == "remove":
        path.unlink()
    elif change == "replace":
        put(path.parent, ".other", path.read_bytes()).rename(path)
    else:  # the very same size and time, other bytes
        before = path.stat()
        path.write_bytes(b"y" * before.st_size)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("swap", ["link", "pipe", "file"])
def test_what_is_swapped_after_it_was_listed_is_never_followed(inbox, work, tmp_path, swap):
    put(tmp_path, "secret.csv")
    put(inbox, "a.csv")
    path = put(inbox, "b.csv")
    found = arrivals([inbox], work, 0, 1)
    assert isinstance(next(found), Arrival)
    path.unlink()
    if swap == "link":
        path.symlink_to(tmp_path / "secret.csv")
    elif swap == "pipe":
        os.mkfifo(path)
    else:
        put(inbox, "b.csv", b"else")
    expected = "not_settled" if swap == "file" else "not_regular"
    assert codes(found) == {"b.csv": expected}


def test_a_folder_swapped_for_a_link_is_not_followed(inbox, work, tmp_path):
    put(inbox, "a.csv")
    put(inbox, "b.csv", b"mine")
    found = arrivals([inbox], work, 0, 1)
    next(found)
    other = tmp_path / "other"
    other.mkdir()
    put(other, "b.csv", b"elsewhere")
    inbox.rename(tmp_path / "moved")
    inbox.symlink_to(other)
    (second,) = found
    assert second.path.read_bytes() == b"mine"


def test_a_file_over_the_limit_is_unreadable_and_says_the_limit(inbox, work):
    put(inbox, "exact.csv", b"x" * (1 << 20))
    with put(inbox, "sparse.csv").open("r+b") as file:
        file.truncate((1 << 20) + 1)
    exact, sparse = take(inbox, work, file_mb=1)
    assert isinstance(exact, Arrival)
    assert (sparse.error.code, sparse.error.detail) == ("unreadable", {"limit": 1})


def test_an_empty_file_arrives(inbox, work):
    put(inbox, "a.csv", b"")
    (found,) = take(inbox, work)
    assert (found.size, found.path.read_bytes()) == (0, b"")


def test_a_file_without_permission_is_unreadable_and_the_others_go_on(inbox, work, monkeypatch):
    put(inbox, "a.csv")
    put(inbox, "b.csv")
    real = os.open

    def guarded(path, *rest, **more):
        if path == "a.csv":
            raise PermissionError(13, "no")
        return real(path, *rest, **more)

    monkeypatch.setattr("etl_core.inbox.copying.os.open", guarded)
    assert codes(take(inbox, work)) == {"a.csv": "unreadable", "b.csv": "taken"}


def test_an_inbox_that_is_gone_is_told_as_an_inbox_and_the_others_go_on(inbox, work, tmp_path):
    put(inbox, "a.csv")
    found = list(arrivals([tmp_path / "missing", inbox], work, 0, 1))
    assert codes(found) == {str(tmp_path / "missing"): "inbox.unreadable", "a.csv": "taken"}


def test_a_full_work_folder_leaves_no_half_copy(inbox, work, monkeypatch):
    put(inbox, "a.csv")

    def full(*_):
        raise OSError(28, "full")

    monkeypatch.setattr("etl_core.inbox.copying._written", full)
    with pytest.raises(OSError, match="full"):
        take(inbox, work)
    assert list(work.iterdir()) == []


def test_a_full_work_folder_is_named(work):
    (work / "full").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        _written([b"x"], work / "full")
    assert caught.value.filename == str(work)


def test_names_are_shown_without_characters_that_act(inbox, work):
    put(inbox, "a\n\x1b[31m\u202egnp.csv")
    put(inbox, os.fsdecode("遂宁.csv".encode("gb18030")))
    assert [one.name for one in take(inbox, work)] == [
        "a\\n\\x1b[31m\\u202egnp.csv",
        "\\xcb\\xec\\xc4\\xfe.csv",
    ]


@given(st.text(st.characters(codec=None)))
def test_a_shown_name_can_always_be_printed(name):
    text = shown(name)
    assert text.encode("utf-8").decode("utf-8") == text
    assert not {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert shown(text) == text


def test_a_work_room_is_private_and_goes_with_the_run(tmp_path):
    with workroom(tmp_path / "var" / "work") as room:
        assert stat.S_IMODE(room.stat().st_mode) == 0o700
        assert stat.S_IMODE(room.parent.stat().st_mode) == 0o700
        (room / "copy").write_bytes(b"x")
    assert list((tmp_path / "var" / "work").iterdir()) == []


def test_a_work_room_goes_though_the_run_failed(tmp_path):
    with pytest.raises(ZeroDivisionError), workroom(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_the_room_of_a_killed_run_is_removed_and_that_of_a_living_one_is_kept(tmp_path):
    dead, living, young, alien = (tmp_path / f"etl-room-{n}" for n in ("dead", "living", "young", "file"))
    for room in (dead, living, young):
        room.mkdir()
        (room / "copy").write_bytes(b"x")
    alien.write_bytes(b"x")
    for room in (dead, living, alien):
        os.utime(room, (OLD, OLD))
    descriptor = os.open(living, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with workroom(tmp_path):
        assert not dead.exists()
        assert (living / "copy").exists()
        assert (young / "copy").exists()
        assert alien.exists()
    os.close(descriptor)


def test_without_a_folder_the_room_is_a_temporary_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with workroom() as room:
        assert room.parent == tmp_path
