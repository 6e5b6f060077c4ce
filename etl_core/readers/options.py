"""What a source may say about the bytes of its deliveries, where the bytes themselves do not tell."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FixedWidth:
    """The layout of a text whose fields stand at fixed places of each line; it states no header of its own.

    fields: name (the header that the contract knows) and width of each field from left to right, in bytes of the encoding;
        what stands in no field is declared as one too, and ignored by the source.
    header: so many lines at the top of the file are no records.
    trailer: what a line begins with that counts the others and is no record («99», «T|»): nothing that a record can begin with.
    spare: so many of the last fields may be missing from a line, because whatever wrote it trims trailing blanks.
    Raises ValueError for a layout without fields, with a field of no width or a name that comes twice.
    """

    fields: tuple[tuple[str, int], ...]
    header: int = 0
    trailer: str = ""
    spare: int = 0

    def __post_init__(self) -> None:
        names = [name for name, _ in self.fields]
        if not names or not all(names) or len({*names}) < len(names):
            raise ValueError("fields must have a name each, and none twice")
        if any(width < 1 for _, width in self.fields):
            raise ValueError("width must be one byte at least")
        if self.header < 0 or not 0 <= self.spare < len(names):
            raise ValueError("header and spare must be numbers of lines and of fields")

    @property
    def width(self) -> int:
        """Bytes of a whole line."""
        return sum(width for _, width in self.fields)

    @property
    def least(self) -> int:
        """Bytes that a line has at least: it reaches into the last field that may not be missing."""
        needed = self.fields[: len(self.fields) - self.spare]
        return sum(width for _, width in needed[:-1]) + 1


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a delivery; the defaults fit every file that can be recognised by its content.

    encoding: a Python codec name that overrules the encoding ladder (text.py), for what it cannot tell:
        "big5", or "utf-16-le" without a byte order mark. A byte order mark overrules it in turn (ruling 23).
    delimiter: one ASCII mark between the fields of a text file. The default comma gives way to a tab, a semicolon or a
        vertical bar where the first lines tell that (parts.py).
    fixed: the layout of a fixed width text. It is asked for where a file's name says whose it is and its bytes are text
        without a mark of their own: a workbook, XML, HTML, JSON or dBASE file of that name is read as what it is.
    lines: every line of a JSON file is a record by itself (NDJSON), also where its content leaves that open: where there
        is but one line, or where the first of two is broken.
    record: the local name of the elements of an XML file that are its records. Without it, the most frequent ones are.
    Raises ValueError for a delimiter, a record or an encoding of a fixed width text that cannot be one, LookupError for an unknown codec.
    """

    encoding: str | None = None
    delimiter: str = ","
    record: str | None = None
    fixed: FixedWidth | None = None
    lines: bool = False

    def __post_init__(self) -> None:
        mark = self.delimiter
        if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in '"\r\n':
            raise ValueError("delimiter must be one ASCII mark, not a letter, digit, quote or line end")
        if self.record is not None and not re.fullmatch(r"[^\W\d][\w.-]*", self.record):
            raise ValueError("record must be the name of an element, without prefix or namespace")
        if self.encoding is not None:
            codecs.lookup(self.encoding)
        if self.fixed is not None and "\n".encode(self.encoding or "ascii") != b"\n":
            raise ValueError("encoding of a fixed width text must have line ends of one byte")
