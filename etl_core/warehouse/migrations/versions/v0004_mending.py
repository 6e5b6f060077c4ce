"""Step 0004: which row of a mending stands for which, and the words that no list has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Columns that older rows leave empty, and a table that is empty until the first mending."""
    op.add_column("warning", sa.Column("word", sa.Text()))
    op.add_column("reason", sa.Column("word", sa.Text()))
    op.create_table(
        "mended",
        sa.Column("delivery_id", WHOLE, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("of_file", sa.Text(), nullable=False),
        sa.Column("of_sheet", sa.Text(), nullable=False),
        sa.Column("of_row", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.delivery_id"]),
        sa.PrimaryKeyConstraint("delivery_id", "file", "sheet", "row"),
    )
    op.create_index("mended_original", "mended", ["of_file", "of_sheet", "of_row"])
