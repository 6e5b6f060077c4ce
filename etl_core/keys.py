"""The key that lives outside the warehouse, and everything that is done with it (contract §5).

One file with 32 random bytes gives, by HKDF-SHA256, one subkey per purpose: pseudonyms of persons, sealed
rows of the quarantine, the archive of raw deliveries, and the check value by which a warehouse knows its own key. No key is ever printed or
pickled.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from etl_core.errors import KeyFileError

SIZE = 32  # bytes of the key and of each subkey
NONCE = 12  # bytes; the size AES-GCM is specified for
BLOCK = 64  # bytes; the block of SHA-256 that RFC 2104 pads a key to
RESIDENT = r"^\d{17}[\dX]$"  # the shape of a resident identity number (GB 11643)


class Keys:
    """The subkeys of one key file; show it anywhere and nothing of them is seen."""

    __slots__ = ("_archive", "_check", "_person", "_seal")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SIZE:
            raise KeyFileError(f"密钥应为 {SIZE} 字节｜a key has {SIZE} bytes")
        self._person = _subkey(secret, b"person")
        self._seal = AESGCM(_subkey(secret, b"seal"))
        self._check = _subkey(secret, b"check")
        self._archive = _subkey(secret, b"archive")

    @classmethod
    def load(cls, path: Path, create: bool = True) -> Keys:
        """Read the key file; make it at first use when `create` says so.

        Raises KeyFileError when the file is missing, not a regular file, open to group or others, or is not
        32 bytes in base64.
        """
        if create and not path.exists():
            _make(path)
        return cls(_decode(path, _read(path)))

    @classmethod
    def random(cls) -> Keys:
        """Keys that nobody can ever have again: for warehouses that live in memory."""
        return cls(os.urandom(SIZE))

    def check_value(self) -> bytes:
        """32 bytes that tell a warehouse its own key from another, and nothing of the key."""
        return self._check

    def archive(self) -> bytes:
        """The secret of 32 bytes that raw deliveries are sealed with (archive.py)."""
        return self._archive

    def person_keys(self, numbers: pl.Series) -> pl.Series:
        """HMAC-SHA256 of normalised identity numbers (String) as Binary of 32 bytes; null and "" give null.

        A teacher has many records: each different number is hashed once and joined back, in the same order.
        """
        wanted = numbers.cast(pl.String).rename("number").to_frame()
        known = wanted.filter(pl.col("number") != "").unique()
        hashed = map(_hmac(self._person), known["number"].to_list())
        keyed = known.with_columns(pl.Series("key", list(hashed), dtype=pl.Binary))
        joined = wanted.join(keyed, on="number", how="left", maintain_order="left")
        return joined["key"].rename(numbers.name)

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Encrypt with AES-256-GCM, bound to `place`: nonce and ciphertext."""
        nonce = os.urandom(NONCE)
        return nonce + self._seal.encrypt(nonce, plain, place)

    def unseal(self, sealed: bytes, place: bytes) -> bytes:
        """The bytes sealed at this very place; KeyFileError where key, place or bytes are others."""
        try:
            return self._seal.decrypt(sealed[:NONCE], sealed[NONCE:], place)
        except (InvalidTag, ValueError):
            raise KeyFileError("隔离行无法用这个密钥打开｜a sealed row does not open with this key") from None

    def __repr__(self) -> str:
        return "Keys(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys do not travel between processes")


def mask(number: pl.Expr) -> pl.Expr:
    """How a person may see a number: 511***********1234; other documents show the first and the last two.

    Three characters or fewer show nothing. Null stays null.
    """
    resident = number.str.slice(0, 3) + pl.lit("*" * 11) + number.str.slice(14)
    other = number.str.head(1) + _stars(number.str.slice(1, number.str.len_chars() - 3)) + number.str.tail(2)
    return (
        pl.when(number.str.contains(RESIDENT)).then(resident)
        .when(number.str.len_chars() > 3).then(other)
        .otherwise(_stars(number))
    )  # fmt: skip


def _stars(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"(?s).", "*")


def _subkey(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=SIZE, salt=None, info=b"chuanyu-etl " + purpose).derive(secret)


def _hmac(key: bytes) -> Callable[[str], bytes]:
    """RFC 2104 with the two padded blocks hashed once: twice as fast as `hmac` for many short messages."""
    padded = key.ljust(BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(text: str) -> bytes:
        within, around = inner.copy(), outer.copy()
        within.update(text.encode())
        around.update(within.digest())
        return around.digest()

    return digest


def _make(path: Path) -> None:
    """Write a new key beside `path` and link it there: complete or not at all, and never over another's."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        _write(draft, base64.b64encode(os.urandom(SIZE)) + b"\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise KeyFileError(
            f"{path}: 密钥文件无法生成｜the key file cannot be made: {error.strerror}"
        ) from None
    finally:
        with suppress(OSError):
            draft.unlink()


def _write(path: Path, text: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _read(path: Path) -> bytes:
    """The text of the file, whose kind and rights are checked on the very file that is open."""
    try:
        with open(path, "rb", opener=_open) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise KeyFileError(f"{path}: 不是普通文件｜not a regular file")
            if mode & 0o077:
                raise KeyFileError(
                    f"{path}: 密钥文件对他人开放，请运行｜the key file is open to others, run: chmod 600 {path}"
                )
            return file.read(1024)
    except OSError as error:
        raise KeyFileError(
            f"{path}: 密钥文件无法读取｜the key file cannot be read: {error.strerror}"
        ) from None


def _open(path: str, flags: int) -> int:
    """A pipe in the place of the key must not make us wait."""
    return os.open(path, flags | os.O_NONBLOCK)


def _decode(path: Path, text: bytes) -> bytes:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise KeyFileError(
            f"{path}: 不是密钥文件（应为 {SIZE} 字节的 base64）｜no key file: {SIZE} bytes in base64 are wanted"
        ) from None
    if len(secret) != SIZE:
        raise KeyFileError(
            f"{path}: 密钥为 {len(secret)} 字节，应为 {SIZE}｜the key has {len(secret)} bytes, {SIZE} are wanted"
        )
    return secret
