"""What a source may say about the bytes of its deliveries, where the bytes themselves do not tell."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a delivery; the defaults fit every file that can be recognised by its content.

    encoding: a Python codec name that overrules the encoding ladder (text.py), for what it cannot tell:
        "big5", or "utf-16-le" without a byte order mark. A byte order mark overrules it in turn (ruling 23).
    delimiter: one ASCII mark between the fields of a text file. The default comma gives way to a tab
        where the first lines hold tabs and no comma.
    record: the local name of the elements of an XML file that are its records. Without it, the most frequent ones are.
    Raises ValueError for a delimiter or a record that cannot be one, LookupError for an unknown codec.
    """

    encoding: str | None = None
    delimiter: str = ","
    record: str | None = None

    def __post_init__(self) -> None:
        mark = self.delimiter
        if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in '"\r\n':
            raise ValueError("delimiter must be one ASCII mark, not a letter, digit, quote or line end")
        if self.record is not None and not re.fullmatch(r"[^\W\d][\w.-]*", self.record):
            raise ValueError("record must be the name of an element, without prefix or namespace")
        if self.encoding is not None:
            codecs.lookup(self.encoding)
