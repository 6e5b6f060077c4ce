"""The marks of the archive follow the ledger: whoever writes puts right what a command that was killed left between the two.

What counts is the warehouse's transaction. Of bytes that its ledger does not know the marks stay as they are: where a warehouse is made
again, they are all that is known of what persons have decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_core.archive import ALLOWED, REVOKED, Archive, Marks

# SQLAlchemy is imported beside the child's own imports, as in pipeline.py.
if TYPE_CHECKING:
    from etl_core.warehouse import Decided, Warehouse


@dataclass(frozen=True, slots=True)
class Amiss:
    """A mark that is not as the ledger says: it is missing, or must go."""

    fingerprint: str
    mark: str
    missing: bool


def amiss(warehouse: Warehouse, archive: Archive) -> list[Amiss]:
    """Where archive and ledger disagree, in order; nothing where nobody was killed between the two."""
    return list(_amiss(warehouse.decided(), archive.marks()))


def followed(warehouse: Warehouse, archive: Archive) -> Marks:
    """Make the marks what the ledger says, and tell them; one reading of both where they agree. The caller holds the lock.

    Raises OSError, which names the archive's folder.
    """
    decided, marks = warehouse.decided(), archive.marks()
    for one in _amiss(decided, marks):
        (archive.mark if one.missing else archive.unmark)(one.fingerprint, one.mark)
    return _right(decided, marks)


def foretold(warehouse: Warehouse, archive: Archive) -> Marks:
    """What `followed` would tell; nothing is written."""
    return _right(warehouse.decided(), archive.marks())


def _right(decided: Decided, marks: Marks) -> Marks:
    """The marks as they should be: whatever is loaded is not revoked, whatever was restored neither."""
    settled = (decided.loaded | decided.restored) - decided.revoked
    return Marks(
        revoked=(marks.revoked - settled) | decided.revoked,
        allowed=(marks.allowed - decided.loaded) | decided.allowed,
    )


def _amiss(decided: Decided, marks: Marks) -> Iterator[Amiss]:
    right = _right(decided, marks)
    for mark, there, wanted in (
        (REVOKED, marks.revoked, right.revoked),
        (ALLOWED, marks.allowed, right.allowed),
    ):
        yield from (Amiss(one, mark, one in wanted) for one in sorted(there ^ wanted))
