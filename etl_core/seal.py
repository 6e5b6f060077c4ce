"""Bytes of any length that others keep for us: encrypted in chunks, under a run's own key or a subkey of the key file.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM: a random salt, then chunks whose nonce
is their number and whether they are the last. Each object has a key of its own, derived from the key, the
salt and the object's name, so that no nonce is used twice and no object can be given out as another, cut or rearranged.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from etl_core.errors import SealError

SIZE = 32  # bytes of the key
SALT = 16  # bytes in front of an object
CHUNK = 1 << 20  # bytes that are encrypted at a time
TAG = 16  # bytes that AES-GCM adds to each chunk


class Seal:
    """A key for sealing; show it anywhere and nothing of it is seen."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SIZE:
            raise ValueError(f"a seal has {SIZE} bytes")
        self._secret = secret

    @classmethod
    def random(cls) -> Seal:
        """A new key."""
        return cls(os.urandom(SIZE))

    @classmethod
    def told(cls, text: str) -> Seal:
        """The key that another process told us."""
        return cls(bytes.fromhex(text))

    def tell(self) -> str:
        """The key as text, for a process that is to open what is sealed here; never for a log."""
        return self._secret.hex()

    def close(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """Encrypt an object, bound to its name."""
        salt = os.urandom(SALT)
        cipher = self._cipher(salt, name)
        yield salt
        for number, (chunk, last) in enumerate(_even(chunks, CHUNK)):
            yield cipher.encrypt(_nonce(number, last), chunk, None)

    def open(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """Decrypt an object; it is whole only where the iteration comes to its end.

        Raises SealError where key, name or bytes are others.
        """
        coming = iter(chunks)
        buffer = bytearray()
        while len(buffer) < SALT and (chunk := next(coming, b"")):
            buffer += chunk
        cipher = self._cipher(bytes(buffer[:SALT]), name)
        for number, (chunk, last) in enumerate(_even(coming, CHUNK + TAG, buffer[SALT:])):
            try:
                yield cipher.decrypt(_nonce(number, last), chunk, None)
            except InvalidTag:
                raise SealError(
                    "密封的内容不完整、被改动过，或密钥不对｜sealed bytes are cut or changed, or the key is another one"
                ) from None

    def _cipher(self, salt: bytes, name: str) -> AESGCM:
        info = b"chuanyu-etl staged " + name.encode()
        return AESGCM(HKDF(algorithm=SHA256(), length=SIZE, salt=salt, info=info).derive(self._secret))

    def __repr__(self) -> str:
        return "Seal(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a seal is told, not pickled")


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _even(chunks: Iterable[bytes], size: int, begun: bytes | bytearray = b"") -> Iterator[tuple[bytes, bool]]:
    """The same bytes in pieces of one size, each with whether it is the last, which alone may be shorter or empty."""
    buffer = bytearray(begun)
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > size:
            yield bytes(buffer[:size]), False
            del buffer[:size]
    while len(buffer) > size:
        yield bytes(buffer[:size]), False
        del buffer[:size]
    yield bytes(buffer), True
