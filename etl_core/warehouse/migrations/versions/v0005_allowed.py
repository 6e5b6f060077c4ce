"""Step 0005: which deliveries a person let through the brake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of what was loaded before nobody knows it any more."""
    for table in ("delivery", "former_delivery"):
        op.add_column(table, sa.Column("allowed", sa.Boolean(), nullable=False, server_default=sa.false()))
