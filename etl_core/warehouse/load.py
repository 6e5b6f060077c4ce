"""One delivery, one transaction: batches go in, the books are closed, and everything appears together or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from functools import partial

import polars as pl
import sqlalchemy as sa

from etl_core.keys import Keys
from etl_core.records import BRAKE, Counts, HeaderAccount, Prepared
from etl_core.steps import step
from etl_core.warehouse import books, bulk, ledger, repeats, rows, sums, tables, waiting
from etl_core.warehouse.reread import Reread
from etl_core.warehouse.settle import Plan, settle, stood
from etl_core.warehouse.writer import Writer

MANY = 5_000  # rows of a batch that is worth a thread


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a delivery is rejected as a whole: a delivery code, and the numbers that are above a limit."""

    error: str = ""
    detail: dict[str, str | int] = field(default_factory=dict)


class Load:
    """A delivery on its way into the warehouse; `plan`, `result`, `refusal` and `allowed` are known once it is finished.

    result: "loaded", or "rejected" when too many of its rows are faulty (ruling 14) or it would withdraw too much.
    allowed: whether it is loaded although the brake stops it, or did so when it came first: a fact that is kept, so that a warehouse
    that is made again lets it through.
    reread: set when the transaction ends, where the delivery comes in the place of what is stored of it.
    """

    def __init__(
        self,
        connection: sa.Connection,
        keys: Keys,
        batch: rows.Batch,
        stage: bulk.Stage,
        writer: Writer,
        *,
        allowed: bool = False,
        stopped: bool = False,
    ) -> None:
        self._free, self._passed = allowed, allowed or stopped
        self._connection, self._keys, self._batch = connection, keys, batch
        self._stage, self._writer = stage, writer
        self._read = self._sum = 0
        self._submissions: list[pl.DataFrame] = []
        self._record = ledger.next_id(connection, tables.record.c.record_id, tables.former_record.c.record_id)
        self._quarantine = ledger.next_id(connection, tables.quarantine.c.quarantine_id)
        self.delivery_id = batch.delivery_id
        self.plan = Plan()
        self.result = ""
        self.allowed = False
        self.refusal = Refusal()
        self.reread: Reread | None = None

    def add(self, prepared: Prepared) -> None:
        """Store a batch: pseudonymised records, sealed refused rows, reasons, warnings, skipped rows.

        Batches come in reading order; a physical row lies in one batch only. Raises BalanceError when refused
        rows and errors do not belong together.
        """
        self._read += prepared.read
        staged, plain = self._staged(prepared), self._plain(prepared)
        if prepared.read < MANY:
            self._writer.rest()
            self._write(staged, plain)
        else:
            self._writer.later(partial(self._write, staged, plain))

    def finish(
        self,
        limit: float = 0.2,
        accounts: Iterable[HeaderAccount] = (),
        shrink: float = 1.0,
        unbraked: bool = False,
    ) -> Counts:
        """Decide repeats, balance the books, judge the share of errors, settle which versions stand.

        limit: highest share of quarantined rows among those that are records (ruling 14).
        shrink: highest share of the slot's standing records that may be withdrawn; what was settled is taken back otherwise.
            Neither limit stops a delivery that is `unbraked`, or was allowed before.
        Raises BalanceError when a row read is in no outcome, or in two.
        """
        self._writer.rest()
        self._stage.flush()
        step("staged")
        if self._stage.left:
            told = pl.concat(self._submissions) if self._submissions else None
            self._sum -= repeats.resolve(self._connection, self._batch, self._keys, self._quarantine, told)
        self._stage.close()
        counts = self._tally(self._read)
        step("counted")
        self._free = self._free or unbraked
        self.refusal = self._faulty(counts, limit) or self._settled(shrink) or Refusal()
        self.result = "rejected" if self.refusal.error else "loaded"
        self.allowed = self._passed and self.result == "loaded"
        closed = self._reject(counts) if self.refusal.error else counts
        written = [asdict(one) for one in accounts]
        summed = sums.told(closed, self._sum if closed.records else 0)
        books.close(
            self._connection, self.delivery_id, closed, accounts=written, sums=summed, allowed=self.allowed
        )
        return closed

    def _staged(self, prepared: Prepared) -> bulk.Frames:
        """Rows of the large tables."""
        if prepared.records.is_empty():
            return {}
        records = rows.keyed(prepared.records, self._keys)
        made = rows.record_rows(records, self._batch, self._record)
        if "submitted" in records.columns and records["submitted"].null_count() < records.height:
            self._submissions.append(rows.submissions(records, self._record))
        self._record += made.height
        self._sum += sums.summed(made)
        return {tables.record: made, tables.person: rows.person_rows(records)}

    def _plain(self, prepared: Prepared) -> bulk.Frames:
        """Rows of the small tables, those first that others refer to."""
        refused = rows.quarantine_rows(
            prepared.refused, prepared.keys, self._batch, self._keys, self._quarantine
        )
        self._quarantine += refused.height
        return {
            tables.quarantine: refused,
            tables.reason: rows.reason_rows(prepared.issues, refused),
            tables.warning: rows.warning_rows(prepared.issues, prepared.records, self.delivery_id),
            tables.skipped_row: rows.skip_rows(prepared.skips, self.delivery_id),
            tables.mended: rows.mended_rows(prepared.mended, self.delivery_id),
        }

    def _write(self, staged: bulk.Frames, plain: bulk.Frames) -> None:
        if staged:
            self._stage.add(staged)
        for table, made in plain.items():
            bulk.insert(self._connection, table, made)

    def _tally(self, read: int) -> Counts:
        return books.tally(self._connection, self.delivery_id, read, varied=bool(self._batch.variant))

    def _faulty(self, counts: Counts, limit: float) -> Refusal | None:
        share = books.excessive(counts, limit)
        if share is None:
            return None
        if self._free:
            self._passed = True
            return None
        return Refusal("too_many_errors", {"share": f"{share:.4f}", "limit": str(limit)})

    def _settled(self, shrink: float) -> Refusal | None:
        """Settle which versions stand; where too many would stand no more, as if nothing had been settled."""
        with self._connection.begin_nested() as attempt:
            books.agree(self._connection, self.delivery_id)
            books.note_organisations(self._connection, self.delivery_id)
            plan = settle(self._connection, self.delivery_id)
            step("settled")
            refusal = self._shrunken(plan, shrink)
            if refusal is None:
                self.plan = plan
            else:
                attempt.rollback()
        return refusal

    def _shrunken(self, plan: Plan, shrink: float) -> Refusal | None:
        if shrink >= 1 or not plan.withdrawn:
            return None
        standing = stood(self._connection, self.delivery_id, plan)
        share = Decimal(plan.withdrawn) / standing
        if share <= Decimal(str(shrink)):
            return None
        if self._free:
            self._passed = True
            return None
        told = {"share": f"{share:.4f}", "limit": str(shrink)}
        return Refusal(BRAKE, {**told, "withdrawn": plan.withdrawn, "standing": standing})

    def _reject(self, counts: Counts) -> Counts:
        books.reject(self._connection, self.delivery_id)
        closed = self._tally(counts.read)
        books.close(self._connection, self.delivery_id, closed, result="rejected", **asdict(self.refusal))
        waiting.close(self._connection, self.delivery_id)
        return closed
