"""What a database's own codes mean to the person who looks after it, and what that person does next."""

from __future__ import annotations

_AGAIN = "从备份恢复，或用 etl rebuild --into 由存档重建｜restore it from a backup, or make it again from the archive with etl rebuild --into"

UNREACHED = (
    "连不上数据库｜no connection",
    "核对地址、用户、口令、库名，以及服务是否已启动｜check address, user, password, name of the database, and whether the server runs",
)

KNOWN = {
    "SQLITE_NOTADB": (
        "这个文件不是 SQLite 数据库｜the file is no SQLite database",
        "核对仓库地址；如果它原来就是仓库，"
        "{}｜check the address of the warehouse; if this was one, {}".format(*_AGAIN.split("｜")),
    ),
    "SQLITE_CORRUPT": ("仓库文件已损坏｜the warehouse's file is damaged", _AGAIN),
    "SQLITE_READONLY": (
        "仓库文件不能写｜the warehouse's file cannot be written",
        "核对磁盘是否以只读挂载，让运行的用户能写该文件及其文件夹"
        "｜check whether the disk is mounted read-only, and let the user that runs write the file and its folder",
    ),
    "SQLITE_CANTOPEN": (
        "仓库文件打不开｜the warehouse's file cannot be opened",
        "核对它所在的文件夹和权限｜check its folder and rights",
    ),
    "SQLITE_IOERR": (
        "仓库文件读写出错｜the warehouse's file cannot be read or written",
        "检查磁盘｜check the disk",
    ),
    "25006": (
        "数据库是只读的｜the database is read-only",
        "把地址改为主库，或由数据库管理员取消只读"
        "｜give the address of the primary server, or have the database's administrator make it writable",
    ),
    "42501": (
        "数据库没有给这个用户足够的权限｜the database does not let this user do that",
        "由数据库管理员授权，或把仓库的库和表交给这个用户"
        "｜have its administrator grant the rights, or make this user the owner of the warehouse's database and tables",
    ),
}
"""Beginning of a code → what is so, and what to do. PostgreSQL tells no code to whoever it does not let in (28P01, 3D000): UNREACHED."""


def known(code: str) -> tuple[str, str] | None:
    """What is so and what to do, by SQLite's result code or PostgreSQL's SQLSTATE; None for any other."""
    return next((said for start, said in KNOWN.items() if code.startswith(start)), None)
