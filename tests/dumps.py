"""The logical content of a warehouse, in a form in which two of them can be compared."""

from __future__ import annotations

import sqlalchemy as sa

# Columns that tell when and as which number something was written; every other one is the same in every warehouse.
CLOCKS = {
    "loaded_at",
    "started_at",
    "finished_at",
    "created_at",
    "run_id",
    "modified",
    "sort_key",
    "sealed",
    "document",
}
NUMBERS = {"record_id", "delivery_id", "quarantine_id", "organisation_id"}

# What a run tells of itself depends on which deliveries came together.
RUNS = {"exit_code"}


def dump(url: str, without: set[str] = CLOCKS) -> dict[str, list[str]]:
    """Every table as text, rows in an order of their own: the logical content of a warehouse."""
    engine = sa.create_engine(url)
    tables = sa.MetaData()
    tables.reflect(engine)
    content = {}
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            kept = [column for column in table.columns if column.name not in without]
            rows = connection.execute(sa.select(*kept)) if kept else []
            content[table.name] = sorted(repr([_plain(value) for value in row]) for row in rows)
    engine.dispose()
    return content


def _plain(value: object) -> object:
    """SQLite keeps dates and JSON as text and booleans as numbers."""
    if isinstance(value, bool):
        return int(value)
    return bytes(value) if isinstance(value, memoryview) else value
