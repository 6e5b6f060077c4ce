"""Step 0003: the record of a run is kept with it, and what people were told of what is wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs of before have no record; nobody was told of anything."""
    op.add_column("run", sa.Column("document", sa.JSON()))
    op.create_table(
        "alert",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("untold", sa.JSON(), nullable=False),
        sa.CheckConstraint("state in ('raised', 'cleared')", name="state_known"),
        sa.PrimaryKeyConstraint("key"),
    )
