"""What a page says besides its records, and where the next one is: four ways in which services turn pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl_core.config import Pages, Rest
from etl_core.errors import PullError

# Ways of turning pages in which a service never says that nothing follows.
COUNTED = ("number", "offset")
_PARAMETERS = {"number": "page", "offset": "offset", "cursor": "cursor"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A page without its records: how many it has, how many there are in all, and what it says of the next one.

    digest: SHA-256 of its records, by which it is known again though the time of the answer stands beside them.
    """

    items: int
    total: int | None
    next: str
    digest: str


def envelope(rest: Rest, body: bytes) -> Envelope:
    """Read what stands around the records of a page; the records are counted and hashed, and nothing else.

    Raises PullError("pull.unreadable"): no JSON, or no list where the records should be.
    """
    try:
        told = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
        items = found(told, rest.items)
        digest = hashlib.sha256(json.dumps(items).encode()).hexdigest()
    except (ValueError, RecursionError):
        raise PullError("pull.unreadable") from None
    if not isinstance(items, list):
        raise PullError("pull.unreadable", column=rest.items)
    following = found(told, rest.pages.next) if rest.pages.next else None
    after = following if isinstance(following, str) else ""
    return Envelope(len(items), _total(told, rest), after, digest)


def found(told: Any, path: str) -> Any:
    """What stands under a path such as data.items; None where nothing does. A name may have dots (@odata.nextLink)."""
    if not path:
        return told
    if not isinstance(told, dict):
        return None
    if path in told:
        return told[path]
    name, _, rest = path.partition(".")
    return found(told.get(name), rest) if rest else None


def parameters(pages: Pages, position: str) -> Mapping[str, str]:
    """The parameters that ask for the page at a position ("" is the first one); links are addresses, and need none."""
    asked: dict[str, str] = {}
    if pages.size_parameter:
        asked[pages.size_parameter] = str(pages.size)
    starts = {"number": str(pages.first), "offset": "0"}
    position = position or starts.get(pages.by, "")
    if pages.by != "link" and position:
        asked[pages.parameter or _PARAMETERS[pages.by]] = position
    return asked


def following(pages: Pages, position: str, page: Envelope, link: str) -> str:
    """The position after a page; "" where the service says that there is none."""
    if pages.by == "number":
        return str(int(position or pages.first) + 1)
    if pages.by == "offset":
        return str(int(position or 0) + page.items)
    return page.next if pages.next else link


def _total(told: Any, rest: Rest) -> int | None:
    """How many records the service says that it has. Raises PullError("pull.unreadable") where it should say and does not."""
    if not rest.total:
        return None
    stated = str(found(told, rest.total))
    if not (stated.isascii() and stated.isdigit() and len(stated) < 16):
        raise PullError("pull.unreadable", column=rest.total)
    return int(stated)
