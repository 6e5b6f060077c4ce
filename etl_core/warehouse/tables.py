"""The tables of the warehouse as they stand after the last migration (a test holds the two together).

Every version of every record is kept. Texts that place a row (`sheet`, `slot`, …) are "" rather than null, so
that they can be compared and grouped; fields of the contract are null where the contract says so.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from etl_core.warehouse.dialect import Instant, Sortable, Whole

metadata = sa.MetaData()

RESULTS = ("loaded", "rejected", "failed")
STATES = ("current", "withdrawn", "superseded", "cancelling")
ENTRIES = ("cancellation", "correction")  # of a ledger: records that are about another one (ruling 74)
ALERTS = ("raised", "cleared")
REFUSED = ("open", "closed")  # a row that was refused: waits, or was put right or replaced since
LEFT = (
    "revoked",
    "replaced",
)  # a delivery that was loaded: taken back by a person, or read again by a mended plugin
SCALED = ("hours", "credits", "score")  # kept as integers × 100, since SQLite has no exact decimals


def text(name: str, key: bool = False) -> sa.Column[str]:
    """A text that is never null."""
    return sa.Column(name, sa.Text(), nullable=False, primary_key=key)


def count(name: str) -> sa.Column[int]:
    """A number of rows, 0 until it is known."""
    return sa.Column(name, Whole, nullable=False, server_default="0")


def one_of(name: str, allowed: tuple[str, ...]) -> sa.CheckConstraint:
    """A text with few values."""
    return sa.CheckConstraint(f"{name} in ({', '.join(map(repr, allowed))})", name=f"{name}_known")


def of_delivery() -> sa.Column[int]:
    """The delivery that a line belongs to."""
    return sa.Column("delivery_id", Whole, sa.ForeignKey("delivery.delivery_id"), nullable=False)


def place() -> tuple[sa.Column[str], sa.Column[str], sa.Column[int]]:
    """A physical row of a delivery, as a person sees it (contract §1)."""
    return text("file"), text("sheet"), sa.Column("row", Whole, nullable=False)


def alike(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns of a table once more, without what other tables or rows demand of them."""
    return [
        sa.Column(
            column.name,
            column.type,
            primary_key=column.primary_key,
            nullable=column.nullable,
            autoincrement=False,
        )
        for column in table.columns
    ]


warehouse = sa.Table(
    "warehouse",
    metadata,
    sa.Column("key_check", sa.LargeBinary(), primary_key=True),
    sa.Column("created_at", Instant(), nullable=False),
)

run = sa.Table(
    "run",
    metadata,
    text("run_id", key=True),
    sa.Column("started_at", Instant(), nullable=False),
    sa.Column("finished_at", Instant()),
    sa.Column("exit_code", sa.Integer()),
    text("software"),
    sa.Column("plugins", sa.JSON(), nullable=False),
    sa.Column(
        "document", sa.JSON(none_as_null=True)
    ),  # the run record, as journal.py writes it; null while the run is under way
)

alert = sa.Table(
    "alert",
    metadata,
    text("key", key=True),
    text("code"),
    text("source"),
    text("state"),
    sa.Column("since", Instant(), nullable=False),
    sa.Column("detail", sa.JSON(), nullable=False),
    sa.Column("untold", sa.JSON(), nullable=False),  # the channels that have not been told of this state yet
    one_of("state", ALERTS),
)
"""What is not as it should be, and who has not been told yet; a line leaves once its recovery is told."""

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("delivery_id", Whole, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.Text(), sa.ForeignKey("run.run_id"), nullable=False),
    text("source"),
    text("file"),
    text("fingerprint"),
    sa.Column("size", Whole, nullable=False),
    sa.Column("modified", sa.Double(), nullable=False),
    text("slot"),
    text("label"),
    text("reporter"),
    sa.Column("sort_key", Sortable, nullable=False),
    sa.Column("dated", sa.Date()),
    text("result"),
    text("error"),
    sa.Column("detail", sa.JSON(), nullable=False),
    text("semantics"),
    text("plugin"),
    *map(count, ("rows_read", "rows_loaded", "rows_quarantined", "rows_skipped", "records")),
    sa.Column("accounts", sa.JSON(), nullable=False),
    sa.Column("sums", sa.JSON(none_as_null=True)),  # sums.py; null for what was loaded before there were any
    sa.Column("loaded_at", Instant(), nullable=False),
    sa.Column("mends", sa.Text()),  # of a mending: the fingerprint of the delivery that it mends
    # loaded although the brake stops it, or did so when it came first
    sa.Column("allowed", sa.Boolean(), nullable=False, server_default=sa.false()),
    one_of("result", RESULTS),
    sa.Index(
        "delivery_loaded_once",
        "source",
        "fingerprint",
        unique=True,
        sqlite_where=sa.text("result = 'loaded'"),
        postgresql_where=sa.text("result = 'loaded'"),
    ),
    sa.Index("delivery_fingerprint", "fingerprint"),
)

record = sa.Table(
    "record",
    metadata,
    sa.Column("record_id", Whole, primary_key=True, autoincrement=False),
    sa.Column("delivery_id", Whole, nullable=False),  # no foreign key: a quarter of PostgreSQL's time to load
    *place(),
    sa.Column("record_key", sa.LargeBinary(), nullable=False),
    sa.Column("row_key", sa.LargeBinary()),
    sa.Column("event_key", sa.LargeBinary(), nullable=False),
    sa.Column("entry", sa.Text()),
    sa.Column("refers", sa.LargeBinary()),  # the record_key of the record that an entry is about
    sa.Column("person_key", sa.LargeBinary()),
    text("person_name"),
    text("id_type"),
    sa.Column("sex", sa.SmallInteger()),
    sa.Column("employer_name", sa.Text()),
    sa.Column("employer_code", sa.Text()),
    sa.Column("employer_division", sa.Text()),
    sa.Column("stage", sa.Text()),
    sa.Column("subject", sa.Text()),
    sa.Column("title", sa.Text()),
    sa.Column("project_code", sa.Text()),
    text("project_name"),
    sa.Column("class_name", sa.Text()),
    sa.Column("level", sa.SmallInteger(), nullable=False),
    sa.Column("mode", sa.SmallInteger(), nullable=False),
    text("mode_detail"),
    text("role"),
    sa.Column("provider_name", sa.Text()),
    sa.Column("start_date", sa.Date()),
    sa.Column("end_date", sa.Date()),
    text("date_precision"),
    sa.Column("training_year", sa.SmallInteger(), nullable=False),
    sa.Column("hours_x100", sa.Integer()),
    text("hours_basis"),
    sa.Column("credits_x100", sa.Integer()),
    sa.Column("net_x100", sa.Integer()),  # credits that are left where some were cancelled
    text("credits_basis"),
    sa.Column("credit_kind", sa.Text()),
    sa.Column("score_x100", sa.Integer()),
    text("result"),
    sa.Column("certificate_no", sa.Text()),
    text("status"),
    sa.Column("agency_record_id", sa.Text()),
    sa.Column("own_side", sa.Boolean(), nullable=False),
    text("reporter"),
    text("state"),
    one_of("state", STATES),
    one_of("entry", ENTRIES),
    sa.Index("record_delivery", "delivery_id"),
    sa.Index(
        "record_refers",
        "refers",
        sqlite_where=sa.text("refers is not null"),
        postgresql_where=sa.text("refers is not null"),
    ),
    # SQLite finds a repeated key by this index, PostgreSQL by a hash: COPY cannot leave out a row (bulk.py).
    sa.Index("record_versions", "record_key", "delivery_id", unique=True).ddl_if(dialect="sqlite"),
    sa.Index("record_versions", "record_key", "delivery_id").ddl_if(dialect="postgresql"),
    sa.Index("record_person", "person_key"),
    sa.Index(
        "record_row",
        "row_key",
        sqlite_where=sa.text("row_key is not null"),
        postgresql_where=sa.text("row_key is not null"),
    ),
)

person = sa.Table(
    "person",
    metadata,
    sa.Column("person_key", sa.LargeBinary(), primary_key=True),
    text("id_type"),
    text("id_masked"),
    sa.Column("sex", sa.SmallInteger()),
    sqlite_with_rowid=False,
)

organisation = sa.Table(
    "organisation",
    metadata,
    sa.Column("organisation_id", Whole, primary_key=True),
    text("name"),
    text("code"),
    sa.Column("division", sa.Text()),
    sa.UniqueConstraint("name", "code", name="organisation_once"),
)

skipped_row = sa.Table(
    "skipped_row",
    metadata,
    of_delivery(),
    *place(),
    text("kind"),
    sa.PrimaryKeyConstraint("delivery_id", "file", "sheet", "row"),
)

warning = sa.Table(
    "warning",
    metadata,
    of_delivery(),
    *place(),
    text("code"),
    text("column"),
    sa.Column("word", sa.Text()),  # what is in no list of words, where the code says that
    sa.PrimaryKeyConstraint("delivery_id", "file", "sheet", "row", "code", "column"),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("quarantine_id", Whole, primary_key=True, autoincrement=False),
    of_delivery(),
    *place(),
    sa.Column("row_key", sa.LargeBinary()),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    text("state"),
    one_of("state", REFUSED),
    sa.Index("quarantine_row", "delivery_id", "file", "sheet", "row", unique=True),
    sa.Index("quarantine_row_key", "row_key"),
)

reason = sa.Table(
    "reason",
    metadata,
    sa.Column("quarantine_id", Whole, sa.ForeignKey("quarantine.quarantine_id"), nullable=False),
    sa.Column("position", sa.Integer(), nullable=False),
    text("code"),
    text("column"),
    sa.Column("detail", sa.JSON(), nullable=False),
    sa.Column("word", sa.Text()),
    sa.PrimaryKeyConstraint("quarantine_id", "position"),
)

# Which row of the delivery that a mending mends each of its rows stands for.
mended = sa.Table(
    "mended",
    metadata,
    of_delivery(),
    *place(),
    text("of_file"),
    text("of_sheet"),
    sa.Column("of_row", Whole, nullable=False),
    sa.PrimaryKeyConstraint("delivery_id", "file", "sheet", "row"),
    sa.Index("mended_original", "of_file", "of_sheet", "of_row"),
)

former_delivery = sa.Table(
    "former_delivery",
    metadata,
    *alike(delivery),
    text("way"),
    sa.Column("left_at", Instant(), nullable=False),
    sa.Column("left_run", sa.Text(), sa.ForeignKey("run.run_id"), nullable=False),
    sa.Column("restored_at", Instant()),  # since when bytes that were revoked may be loaded again
    one_of("way", LEFT),
    sa.Index("former_delivery_fingerprint", "fingerprint"),
)
"""Deliveries that were in the warehouse from loaded_at to left_at: what was known then is known for ever."""

former_record = sa.Table(
    "former_record",
    metadata,
    *alike(record),
    sa.Index("former_record_delivery", "delivery_id"),
    sa.Index("former_record_versions", "record_key", "delivery_id"),
)
"""Their records, as they stood last; no question about today reads them."""

former_refused = sa.Table(
    "former_refused",
    metadata,
    sa.Column("delivery_id", Whole, nullable=False),
    sa.Column("row_key", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("delivery_id", "row_key"),
)
"""The keys of their refused rows, which held the places of earlier records (ruling 72); never their cells."""
