"""The warehouse as it is published: records that stand, deliveries, organisations and figures, all from one moment.

Nobody's ID number is in it in any form, masked ones included (contract §5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from etl_core.warehouse import measures, schema
from etl_core.warehouse.outcomes import polars_type
from etl_core.warehouse.tables import delivery, organisation, record

BATCH = 20_000  # records that are in memory at a time
SUM = pl.Decimal(18, 2)
AMOUNT = pl.Decimal(9, 2)
BULKY = ("detail", "accounts")  # of a delivery: they say nothing new without another column
ALL = "*"  # in the place of a source: all of them together

# Names, and numbers that a person or another register knows somebody by.
NAMING = ("person_name", "certificate_no", "agency_record_id")

FIELDS = (
    *("record_id", "record_key", "person_key", "event_key", "person_name", "id_type", "sex"),
    *("employer_name", "employer_code", "employer_division", "stage", "subject", "title"),
    *("project_code", "project_name", "class_name", "level", "mode", "mode_detail", "role", "provider_name"),
    *("start_date", "end_date", "date_precision", "training_year", "hours", "hours_basis"),
    *("credits", "credits_basis", "credit_kind", "score", "result", "certificate_no", "status"),
    *("agency_record_id", "source", "slot", "reporter", "own_side", "delivery_id", "file", "sheet", "row"),
)
"""The columns of published records, in the order of the view `training_record` and under its names."""

LINES = (
    *("delivery_id", "source", "file", "slot", "label", "reporter", "dated", "result", "error", "semantics"),
    *("plugin", "rows_read", "rows_loaded", "rows_quarantined", "rows_skipped", "records"),
    *("size", "fingerprint", "run_id", "loaded_at"),
)
"""The columns of published deliveries."""

_ELSEWHERE: dict[str, sa.ColumnElement[Any]] = {
    "source": delivery.c.source,
    "slot": delivery.c.slot,
    "sheet": sa.func.nullif(record.c.sheet, ""),
    "hours": record.c.hours_x100,
    "credits": sa.func.coalesce(record.c.net_x100, record.c.credits_x100),
    "score": record.c.score_x100,
}
"""What is not simply the record's column of that name; amounts are hundredths until they are in a frame."""

_AMOUNTS = ("hours", "credits", "score")


class View:
    """What one transaction sees."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def mark(self) -> str:
        """A digest of the ledger's deliveries: while it stays the same, nothing was loaded, mended or refused."""
        digest = hashlib.sha256()
        lines = sa.select(*(column for column in delivery.columns if column.name not in BULKY))
        for line in self._connection.execute(lines.order_by(delivery.c.delivery_id)):
            digest.update(repr(tuple(line)).encode())
        return digest.hexdigest()

    def schema(self) -> str | None:
        """The revision of the warehouse's tables."""
        return schema.revision(self._connection)

    def last(self) -> tuple[str | None, datetime | None]:
        """The run that brought the latest delivery, and when; nothing before the first."""
        latest = sa.select(delivery.c.run_id, delivery.c.loaded_at)
        found = self._connection.execute(latest.order_by(delivery.c.delivery_id.desc()).limit(1)).first()
        return (found.run_id, found.loaded_at) if found else (None, None)

    def shape(self, names: bool) -> dict[str, pl.DataType]:
        """Columns and types of published records; `names`: with those of NAMING."""
        return {name: _published(name) for name in _fields(names)}

    def records(self, names: bool) -> Iterator[pl.DataFrame]:
        """The records that stand, in the order of their numbers, in batches of that shape: keys in hex, amounts as decimals."""
        shape = self.shape(names)
        wanted = sa.select(*(_column(name).label(name) for name in shape))
        wanted = wanted.join_from(record, delivery, delivery.c.delivery_id == record.c.delivery_id)
        wanted = wanted.where(record.c.state == "current").order_by(record.c.record_id)
        streamed = self._connection.execute(wanted, execution_options={"yield_per": BATCH})
        for rows in streamed.partitions():
            columns = zip(shape, zip(*rows, strict=True), strict=True)
            frame = pl.DataFrame({name: pl.Series(name, cells, _kept(name)) for name, cells in columns})
            yield frame.select(_finished(name, dtype) for name, dtype in shape.items())

    def deliveries(self) -> pl.DataFrame:
        """The lines of the run ledger in the order in which they came."""
        return self._read(sa.select(*(delivery.c[name] for name in LINES)).order_by(delivery.c.delivery_id))

    def organisations(self) -> pl.DataFrame:
        """Every employer by `name`, `code` ("" for none) and `division`."""
        read = self._read(sa.select(*(organisation.c[name] for name in ("name", "code", "division"))))
        return read.sort("name", "code")  # not by the server, whose order depends on its locale

    def measures(self) -> pl.DataFrame:
        """The figures of ruling 76: `source` (ALL for all of them together), `measure`, `value` as text."""
        known = sa.select(delivery.c.source).where(delivery.c.result == "loaded").distinct()
        names = [None, *sorted(self._connection.execute(known).scalars())]
        lines = [
            (name or ALL, measure, value)
            for name in names
            for measure, value in measures.measures(self._connection, name).items()
        ]
        return pl.DataFrame(
            lines, schema=dict.fromkeys(("source", "measure", "value"), pl.String()), orient="row"
        )

    def crossed(self, *by: str) -> pl.DataFrame:
        """Recognised, passed trainings of trainees by these fields of the record, each event once (ruling 69).

        Columns: the fields · `trainings` (人次) · `persons` (人数: by pseudonym; without one by name and employer) ·
        `hours` (学时).
        """
        fields = [record.c[name] for name in by]
        nameless = sa.case((record.c.person_key.is_(None), _told_apart()))
        once = measures.once(
            record, *fields, record.c.person_key, record.c.hours_x100, nameless.label("nameless")
        )
        keys = [once.c[name] for name in by]
        wanted = sa.select(
            *keys,
            sa.cast(sa.func.count(), sa.BigInteger).label("trainings"),
            sa.cast(
                sa.func.count(once.c.person_key.distinct()) + sa.func.count(once.c.nameless.distinct()),
                sa.BigInteger,
            ).label("persons"),
            sa.cast(sa.func.coalesce(sa.func.sum(once.c.hours_x100), 0), sa.BigInteger).label("hours"),
        )
        read = self._read(wanted.where(once.c.turn == 1).group_by(*keys))
        return read.with_columns(pl.col("hours").cast(SUM) / 100).cast({"hours": SUM}).sort(by)

    def _read(self, wanted: sa.Select[Any]) -> pl.DataFrame:
        shape = {column.name: polars_type(column.type) for column in wanted.selected_columns}
        rows = [tuple(row) for row in self._connection.execute(wanted)]
        return pl.DataFrame(rows, schema=shape, orient="row")


def _fields(names: bool) -> tuple[str, ...]:
    return FIELDS if names else tuple(name for name in FIELDS if name not in NAMING)


def _column(name: str) -> sa.ColumnElement[Any]:
    return _ELSEWHERE[name] if name in _ELSEWHERE else record.c[name]


def _told_apart() -> sa.ColumnElement[str]:
    """A person without a pseudonym, as well as they can be told apart."""
    return record.c.person_name + sa.literal("\x1f") + sa.func.coalesce(record.c.employer_name, "")


def _kept(name: str) -> pl.DataType:
    """The type in which the warehouse gives a column."""
    return pl.String() if name == "sheet" else polars_type(_column(name).type)


def _published(name: str) -> pl.DataType:
    if name in _AMOUNTS:
        return AMOUNT
    kept = _kept(name)
    return pl.String() if kept == pl.Binary else kept


def _finished(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as it is published."""
    if name in _AMOUNTS:
        return (pl.col(name).cast(AMOUNT) / 100).cast(dtype).alias(name)
    return pl.col(name).bin.encode("hex") if name.endswith("_key") else pl.col(name)
