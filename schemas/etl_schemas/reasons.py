"""The reason codes of contract §3 and how much each weighs; the codes themselves stand in messages.toml."""

from __future__ import annotations

from enum import StrEnum

from etl_schemas.messages import FAMILIES, catalogue, family


class Severity(StrEnum):
    """An error quarantines the row, a warning stands beside it, a delivery error refuses the whole file."""

    ERROR = "error"
    WARNING = "warning"
    DELIVERY = "delivery"


_SEVERITY = {code: severity for severity in Severity for code in catalogue()[severity]}

REASONS: tuple[str, ...] = tuple(_SEVERITY)
"""Every code in the order of contract §3: errors, warnings, delivery errors; families by their name alone."""


def known(code: str) -> bool:
    """Whether `code` may be used: one of REASONS, or a family followed by a field of a training record."""
    return family(code) is not None or (code in _SEVERITY and code not in FAMILIES)


def severity(code: str) -> Severity:
    """How much `code` weighs; Severity members are plain strings. Raises LookupError for an unknown code."""
    if not known(code):
        raise LookupError(f"no such reason code: {code!r}")
    found = family(code)
    return _SEVERITY[found[0] if found else code]


_WORDS = frozenset(
    {"title.unknown", "subject.unknown", "stage.unknown", "division.unknown", "provider.unknown"}
)


def of_words(code: str) -> bool:
    """Whether `code` says that a cell holds a word that no list has: such a word can be added to a list."""
    return code in _WORDS or code.startswith("code.unknown.")
