"""Bytes of a text file → UTF-8 blocks, whatever its encoding, in bounded memory.

The encoding ladder: byte order mark (decisive) → UTF-8, when the whole file is valid or all but a few bytes of
it → GB18030 (rulings 21 and 23). It beats the statistical detectors on Chinese files; what it cannot tell (Big5,
UTF-16 without a mark) ReadOptions.encoding says.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from etl_core.errors import DeliveryError
from etl_core.readers.packed import File
from etl_core.records import Encoding

# Stands for every undecodable byte sequence until its cell is found. A noncharacter, which Unicode keeps out
# of interchange: U+FFFD would not do, for a file may hold it validly.
DAMAGE = "\ufdd0"

# Longest mark first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_ASCII = bytes(range(128))
_PIECE = 1 << 20
_DECODED = 1 << 17  # pieces that fit the processor's cache are decoded fastest
_WINDOW = 1 << 16


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return DAMAGE, error.end


codecs.register_error("chuanyu_damage", _mark)


def recognise(path: File, encoding: str | None = None) -> Encoding:
    """Climb the encoding ladder over the whole file; `encoding` overrules every rung but the byte order mark.

    Raises DeliveryError("unreadable") where the bytes are no text at all: many NULs and nothing said about them.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        for mark, codec in _MARKS:
            if head.startswith(mark):
                valid = codec == "utf-8" and _first_invalid(file) is None
                return Encoding(codec, len(mark), valid)
        if encoding is not None:
            return Encoding(codecs.lookup(encoding).name)
        if head.count(0) * 20 > len(head):
            raise DeliveryError("unreadable")
        invalid = _first_invalid(file)
        if invalid is None:
            return Encoding("utf-8", valid=True)
        return Encoding("utf-8" if _nearly_utf8(file, invalid) else "gb18030")


def blocks(
    path: File, encoding: Encoding, size: int = 1 << 23, start: int | None = None, end: int | None = None
) -> Iterator[bytes]:
    """Yield the file as UTF-8, about `size` bytes at a time, without its mark; a block may end anywhere.

    start, end: the bytes [start, end) of the file alone, which begin with a character.
    Undecodable sequences and NULs become DAMAGE, one per sequence; delimiters and line ends beside them survive.
    """
    with path.open("rb") as file:
        file.seek(encoding.mark if start is None else start)
        if encoding.valid:
            yield from map(_marked, _pieces(file, size, end))
            return
        decoder = codecs.getincrementaldecoder(encoding.codec)("chuanyu_damage")
        pieces = _pieces(file, min(size, _DECODED), end)
        while block := [_utf8(decoder.decode(each)) for each in islice(pieces, max(1, size // _DECODED))]:
            yield _marked(b"".join(block))
    yield _marked(_utf8(decoder.decode(b"", True)))


def decoded(line: bytes, encoding: Encoding) -> str:
    """A line as `blocks` gives it, within a file whose encoding has line ends that are no part of other characters."""
    more = b"\n\n\n"  # GB18030's decoder, at the end of its bytes, would count a line end to half a character before it
    text = (line + more).decode(encoding.codec, "chuanyu_damage")
    return text[: -len(more)].replace("\0", DAMAGE)


def _pieces(file: BinaryIO, size: int, end: int | None) -> Iterator[bytes]:
    while piece := file.read(size if end is None else min(size, end - file.tell())):
        yield piece


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # some codecs (UTF-7) let lone surrogates through


def _marked(data: bytes) -> bytes:
    """NUL is no text either: no database keeps it."""
    return data.replace(b"\0", DAMAGE.encode()) if b"\0" in data else data


def _first_invalid(file: BinaryIO) -> int | None:
    """Offset (to the piece) of the first byte that is not UTF-8, or None; reads the file from its start."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return max(0, file.tell() - len(error.object) + error.start)
    return None


def _nearly_utf8(file: BinaryIO, invalid: int) -> bool:
    """Whether a few bad bytes stand in UTF-8 text: one damaged row must not turn all others into mojibake.

    Judged by the text around the first bad byte: of GB18030 text hardly a quarter of the bytes pass as UTF-8,
    of UTF-8 with a cut or overwritten character nearly all. Where nothing is wrong but that the last character is not
    whole, the file was cut: more text than that character is enough.
    """
    file.seek(max(0, invalid - _WINDOW))
    window = file.read(2 * _WINDOW)
    kept = _beyond_ascii(window.decode("utf-8", "ignore").encode())
    lost = _beyond_ascii(window) - kept
    return kept > lost if _half(window[min(invalid, _WINDOW) :]) else kept >= 8 * lost


def _half(end: bytes) -> bool:
    """Whether these last bytes of a file are the beginning of one character of UTF-8."""
    try:
        return not codecs.getincrementaldecoder("utf-8")().decode(end)
    except UnicodeDecodeError:
        return False


def _beyond_ascii(data: bytes) -> int:
    return len(data.translate(None, _ASCII))
