"""What was delivered can be had again as it was, and by nobody without the key."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.archive import ALLOWED, REVOKED, Archive, Marks
from etl_core.errors import SealError
from etl_core.keys import Keys
from etl_core.records import Arrival


def arrival(folder: Path, content: bytes, name: str = "报送.csv") -> Arrival:
    path = folder / "copy"
    path.write_bytes(content)
    return Arrival(name, path, sha256(content).hexdigest(), len(content), 1_700_000_000.25)


@given(content=st.binary(max_size=5000), name=st.text(min_size=1))
def test_a_delivery_comes_back_with_its_bytes_its_name_and_its_time(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    archive, one = Archive(folder / "kept", Keys.random()), arrival(folder, content, name)
    archive.keep(one)
    with archive.taken(one.fingerprint, folder) as again:
        assert (again.name, again.fingerprint, again.size, again.modified) == (
            one.name,
            one.fingerprint,
            one.size,
            one.modified,
        )
        assert again.path.read_bytes() == content
    assert not again.path.exists()


def test_nothing_of_a_delivery_can_be_read_without_the_key(tmp_path: Path) -> None:
    archive, one = Archive(tmp_path / "kept", Keys.random()), arrival(tmp_path, b"50019919800101" * 900)
    old = os.umask(0)
    try:
        archive.keep(one)
    finally:
        os.umask(old)
    (file,) = (tmp_path / "kept").rglob("*.sealed")
    assert b"500199" not in file.read_bytes()
    assert "报送".encode() not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with (
        pytest.raises(SealError),
        Archive(tmp_path / "kept", Keys.random()).taken(one.fingerprint, tmp_path),
    ):
        raise AssertionError("opened with another key")


def test_what_was_changed_in_the_archive_is_not_given_out(tmp_path: Path) -> None:
    archive, one = Archive(tmp_path / "kept", Keys.random()), arrival(tmp_path, b"x" * 100)
    archive.keep(one)
    (file,) = (tmp_path / "kept").rglob("*.sealed")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SealError), archive.taken(one.fingerprint, tmp_path):
        raise AssertionError("opened although it was cut")


def test_the_archive_knows_what_it_keeps_and_forgets_what_it_is_told_to(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "kept", Keys.random())
    first, second = (arrival(tmp_path, content) for content in (b"1", b"2"))
    second.path.write_bytes(b"2")
    archive.keep(second)
    first.path.write_bytes(b"1")
    archive.keep(first)
    assert list(archive) == sorted([first.fingerprint, second.fingerprint])
    archive.forget(first.fingerprint)
    assert (first.fingerprint in archive, second.fingerprint in archive) == (False, True)
    with pytest.raises(KeyError), archive.taken(first.fingerprint, tmp_path):
        raise AssertionError("given out although forgotten")


def test_a_draft_of_a_killed_run_is_no_delivery_and_in_nobodys_way(tmp_path: Path) -> None:
    archive, one = Archive(tmp_path / "kept", Keys.random()), arrival(tmp_path, b"1")
    draft = tmp_path / "kept" / one.fingerprint[:2] / f"{one.fingerprint}.draft"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"half")
    assert list(archive) == []
    archive.keep(one)
    assert list(archive) == [one.fingerprint]
    assert not draft.exists()


def test_an_archive_that_cannot_be_written_names_its_folder(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(OSError) as fault:
        Archive(tmp_path / "kept", Keys.random()).keep(arrival(tmp_path, b"1"))
    assert fault.value.filename == str(tmp_path / "kept")


def test_marks_say_what_was_decided_and_the_bytes_stay(tmp_path: Path) -> None:
    archive, one = Archive(tmp_path / "kept", Keys.random()), arrival(tmp_path, b"1")
    archive.keep(one)
    archive.unmark(one.fingerprint, REVOKED)
    archive.mark(one.fingerprint, ALLOWED)
    archive.mark(one.fingerprint, REVOKED)
    archive.mark(one.fingerprint, REVOKED)
    (mark,) = (tmp_path / "kept").rglob("*.revoked")
    assert (mark.stat().st_mode & 0o777, mark.stat().st_size) == (0o600, 0)
    mine = frozenset({one.fingerprint})
    assert (archive.standing(), archive.marks(), list(archive)) == ([], Marks(mine, mine), [*mine])
    archive.unmark(one.fingerprint, REVOKED)
    assert (archive.standing(), archive.marks()) == ([*mine], Marks(allowed=mine))


def test_deliveries_are_told_in_the_order_in_which_they_were_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "kept", Keys.random())
    kept = []
    for content in (b"3", b"1", b"2"):
        one = arrival(tmp_path, content)
        archive.keep(one)
        kept.append(one.fingerprint)
        (file,) = (tmp_path / "kept").rglob(f"{one.fingerprint}.sealed")
        os.utime(file, (len(kept), len(kept)))
    assert archive.standing() == kept
    assert list(archive) == sorted(kept)


def test_the_same_bytes_under_another_name_are_kept_under_the_name_that_was_tried_last(
    tmp_path: Path,
) -> None:
    archive = Archive(tmp_path / "kept", Keys.random())
    archive.keep(arrival(tmp_path, b"1", "甲.csv"))
    (file,) = (tmp_path / "kept").rglob("*.sealed")
    before = file.stat().st_ino
    archive.keep(arrival(tmp_path, b"1", "甲.csv"))
    assert file.stat().st_ino == before, "what is kept so already is left alone"
    one = arrival(tmp_path, b"1", "乙.csv")
    archive.keep(one)
    with archive.taken(one.fingerprint, tmp_path) as again:
        assert again.name == "乙.csv"


def test_a_folders_size_is_that_of_its_files(tmp_path: Path) -> None:
    archive, one = Archive(tmp_path / "kept", Keys.random()), replace(arrival(tmp_path, b"1234"), size=3)
    archive.keep(one)
    with archive.taken(one.fingerprint, tmp_path) as again:
        assert again.size == 3


def test_a_copy_that_does_not_open_is_kept_anew_when_the_delivery_comes_again(tmp_path: Path) -> None:
    archive, one = Archive(tmp_path / "kept", Keys.random()), arrival(tmp_path, b"1")
    archive.keep(one)
    (file,) = (tmp_path / "kept").rglob("*.sealed")
    file.write_bytes(b"cut")
    archive.keep(one)
    with archive.taken(one.fingerprint, tmp_path / "kept") as again:
        assert again.path.read_bytes() == b"1"
