"""Whether the pages of a pull are the whole of it, each of them once (ruling 19).

The number of records alone does not tell: a page that came twice stands in the place of one that never came, and a snapshot
would withdraw everybody on that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NoReturn

from etl_core.errors import DeliveryError
from etl_core.readers.ndjson import Line

# Where a page says, beside its list, how many records the whole pull has, which page it is, and how many pages there are.
TOTALS = ("totalCount", "total", "count")
NUMBERS = ("pageIndex", "pageNo", "pageNum", "pageNumber", "currentPage", "page")
COUNTS = ("totalPages", "pageCount")

# So many missing pages are named.
FEW = 8


class Wholeness:
    """Watches the pages of a pull go by; what it keeps of a record is a hash."""

    def __init__(self) -> None:
        self._found = self._pages = self._count = 0
        self._total: int | None = None
        self._numbers: dict[int, str] = {}
        self._lists: dict[int, str] = {}
        self._records: dict[int, str] = {}

    def see(self, file: str | None, records: Sequence[Line], beside: Mapping[str, Any]) -> None:
        """Take the next page: its records, and what stands beside their list.

        Raises DeliveryError("not_settled") for a page that came before: by its number, by its list, or by most of its records.
        """
        self._found += len(records)
        self._pages += 1
        stated = (self._total, _total(beside, len(records)))
        self._total = max((each for each in stated if each is not None), default=None)
        self._count = max(self._count, _stated(beside, COUNTS) or 0)
        name, number = file or "", _stated(beside, NUMBERS)
        if number is not None:
            if number in self._numbers:
                _refuse(name, self._numbers[number])
            self._numbers[number] = name
        if records and file is not None:
            self._compare(name, [_hash(record) for record in records])

    def demand(self) -> None:
        """Raises DeliveryError("not_settled") for fewer records than there are, or more, or for a page that never came."""
        if self._total is not None and self._found != self._total:
            raise DeliveryError("not_settled", found=self._found, expected=self._total)
        missing = list(islice(self._missing(), FEW + 1))
        if missing:
            more = "……" if len(missing) > FEW else ""
            raise DeliveryError("not_settled", missing="，".join(map(str, missing[:FEW])) + more)

    def _compare(self, name: str, hashes: list[int]) -> None:
        whole = hash(tuple(hashes))
        known = [self._records[each] for each in hashes if each in self._records]
        if whole in self._lists:
            _refuse(name, self._lists[whole])
        # One record of a short last page may well be another's identical repeat (ruling 10).
        if len(known) > max(1, len(hashes) // 2):
            _refuse(name, Counter(known).most_common(1)[0][0])
        self._lists[whole] = name
        for each in hashes:
            self._records.setdefault(each, name)

    def _missing(self) -> Iterator[int]:
        """The numbers from the first to the last page that no page has; none where not every page tells its own."""
        if not self._numbers or len(self._numbers) < self._pages:
            return
        first = 0 if 0 in self._numbers else 1
        last = max(*self._numbers, first + self._count - 1)
        yield from (each for each in range(first, last + 1) if each not in self._numbers)


def _refuse(name: str, other: str) -> NoReturn:
    raise DeliveryError("not_settled", page=name, other=other)


def _total(beside: Mapping[str, Any], records: int) -> int | None:
    """How many records the whole pull has; a `count` that is the page's own says nothing of the others."""
    stated = _stated(beside, TOTALS)
    own = stated == records and not any(name in beside for name in TOTALS[:-1])
    return None if own else stated


def _stated(beside: Mapping[str, Any], names: Sequence[str]) -> int | None:
    texts = (str(beside.get(name, "")) for name in names)
    return next((int(text) for text in texts if text.isdecimal() and len(text) < 16), None)


def _hash(record: Line) -> int:
    return hash((frozenset(record.cells.items()), record.fault, record.raw))
