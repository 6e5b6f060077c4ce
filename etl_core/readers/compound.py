"""OLE2 containers (.xls, and encrypted workbooks of either kind) → a file that a workbook reader opens.

Excel and WPS open workbooks encrypted with Excel's default password without asking, and county statistics are
often sent like that; every Python reader refuses them. Only a real password is "encrypted" (contract §3).
"""

from __future__ import annotations

import io
import struct
from typing import IO, Any

import msoffcrypto
import olefile  # type: ignore[import-untyped]
from msoffcrypto.exceptions import DecryptionError

from etl_core.errors import DeliveryError

# Excel's own, published in [MS-XLS] 2.2.10.
DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105

_FREE_SECTOR = 0xFFFF_FFFF
_BOF, _EOF, _FILEPASS, _CODEPAGE = 0x0809, 0x000A, 0x002F, 0x0042
_BIFF8 = 0x0600
_UTF16 = 1200
_PADDED = 4096


def opened(file: IO[bytes]) -> IO[bytes]:
    """The file itself, or its content decrypted with the default password, or told to be Unicode.

    Raises DeliveryError: "encrypted" (another password), "unreadable" (a truncated or broken container).
    """
    try:
        container: Any
        with olefile.OleFileIO(file) as container:
            if any(entry != _FREE_SECTOR for entry in container.fat[container.nb_sect :]):
                raise DeliveryError("unreadable")  # a sector in use lies beyond the end of the file
            package, workbook = container.exists("EncryptionInfo"), container.exists("Workbook")
            stream = _workbook(container) if workbook else bytearray()
        if package or (workbook and _FILEPASS in _globals(stream)):
            file = _decrypted(file, package)
            stream = _stream(file) if workbook else stream
        return _unicode(file, stream) if workbook else file
    except DecryptionError:
        raise DeliveryError("encrypted") from None
    except DeliveryError:
        raise
    except Exception:  # noqa: BLE001  olefile and msoffcrypto raise what comes, with values in the text
        raise DeliveryError("unreadable") from None


def _decrypted(file: IO[bytes], package: bool) -> IO[bytes]:
    """The content of an encrypted OOXML package or .xls."""
    office: Any = msoffcrypto.OfficeFile(file)
    if package:
        office.load_key(password=DEFAULT_PASSWORD, verify_password=True)
    else:
        office = msoffcrypto.OfficeFile(_walkable(file))
        office.load_key(password=DEFAULT_PASSWORD)
    content = io.BytesIO()
    office.decrypt(content)
    content.seek(0)
    return content


def _unicode(file: IO[bytes], stream: bytearray) -> IO[bytes]:
    """An .xls of Excel 97 or later whose code page record says Unicode, as its text is, whatever it said before.

    Some writers leave 936 or 10008 there. Excel ignores the record; calamine believes it and makes mojibake.
    """
    at = _globals(stream).get(_CODEPAGE)
    is_biff8 = struct.unpack_from("<H", stream, 4) == (_BIFF8,)
    if at is None or not is_biff8 or struct.unpack_from("<H", stream, at) == (_UTF16,):
        return file
    struct.pack_into("<H", stream, at, _UTF16)
    return _with_stream(file, stream)


def _walkable(file: IO[bytes]) -> IO[bytes]:
    """An .xls whose padding (streams have 4,096 bytes at least) is one record: msoffcrypto stumbles over zeros."""
    stream = _stream(file)
    at = 0
    while at + 4 <= len(stream) and any(stream[at : at + 4]):
        at += 4 + struct.unpack_from("<HH", stream, at)[1]
    if not 4 < len(stream) - at <= _PADDED:
        return file
    struct.pack_into("<HH", stream, at, 0, len(stream) - at - 4)
    return _with_stream(file, stream)


def _stream(file: IO[bytes]) -> bytearray:
    with olefile.OleFileIO(file) as container:
        return _workbook(container)


def _workbook(container: Any) -> bytearray:
    return bytearray(container.openstream("Workbook").read())


def _with_stream(file: IO[bytes], stream: bytearray) -> IO[bytes]:
    """A copy of the container with another workbook stream of the same length."""
    file.seek(0)
    copy = io.BytesIO(file.read())
    with olefile.OleFileIO(copy, write_mode=True) as container:
        container.write_stream("Workbook", bytes(stream))
    copy.seek(0)
    return copy


def _globals(stream: bytearray) -> dict[int, int]:
    """Where the first record of each kind has its content, in the globals that a workbook stream begins with."""
    kind, length = struct.unpack_from("<HH", stream)
    if kind != _BOF:
        raise DeliveryError("unreadable")
    found: dict[int, int] = {}
    at = 4 + length
    while at + 4 <= len(stream) and kind != _EOF:
        kind, length = struct.unpack_from("<HH", stream, at)
        found.setdefault(kind, at + 4)
        at += 4 + length
    return found
