"""What is sealed comes back as it was, or not at all."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core import seal
from etl_core.errors import SealError
from etl_core.seal import SALT, TAG, Seal

CHUNK = 64


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Chunks so small that a few bytes make several of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal, "CHUNK", CHUNK)
        yield


def opened(by: Seal, content: bytes, name: str = "a", size: int = 7) -> bytes:
    return b"".join(by.open((content[at : at + size] for at in range(0, len(content), size)), name))


@given(st.lists(st.binary(max_size=3 * CHUNK), max_size=5), st.integers(1, 4 * CHUNK))
def test_an_object_comes_back_whatever_the_pieces_it_came_and_went_in(chunks: list[bytes], size: int) -> None:
    one = Seal.random()
    assert opened(Seal.told(one.tell()), b"".join(one.close(chunks, "a")), size=size) == b"".join(chunks)


@given(st.data())
def test_an_object_that_is_cut_changed_or_longer_is_refused(data: st.DataObject) -> None:
    one = Seal.random()
    content = b"".join(one.close([bytes(data.draw(st.integers(0, 3 * CHUNK)))], "a"))
    at = data.draw(st.integers(0, len(content) - 1))
    changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    for wrong in (content[:at], changed, content + b"\0"):
        with pytest.raises(SealError):
            opened(one, wrong)


def test_an_object_cut_between_two_chunks_is_refused() -> None:
    one = Seal.random()
    content = b"".join(one.close([bytes(3 * CHUNK)], "a"))
    with pytest.raises(SealError):
        opened(one, content[: SALT + 2 * (CHUNK + TAG)])


def test_chunks_in_another_order_are_refused() -> None:
    one = Seal.random()
    salt, first, second, last = one.close([bytes(3 * CHUNK)], "a")
    with pytest.raises(SealError):
        opened(one, salt + second + first + last)


def test_an_object_under_another_name_or_key_is_refused() -> None:
    one = Seal.random()
    content = b"".join(one.close([b"text"], "a"))
    with pytest.raises(SealError):
        opened(one, content, name="b")
    with pytest.raises(SealError):
        opened(Seal.random(), content)


def test_the_same_bytes_are_never_sealed_alike() -> None:
    one = Seal.random()
    assert b"".join(one.close([b"text"], "a")) != b"".join(one.close([b"text"], "a"))


def test_a_seal_neither_shows_its_key_nor_is_pickled() -> None:
    one = Seal.random()
    assert one.tell() not in f"{one!r}{one}"
    with pytest.raises(TypeError):
        pickle.dumps(one)


def test_a_key_of_another_length_is_no_seal() -> None:
    with pytest.raises(ValueError, match="32"):
        Seal(b"short")
