"""The commands of those who look after the nights: runs, schedule, warehouse, doctor."""

from __future__ import annotations

import click

from etl_core.cli import later

RUNS = click.Group(
    "runs",
    short_help="运行记录｜the records of runs",
    help="""运行记录：每次运行做了什么、用的什么版本和配置。

    The records of runs: what each did, and with which versions and settings.
    """,
    commands=[
        click.Command(
            "list",
            callback=later.later("runs:listed"),
            params=[later.config(), later.shape()],
            short_help="全部运行｜all runs",
            help="""列出全部运行；没有变化的运行只在配置了 runs.folder 时才有记录。

            List all runs. A run that changed nothing is kept only where runs.folder is configured.
            """,
        ),
        click.Command(
            "show",
            callback=later.later("runs:shown"),
            params=[later.run("RUN"), later.config(), later.shape()],
            short_help="一次运行的详情｜one run in detail",
            help="""一次运行的详情：RUN 是编号（开头几位即可）或 last。--format json 输出完整记录。

            One run in detail: RUN is its number (the beginning will do) or `last`. --format json prints the whole record,
            whose schema is schemas/run.schema.json.
            """,
        ),
        click.Command(
            "compare",
            callback=later.later("runs:compared"),
            params=[later.run("FIRST"), later.run("SECOND"), later.config(), later.shape()],
            short_help="两次运行有何不同｜how two runs differ",
            help="""两次运行有何不同：版本、配置、每个来源的行数、每份报送的结果。

            How two runs differ: versions, settings, rows of each source, what became of each delivery.
            """,
        ),
    ],
)

_SCHEDULED: list[click.Parameter] = [
    later.config(),
    click.Option(
        ["--at"],
        default="02:30",
        metavar="HH:MM",
        show_default=True,
        help="每天几点（北京时间）｜when, every day",
    ),
    click.Option(
        ["--user"], default="etl", show_default=True, help="以哪个系统用户运行｜the system user that runs it"
    ),
]

SCHEDULE = click.Group(
    "schedule",
    short_help="每夜自动运行的条目｜entries that run it every night",
    help="""输出可以直接使用的定时任务条目：锁、日志和退出码都已安排好。

    Print entries that are ready to be used: lock, log and exit codes are taken care of.
    """,
    commands=[
        click.Command(
            "cron",
            callback=later.later("schedule:cron"),
            params=_SCHEDULED,
            short_help="供 cron 使用｜for cron",
            help="""输出 /etc/cron.d 的一个文件，钟点已换算成本机时区。退出码 0 和 3 以外的情况由 cron 发邮件。

            Print a file for /etc/cron.d, with the hour of this machine's own zone. cron sends mail for every exit code but 0 and 3.
            """,
        ),
        click.Command(
            "systemd",
            callback=later.later("schedule:systemd"),
            params=[
                *_SCHEDULED,
                click.Option(
                    ["--out", "-o"],
                    type=later.FOLDER,
                    metavar="FOLDER",
                    help="写成两个文件，不输出｜write the two files there instead",
                ),
            ],
            short_help="供 systemd 使用｜for systemd",
            help="""输出 systemd 的 service 和 timer，已加固：只能写运行要写的文件夹。退出码 3 算成功，75 会再试。

            Print a service and a timer for systemd, hardened: it writes where a run does and nowhere else. Exit code 3 counts
            as success, 75 is tried again.
            """,
        ),
    ],
)

WAREHOUSE = click.Group(
    "warehouse",
    short_help="建立、升级、检查仓库｜make, upgrade, check the warehouse",
    help="""建立、升级、检查仓库。

    Make, upgrade and check the warehouse.
    """,
    commands=[
        click.Command(
            "init",
            callback=later.later("warehouse:made"),
            params=[later.config()],
            short_help="建立仓库和密钥｜make warehouse and key",
            help="""建立仓库，没有密钥文件时也生成密钥；已有仓库则什么也不做。第一次运行也会自动建立。

            Make the warehouse, and its key file where there is none; do nothing where there is one. The first run does so, too.
            """,
        ),
        click.Command(
            "upgrade",
            callback=later.later("warehouse:upgraded"),
            params=[later.config()],
            short_help="升级表结构｜bring its schema to ours",
            help="""把较旧的表结构升级到本程序的版本，一个事务内完成；请先备份。下一次运行也会自动升级。

            Bring an older schema to that of this software, in one transaction; make a backup first. The next run does so, too.
            """,
        ),
        click.Command(
            "check",
            callback=later.later("warehouse:checked"),
            params=[later.config(), later.shape()],
            short_help="仓库是否完好｜whether it is whole",
            help="""核对表结构版本、密钥、数据库自身的完整性、每份报送的账目和入库时的校验和、无主的行和各表行数；只读。

            Check the version of the schema, the key, the database's own integrity, the books of every delivery and the sum kept when it was loaded, lines without an
            owner, and count the tables; nothing is written.

            \b
            退出码 exit codes
              0  完好｜whole
              2  打不开、密钥不对或版本不符｜cannot be opened, wrong key, other version
              3  有不符之处｜something is wrong with it
            """,
        ),
    ],
)

DOCTOR = click.Command(
    "doctor",
    callback=later.later("doctor:examined"),
    params=[later.config(), later.shape()],
    short_help="今夜能否顺利运行｜whether tonight's run has what it needs",
    help="""检查一夜运行所需的一切：配置、插件、密钥、仓库、磁盘、文件夹、期限、告警、时钟与时区、语言环境；
    指出哪里不对、该怎么办。什么也不写。

    Check everything that a night needs: settings, plugins, key, warehouse, disk, folders, calendar, alerts, clock and time
    zone, locale; name what is wrong and what to do. Nothing is written.

    \b
    退出码 exit codes
      0  一切就绪｜everything is there
      3  能运行，但有需要留意之处｜it will run, but look at something
      2  不能运行｜it cannot run
    """,
)

GROUPS = (RUNS, SCHEDULE, WAREHOUSE, DOCTOR)
