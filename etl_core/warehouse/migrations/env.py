"""Alembic's entry: runs the steps on the connection that etl_core.warehouse.schema hands over."""

from __future__ import annotations

from alembic import context

from etl_core.warehouse.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
context.run_migrations()
