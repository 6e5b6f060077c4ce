"""Step 0006: what was stored of each delivery as a few numbers, by which a check finds what was changed by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of what was loaded before there are none: it may have been changed already."""
    for table in ("delivery", "former_delivery"):
        op.add_column(table, sa.Column("sums", sa.JSON(none_as_null=True)))
