"""A plugin's own words: codes.csv beside its modules, with the columns field, word, value, note."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def codes(package: str) -> Mapping[str, Mapping[str, str]]:
    """Unified field → word as the agency writes it → value of the unified contract, from `package`/codes.csv.

    A word without a value was seen and nobody has said yet what it means: it is unknown, and never given a default.
    """
    found: dict[str, dict[str, str]] = {}
    text = files(package).joinpath("codes.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        words = found.setdefault(line["field"], {})
        if line["value"]:
            words[line["word"]] = line["value"]
    return found
