"""The key file, pseudonyms, seals and masks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import pickle
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.errors import KeyFileError
from etl_core.keys import Keys, mask


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "key"


def masked(*numbers):
    return pl.select(mask(pl.lit(pl.Series(numbers, dtype=pl.String)))).to_series().to_list()


def test_the_first_use_makes_a_key_that_only_its_owner_reads(path):
    Keys.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(base64.b64decode(path.read_text())) == 32
    assert [each.name for each in path.parent.iterdir()] == ["key"]


def test_a_second_use_reads_the_same_key(path):
    assert Keys.load(path).check_value() == Keys.load(path).check_value()


def test_two_files_never_hold_the_same_key(path, tmp_path):
    assert Keys.load(path).check_value() != Keys.load(tmp_path / "other").check_value()


def test_a_missing_file_is_refused_where_none_may_be_made(path):
    with pytest.raises(KeyFileError, match="cannot be read"):
        Keys.load(path, create=False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_a_file_open_to_others_is_refused(path, mode):
    Keys.load(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        Keys.load(path)


@pytest.mark.parametrize(
    "text", [b"", b"c2hvcnQ=", b"not base64 at all!", base64.b64encode(b"x" * 33), b"\xff\xfe"]
)
def test_a_file_that_is_no_key_is_refused_without_showing_it(path, text):
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(text)
    with pytest.raises(KeyFileError) as caught:
        Keys.load(path)
    assert not text or text.decode(errors="replace") not in str(caught.value)


def test_a_folder_in_the_place_of_the_key_is_refused(path):
    path.mkdir(parents=True, mode=0o700)
    with pytest.raises(KeyFileError):
        Keys.load(path)


def test_nothing_prints_or_pickles_a_key(path):
    keys = Keys.load(path)
    assert repr(keys) == str(keys) == f"{keys}" == "Keys(hidden)"
    with pytest.raises(TypeError):
        pickle.dumps(keys)


def test_a_person_key_is_the_hmac_of_the_number():
    keys = Keys(b"k" * 32)
    expected = hmac.digest(keys._person, b"500199198001010015", hashlib.sha256)
    assert keys.person_keys(pl.Series(["500199198001010015"])).to_list() == [expected]


@given(st.lists(st.one_of(st.none(), st.sampled_from(["", "A1", "B2", "500199198001010015"]))))
def test_person_keys_keep_order_and_length_and_nobody_stays_nobody(numbers):
    keys = Keys(b"k" * 32)
    got = keys.person_keys(pl.Series("id", numbers, dtype=pl.String))
    assert got.name == "id"
    assert got.dtype == pl.Binary
    assert got.to_list() == [hmac.digest(keys._person, n.encode(), "sha256") if n else None for n in numbers]


def test_another_key_gives_no_pseudonym_in_common():
    numbers = pl.Series([f"5001991980010100{n:02}" for n in range(50)])
    one, other = (set(Keys(bytes([b]) * 32).person_keys(numbers)) for b in (1, 2))
    assert len(one) == len(other) == 50
    assert not one & other


@given(st.binary(), st.binary())
def test_what_was_sealed_opens_at_its_place_only(plain, place):
    keys = Keys(b"k" * 32)
    sealed = keys.seal(plain, place)
    assert keys.unseal(sealed, place) == plain
    for wrong in (lambda: keys.unseal(sealed, place + b"x"), lambda: Keys(b"j" * 32).unseal(sealed, place)):
        with pytest.raises(KeyFileError):
            wrong()


def test_the_same_row_sealed_twice_looks_different():
    keys = Keys.random()
    assert keys.seal(b"row", b"") != keys.seal(b"row", b"")


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 40])
def test_bytes_that_are_no_seal_are_refused(sealed):
    with pytest.raises(KeyFileError):
        Keys.random().unseal(sealed, b"")


def test_a_mask_shows_what_a_person_needs_to_recognise_a_number():
    assert masked("511999198001011234", "51199919800101123X") == ["511***********1234", "511***********123X"]
    assert masked("E12345678", "H1234", "ABC", "A", None) == ["E******78", "H**34", "***", "*", None]
