"""The version of a warehouse's schema: bring it to ours, refuse what this software does not know."""

from __future__ import annotations

import sqlalchemy as sa

from etl_core.errors import WarehouseError
from etl_core.warehouse import dialect, tables

HEAD = "0006"  # the newest step in migrations/versions
KNOWN = ("0001", "0002", "0003", "0004", "0006")

_version = sa.table("alembic_version", sa.column("version_num"))


def revision(connection: sa.Connection) -> str | None:
    """The revision that the warehouse says it has; None for an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.select(_version.c.version_num)).scalar_one_or_none()
    return found


def upgrade(engine: sa.Engine) -> None:
    """Run the missing migrations in one transaction; do nothing, and write nothing, when there are none.

    Raises WarehouseError when the warehouse was made by a newer version of this software.
    """
    with dialect.reading(engine, "读取仓库的版本｜reading the version of the warehouse") as connection:
        found = revision(connection)
    if found == HEAD:
        return
    _refuse_newer(found)
    with dialect.writing(engine, "升级仓库｜upgrading the warehouse") as connection:
        dialect.alone(connection)
        _migrate(connection)


def demand(engine: sa.Engine) -> None:
    """Nothing is migrated here: raises WarehouseError unless the schema is ours already."""
    with dialect.reading(engine, "读取仓库的版本｜reading the version of the warehouse") as connection:
        found = revision(connection)
    _refuse_newer(found)
    if found != HEAD:
        raise WarehouseError(
            f"仓库的表结构较旧｜the warehouse has schema {found}, older than this software's {HEAD}",
            "先运行 etl warehouse upgrade｜run etl warehouse upgrade first",
        )


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in KNOWN:
        raise WarehouseError(
            f"仓库是用更新的版本建立的｜the warehouse has schema {found}, newer than this software (schema {HEAD})",
            "升级程序｜upgrade the software",
        )


def draw(engine: sa.Engine) -> None:
    """Make the tables as they stand, in no steps: for a warehouse that is gone before the next step could come.

    It has neither a revision nor the view for analysts. Alembic's import and its steps are 0.3 s, half of a small `etl check`.
    """
    with dialect.writing(engine, "建立仓库｜making a warehouse") as connection:
        tables.metadata.create_all(connection)


def _migrate(connection: sa.Connection) -> None:
    from alembic import command  # alembic takes 0.2 s to import and is needed once in a warehouse's life
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "etl_core.warehouse:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
