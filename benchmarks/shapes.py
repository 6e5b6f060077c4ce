"""The table `record` of a PostgreSQL warehouse in several shapes side by side: one table, and parts of it.

Each shape is a schema that holds a `record` of its own; every other table is shared. A connection whose search path
begins with the schema sees that shape, and so do the warehouse's own statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

PROVINCES = 8  # parts by list; deliveries are dealt to them in turn
LAST = 2_000  # highest number of a delivery that parts by list and range have room for


@dataclass(frozen=True, slots=True)
class Shape:
    """name: as tables call it; schema: where it lies; by: the clause of the parent, "" for one table; parts: what each holds."""

    name: str
    schema: str
    by: str = ""
    parts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The column that a unique index must hold beside its own."""
        return self.by.partition("(")[2].rstrip(")")


def hashed(name: str, schema: str, column: str, parts: int) -> Shape:
    """Parts by the hash of a column."""
    rest = (f"with (modulus {parts}, remainder {each})" for each in range(parts))
    return Shape(name, schema, f"hash ({column})", tuple(rest))


def listed(name: str, schema: str, parts: int) -> Shape:
    """Parts by the agency that sends: every so manieth delivery is of the same one."""
    numbers = (range(each, LAST, parts) for each in range(parts))
    return Shape(
        name, schema, "list (delivery_id)", tuple(f"in ({', '.join(map(str, some))})" for some in numbers)
    )


SHAPES = (
    Shape("one table", "one"),
    hashed("hash of delivery, 16", "by_delivery", "delivery_id", 16),
    listed(f"list of province, {PROVINCES}", "by_province", PROVINCES),
    hashed("hash of record key, 16", "by_key", "record_key", 16),
)


def make(connection: sa.Connection, shape: Shape) -> None:
    """Make the shape with the indexes of the warehouse's table, empty. A unique index takes the parting column in."""
    connection.exec_driver_sql(f"create schema {shape.schema}")
    parted = f" partition by {shape.by}" if shape.by else ""
    connection.exec_driver_sql(
        f"create table {shape.schema}.record (like public.record including constraints){parted}"
    )
    for number, each in enumerate(shape.parts):
        part = f"{shape.schema}.record_part_{number}"
        connection.exec_driver_sql(
            f"create table {part} partition of {shape.schema}.record for values {each}"
        )
    for index in _indexes(connection, shape):
        connection.exec_driver_sql(index)


def _indexes(connection: sa.Connection, shape: Shape) -> list[str]:
    """The definitions of the public table's indexes, for this shape."""
    found = connection.exec_driver_sql(
        "select indexdef from pg_indexes where schemaname = 'public' and tablename = 'record' order by indexname"
    )
    return [_moved(text, shape) for (text,) in found]


def _moved(definition: str, shape: Shape) -> str:
    moved = definition.replace("public.record", f"{shape.schema}.record")
    if shape.by and moved.startswith("create unique".upper()) and shape.key not in moved:
        return f"{moved.removesuffix(')')}, {shape.key})"
    return moved


@contextmanager
def seen(engine: sa.Engine, shape: Shape) -> Iterator[sa.Connection]:
    """A connection for which `record` is this shape's."""
    with engine.connect() as connection:
        connection.exec_driver_sql(f"set search_path = {shape.schema}, public")
        connection.commit()
        yield connection


def multiply(
    connection: sa.Connection, columns: tuple[str, ...], first: int, last: int, table: str = "record"
) -> None:
    """Copies of the public table's rows as deliveries `first` to `last`: other keys and numbers, the rest as it is.

    A person has records in several deliveries: every tenth delivery mentions the same persons.
    """
    changed: Mapping[str, str] = {
        "record_id": f"r.record_id + n * {10**7}",
        "delivery_id": "n",
        "record_key": "sha256(r.record_key || int8send(n))",
        "event_key": "sha256(r.event_key || int8send(n))",
        "person_key": "sha256(r.person_key || int8send(mod(n, 10)))",
    }
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(changed.get(name, f'r."{name}"') for name in columns)
    connection.exec_driver_sql(
        f"insert into {table} ({names}) select {values} from public.record as r,"
        f" generate_series({first}::bigint, {last}) as s(n) order by n, r.record_id"
    )


def bytes_of(connection: sa.Connection, shape: Shape) -> tuple[int, int]:
    """Bytes of the rows and of the indexes."""
    found = connection.exec_driver_sql(
        "select sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid)) from pg_class as c"
        f" where c.relnamespace = '{shape.schema}'::regnamespace and c.relkind = 'r'"
    ).one()
    return int(found[0]), int(found[1])


def agree(connection: sa.Connection) -> None:
    """Raises RuntimeError where two shapes do not hold the same records in the same states."""
    found = {shape.name: _held(connection, shape) for shape in SHAPES}
    if len(set(found.values())) > 1:
        raise RuntimeError(f"the shapes do not agree (records, sum of their states): {found}")


def _held(connection: sa.Connection, shape: Shape) -> tuple[int, int]:
    number, states = connection.exec_driver_sql(
        f"select count(*), coalesce(sum(hashtext(record_id || state)), 0) from {shape.schema}.record"
    ).one()
    return int(number), int(states)
