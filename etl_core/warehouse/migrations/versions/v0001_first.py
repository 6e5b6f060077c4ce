"""Step 0001: the first schema of the warehouse, and the view that analysts read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# Contract §2 in its order, standing records only; the number is masked and the amounts are decimals again.
VIEW = """
create view training_record as
select
    r.record_id, r.person_key, r.event_key,
    r.person_name, r.id_type, p.id_masked, r.sex,
    r.employer_name, r.employer_code, r.employer_division, r.stage, r.subject, r.title,
    r.project_code, r.project_name, r.class_name, r.level, r.mode, r.mode_detail, r.role, r.provider_name,
    r.start_date, r.end_date, r.date_precision, r.training_year,
    round(r.hours_x100 / 100.0, 2) as hours, r.hours_basis,
    round(coalesce(r.net_x100, r.credits_x100) / 100.0, 2) as credits, r.credits_basis, r.credit_kind,
    round(r.score_x100 / 100.0, 2) as score, r.result, r.certificate_no, r.status, r.agency_record_id,
    d.source, d.slot, r.reporter, r.own_side, r.delivery_id, r.file, nullif(r.sheet, '') as sheet, r."row"
from record as r
join delivery as d on d.delivery_id = r.delivery_id
left join person as p on p.person_key = r.person_key
where r.state = 'current'
"""


def upgrade() -> None:
    """Make every table, then the view over them."""
    op.create_table(
        "organisation",
        sa.Column("organisation_id", WHOLE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("division", sa.Text()),
        sa.PrimaryKeyConstraint("organisation_id"),
        sa.UniqueConstraint("name", "code", name="organisation_once"),
    )
    op.create_table(
        "person",
        sa.Column("person_key", sa.LargeBinary(), nullable=False),
        sa.Column("id_type", sa.Text(), nullable=False),
        sa.Column("id_masked", sa.Text(), nullable=False),
        sa.Column("sex", sa.SmallInteger()),
        sa.PrimaryKeyConstraint("person_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("plugins", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "warehouse",
        sa.Column("key_check", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_check"),
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("modified", sa.Double(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("reporter", sa.Text(), nullable=False),
        sa.Column("sort_key", SORTABLE, nullable=False),
        sa.Column("dated", sa.Date()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("semantics", sa.Text(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("rows_read", WHOLE, server_default="0", nullable=False),
        sa.Column("rows_loaded", WHOLE, server_default="0", nullable=False),
        sa.Column("rows_quarantined", WHOLE, server_default="0", nullable=False),
        sa.Column("rows_skipped", WHOLE, server_default="0", nullable=False),
        sa.Column("records", WHOLE, server_default="0", nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("result in ('loaded', 'rejected', 'failed')", name="result_known"),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"]),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index("delivery_fingerprint", "delivery", ["fingerprint"])
    op.create_index(
        "delivery_loaded_once",
        "delivery",
        ["source", "fingerprint"],
        unique=True,
        sqlite_where=sa.text("result = 'loaded'"),
        postgresql_where=sa.text("result = 'loaded'"),
    )
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("row_key", sa.LargeBinary()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state in ('open', 'closed')", name="state_known"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.delivery_id"]),
        sa.PrimaryKeyConstraint("quarantine_id"),
    )
    op.create_index("quarantine_row", "quarantine", ["delivery_id", "file", "sheet", "row"], unique=True)
    op.create_index("quarantine_row_key", "quarantine", ["row_key"])
    op.create_table(
        "record",
        sa.Column("record_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("row_key", sa.LargeBinary()),
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.Text()),
        sa.Column("refers", sa.LargeBinary()),
        sa.Column("person_key", sa.LargeBinary()),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("id_type", sa.Text(), nullable=False),
        sa.Column("sex", sa.SmallInteger()),
        sa.Column("employer_name", sa.Text()),
        sa.Column("employer_code", sa.Text()),
        sa.Column("employer_division", sa.Text()),
        sa.Column("stage", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("project_code", sa.Text()),
        sa.Column("project_name", sa.Text(), nullable=False),
        sa.Column("class_name", sa.Text()),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("mode", sa.SmallInteger(), nullable=False),
        sa.Column("mode_detail", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text()),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("date_precision", sa.Text(), nullable=False),
        sa.Column("training_year", sa.SmallInteger(), nullable=False),
        sa.Column("hours_x100", sa.Integer()),
        sa.Column("hours_basis", sa.Text(), nullable=False),
        sa.Column("credits_x100", sa.Integer()),
        sa.Column("net_x100", sa.Integer()),
        sa.Column("credits_basis", sa.Text(), nullable=False),
        sa.Column("credit_kind", sa.Text()),
        sa.Column("score_x100", sa.Integer()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("certificate_no", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("agency_record_id", sa.Text()),
        sa.Column("own_side", sa.Boolean(), nullable=False),
        sa.Column("reporter", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state in ('current', 'withdrawn', 'superseded', 'cancelling')", name="state_known"
        ),
        sa.CheckConstraint("entry in ('cancellation', 'correction')", name="entry_known"),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("record_delivery", "record", ["delivery_id"])
    op.create_index("record_person", "record", ["person_key"])
    op.create_index(
        "record_refers",
        "record",
        ["refers"],
        sqlite_where=sa.text("refers is not null"),
        postgresql_where=sa.text("refers is not null"),
    )
    op.create_index(
        "record_row",
        "record",
        ["row_key"],
        sqlite_where=sa.text("row_key is not null"),
        postgresql_where=sa.text("row_key is not null"),
    )
    finds = (
        op.get_bind().dialect.name == "sqlite"
    )  # a repeated key; PostgreSQL is loaded by COPY, which may bring one
    op.create_index("record_versions", "record", ["record_key", "delivery_id"], unique=finds)
    op.create_table(
        "skipped_row",
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.delivery_id"]),
        sa.PrimaryKeyConstraint("delivery_id", "file", "sheet", "row"),
    )
    op.create_table(
        "warning",
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.delivery_id"]),
        sa.PrimaryKeyConstraint("delivery_id", "file", "sheet", "row", "code", "column"),
    )
    op.create_table(
        "reason",
        sa.Column("quarantine_id", WHOLE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["quarantine_id"], ["quarantine.quarantine_id"]),
        sa.PrimaryKeyConstraint("quarantine_id", "position"),
    )
    op.execute(VIEW)
