from __future__ import annotations

import io
import struct
import zipfile

import pytest

from etl_core.errors import DeliveryError
from etl_core.readers import archive


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def checked(data: bytes) -> list[str]:
    return archive.check(io.BytesIO(data), lambda _: None)


def refused(data: bytes) -> str:
    with pytest.raises(DeliveryError) as caught:
        checked(data)
    return caught.value.code


def test_a_whole_archive_tells_its_members():
    assert checked(packed({"a": b"1", "b/c.xml": b"<c/>"})) == ["a", "b/c.xml"]


def test_the_pieces_of_the_watched_members_are_seen():
    seen: list[bytes] = []
    archive.check(
        io.BytesIO(packed({"a": b"1", "b": b"2"})), lambda name: seen.append if name == "b" else None
    )
    assert seen == [b"2"]


def test_a_bomb_is_unsafe_by_its_ratio(monkeypatch):
    monkeypatch.setattr(archive, "FREE", 1 << 20)
    assert refused(packed({"a": bytes(3 << 20)})) == "unsafe"
    assert checked(packed({"a": bytes(1 << 19)})) == ["a"]


def test_an_archive_is_unsafe_by_its_total_size(monkeypatch):
    monkeypatch.setattr(archive, "BYTES", 1000)
    assert refused(packed({"a": bytes(600), "b": bytes(600)}, zipfile.ZIP_STORED)) == "unsafe"


def test_the_declared_size_of_a_member_is_not_believed(monkeypatch):
    monkeypatch.setattr(archive, "FREE", 1 << 20)
    data = bytearray(packed({"a": bytes(3 << 20)}))
    for at in (22, data.index(b"PK\x01\x02") + 24):
        struct.pack_into("<I", data, at, 10)
    assert refused(bytes(data)) == "unsafe"


def test_an_archive_is_unsafe_by_the_number_of_its_members(monkeypatch):
    monkeypatch.setattr(archive, "MEMBERS", 3)
    assert refused(packed({str(index): b"" for index in range(4)})) == "unsafe"


def test_a_document_type_is_unsafe():
    xml = b'\xef\xbb\xbf<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///x">]><x>&e;</x>'
    assert refused(packed({"xl/workbook.xml": xml})) == "unsafe"


def test_an_encrypted_member_is_encrypted():
    data = bytearray(packed({"a": b"1"}))
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 8, 1)
    assert refused(bytes(data)) == "encrypted"


def test_a_wrong_checksum_is_unreadable():
    data = bytearray(packed({"a": b"12345678"}, zipfile.ZIP_STORED))
    data[data.index(b"12345678")] ^= 1
    assert refused(bytes(data)) == "unreadable"
