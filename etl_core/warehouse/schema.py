"""The version of a warehouse's schema: bring it to ours, refuse what this software does not know."""

from __future__ import annotations

import sqlalchemy as sa

from etl_core.errors import OlderError, WarehouseError
from etl_core.warehouse import dialect, tables

HEAD = "0006"  # the newest step in migrations/versions
KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006")

_version = sa.table("alembic_version", sa.column("version_num"))


def revision(connection: sa.Connection) -> str | None:
    """The revision that the warehouse says it has; None for an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.select(_version.c.version_num)).scalar_one_or_none()
    return found


def found(engine: sa.Engine) -> str | None:
    """As `revision`, in a transaction of its own."""
    with dialect.reading(engine, "读取仓库的版本｜reading the version of the warehouse") as connection:
        return revision(connection)


def known(engine: sa.Engine) -> str | None:
    """As `found`; raises WarehouseError when the warehouse was made by a newer version of this software."""
    version = found(engine)
    if version is not None and version not in KNOWN:
        raise WarehouseError(
            f"仓库是用更新的版本建立的｜the warehouse has schema {version}, newer than this software (schema {HEAD})",
            "升级程序｜upgrade the software",
        )
    return version


def upgrade(engine: sa.Engine) -> None:
    """Run the missing migrations in one transaction; do nothing, and write nothing, when there are none. Raises as `known`."""
    if known(engine) == HEAD:
        return
    with dialect.writing(engine, "升级仓库｜upgrading the warehouse") as connection:
        dialect.alone(connection)
        _migrate(connection)


def demand(version: str | None, where: str, create: bool, migrate: bool) -> None:
    """Whether what a known version lacks may be given to it: `create` where there is none, `migrate` where it is an older one.

    Raises WarehouseError and OlderError where it may not.
    """
    if version is None and not create:
        raise WarehouseError(f"{where}: {dialect.ABSENT}")
    if version not in (None, HEAD) and not migrate:
        raise OlderError(
            f"仓库的表结构较旧｜the warehouse has schema {version}, older than this software's {HEAD}",
            "先运行 etl warehouse upgrade｜run etl warehouse upgrade first",
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
