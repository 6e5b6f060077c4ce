"""How a workbook of rows to mend is known when it comes back: a hidden sheet, and a last column (docs/mending.md).

Nothing here is trusted: whoever has the workbook can write what they like, and can say no more by it than by any delivery.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from etl_core.errors import DeliveryError

FORMAT = 1
SHEET = "_chuanyu_etl"
LONGEST = 32_767  # characters of a cell of Excel: a longer text is shown by its beginning
COLUMN = "原行号｜original row"

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Marker:
    """What the hidden sheet says.

    source: whose delivery it is · mends: the fingerprint of the delivery · name: what it is called · after: fingerprints of
    the mendings of it that were known then, in their order: a masked cell can stand for what these say.
    """

    source: str
    mends: str
    name: str
    after: tuple[str, ...] = ()

    def text(self) -> str:
        """The marker as its cell holds it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False)


def read(text: str | None) -> Marker:
    """A marker's cell. Raises DeliveryError mending.unknown for one that we did not write, or cannot read any more."""
    try:
        told = json.loads(text or "")
        marker = Marker(
            str(told["source"]), str(told["mends"]), str(told["name"]), tuple(map(str, told["after"]))
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DeliveryError("mending.unknown") from None
    if told.get("format") != FORMAT or not all(map(_FINGERPRINT.fullmatch, (marker.mends, *marker.after))):
        raise DeliveryError("mending.unknown")
    return marker


def place(file: str | None, sheet: str | None, row: int) -> str:
    """How the last column names a row: «17», «语文!17», «page_001.json#17»."""
    return "".join((f"{file}#" if file else "", f"{sheet}!" if sheet else "", str(row)))
