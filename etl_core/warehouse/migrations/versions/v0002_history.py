"""Step 0002: what left the warehouse stays known, and the views by which analysts ask what was known and what held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables of what left; every table of step 0001 stays as it is."""
    op.create_table(
        "former_delivery",
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
        sa.Column("rows_read", WHOLE, nullable=False),
        sa.Column("rows_loaded", WHOLE, nullable=False),
        sa.Column("rows_quarantined", WHOLE, nullable=False),
        sa.Column("rows_skipped", WHOLE, nullable=False),
        sa.Column("records", WHOLE, nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_run", sa.Text(), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("way in ('revoked', 'replaced')", name="way_known"),
        sa.ForeignKeyConstraint(["left_run"], ["run.run_id"]),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index("former_delivery_fingerprint", "former_delivery", ["fingerprint"])
    op.create_table(
        "former_record",
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
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("former_record_delivery", "former_record", ["delivery_id"])
    op.create_index("former_record_versions", "former_record", ["record_key", "delivery_id"])
    op.create_table(
        "former_refused",
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("row_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "row_key"),
    )
