"""The deliveries that a mending is read beside: chosen from the ledger, taken from the archive, gone when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from etl_core.archive import Archive
from etl_core.errors import DeliveryError
from etl_core.protocol import Mending, Original

Line = Mapping[str, Any]


def chain(family: Sequence[Line], told: Mending) -> list[Line]:
    """The delivery that a mending mends and the mendings that it was made after, of the ledger's lines of that delivery.

    Raises DeliveryError mending.unknown where one of them is not loaded.
    """
    found = [line for line in family if line["fingerprint"] in (told.mends, *told.after)]
    if len(found) != 1 + len(set(told.after)) or found[0]["mends"] is not None:
        raise DeliveryError("mending.unknown", source=told.source)
    return found


@contextmanager
def taken(archive: Archive | None, family: Sequence[Line], room: Path) -> Iterator[tuple[Original, ...]]:
    """The deliveries as they arrived, under the names that the ledger knows, in a folder of their own in `room`.

    Raises DeliveryError mending.unarchived where one of them is not kept, SealError where it does not open.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=room)))
        yield tuple(_taken(archive, line, folder, stack) for line in family)


def _taken(archive: Archive | None, line: Line, folder: Path, stack: ExitStack) -> Original:
    fingerprint = line["fingerprint"]
    if archive is None or fingerprint not in archive:
        raise DeliveryError("mending.unarchived", source=line["source"], file=line["file"])
    kept = stack.enter_context(archive.taken(fingerprint, folder))
    return Original(str(kept.path), line["file"], line["modified"], fingerprint)
