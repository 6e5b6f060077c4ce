"""JSON values → cells: a record's fields are named by their path, every value is the text that stands in the file (ruling 7)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from etl_core.errors import DeliveryError
from etl_core.readers.text import DAMAGE

Record = Mapping[str, str | None]

# NULs and halves of surrogate pairs, which an escape may hide in a text and no database keeps.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def parsed(written: str) -> Any:
    """The value, its numbers as text.

    Raises json.JSONDecodeError; DeliveryError("unsafe") where it is deeper than any record.
    """
    try:
        return json.loads(written, parse_float=str, parse_int=str, parse_constant=str)
    except RecursionError:
        raise DeliveryError("unsafe") from None


def flat(record: Mapping[str, Any]) -> Record:
    """Every cell by its path: «content.trainEndDate», «applyCredits[1].credit»."""
    return dict(_cells("", record))


def column(texts: Sequence[str | None]) -> pl.Series:
    """The cells of one path; what is no text in them becomes text.DAMAGE."""
    try:
        found = pl.Series(texts, dtype=pl.String())
    except (UnicodeError, pl.exceptions.PolarsError):  # half a surrogate pair
        found = pl.Series([text and _NO_TEXT.sub(DAMAGE, text) for text in texts], dtype=pl.String())
    return found.str.replace_all("\0", DAMAGE, literal=True)


def _cells(path: str, value: Any) -> Iterable[tuple[str, str | None]]:
    """Every cell under a path; a list of plain values is one cell, an empty list or object one without text."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _cells(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for at, inner in enumerate(value):
            yield from _cells(f"{path}[{at}]", inner)
    elif path:
        yield path, _text(value)


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        return ";".join(filter(None, map(_text, value))) or None
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) and value else None
