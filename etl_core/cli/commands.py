"""`etl` and the commands that stand directly under it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NoReturn

import click

from etl_core.cli import chores, exits, groups, later
from etl_core.cli.later import EVERY, NEW


class Root(click.Group):
    """The top of the tree; every way out of the program is decided in exits.py."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command and end the process with its exit code."""
        extra["standalone_mode"] = False
        call: Callable[..., object] = super().main
        sys.exit(exits.guarded(lambda: call(*args, **extra)))


RUN = click.Command(
    "run",
    callback=later.later("run:run"),
    params=[
        later.config(),
        later.source(),
        click.Option(
            ["--dry-run"],
            is_flag=True,
            help="只试运行并列出计划，不写入仓库｜try it all and show the plan, write nothing",
        ),
        click.Option(
            ["--allow-shrink"],
            is_flag=False,
            flag_value=EVERY,
            metavar="[SOURCE]",
            help="这一次放行被拦下的报送：会撤回过多记录，或错误行过多（可指定一个来源）"
            "｜let deliveries through that withdraw too much or have too many faulty rows, this once (of one source, or of all)",
        ),
        click.Option(
            ["--wait"],
            is_flag=False,
            flag_value="inf",
            type=click.FloatRange(0),
            default=0,
            metavar="[SECONDS]",
            help="另一次运行占用仓库时等待（不写秒数则一直等）"
            "｜wait while another run holds the warehouse (without a number: as long as it takes)",
        ),
        click.Option(
            ["--no-pull"], is_flag=True, help="不去拉取，只处理已有的文件｜fetch nothing, load what is there"
        ),
        later.shape(None),
    ],
    short_help="处理收件文件夹中的新报送｜load what is new in the inboxes",
    help="""处理收件文件夹中的新报送：识别来源、校验、统一、入库。配置里有 pulls 时先去拉取。

    Load every new delivery of the inboxes: recognise its source, validate, normalise, load. A file that is in the
    warehouse already is left alone, so this can be run as often as you like. Where the configuration has pulls, they
    are fetched first.

    \b
    退出码 exit codes
      0   全部入库，或没有新报送｜all loaded, or nothing new
      3   有隔离行或未能处理的文件｜done, with quarantined rows or failed files
      4   有报送会撤回过多记录或错误行过多，已拦下，等人决定｜a delivery would withdraw too much or has too many faulty rows: it was stopped, decide
      2   用法、配置、密钥或仓库有误，或有收件文件夹读不了（其余已处理）｜usage, configuration, key or warehouse; or an inbox that cannot be read, after all others
      75  另一次运行正在进行、数据库连不上或磁盘已满，请稍后再试｜another run is under way, the database is away, or a disk is full: try again
      70  程序内部错误｜a fault of the software
    """,
)

PULL = click.Command(
    "pull",
    callback=later.later("pull:pull"),
    params=[
        later.config(),
        click.Option(["--name", "-n"], metavar="NAME", help="只做这一项拉取｜this pull only"),
        later.shape(None),
    ],
    short_help="只去拉取，不入库｜fetch deliveries, load nothing",
    help="""按配置里的 pulls 去接口、数据库或远程文件夹取报送，放进 landing，不入库。中断后再运行，从断开处继续。

    Fetch the deliveries of the configuration's pulls from services, databases and remote folders into landing, and load
    nothing. A pull that was stopped goes on where it was; what is there already does not land again (docs/pulls.md).

    \b
    退出码 exit codes
      0   全部取回，或没有变化｜all fetched, or nothing new
      3   有未能取回的，其余照常｜some could not be fetched, the others were
      2   配置或用法有误｜configuration or usage
      75  磁盘已满，请稍后再试｜a disk is full: try again
    """,
)

PUBLISH = click.Command(
    "publish",
    callback=later.later("publish:publish"),
    params=[later.config(), later.shape()],
    short_help="给分析人员写一份快照｜write a snapshot for analysts",
    help="""按配置里的 publish 把仓库写成一份快照（Parquet 和 CSV），整份换上；内容没变就不换。每次运行之后会自动发布。

    Write the warehouse as a snapshot of files (Parquet and CSV) for DuckDB, polars or Excel, and swap it in as a whole; one that
    would say the same is not made. Runs do this by themselves where the configuration has a section publish (docs/publish.md).

    \b
    退出码 exit codes
      0   已发布，或没有变化｜published, or nothing new
      2   配置里没有 publish，或文件夹不能写｜no section publish, or its folder cannot be written
      75  另一次运行正在进行、数据库连不上或磁盘已满，请稍后再试｜another run is under way, the database is away, or a disk is full: try again
    """,
)

CHECK = click.Command(
    "check",
    callback=later.later("check:check"),
    params=[later.file(folder=True), later.config(required=False), later.shape()],
    short_help="只校验一个文件，不入库｜validate one file, load nothing",
    help="""校验一个文件（或一个文件夹：分页的一次拉取），逐条列出问题所在的单元格，不写入任何仓库。

    Validate one file, or the folder of a paged pull, and tell every problem with its cell: file, sheet, row, column,
    code. No warehouse is touched.

    \b
    退出码 exit codes
      0  没有问题｜clean
      3  有问题｜problems were found
    """,
)

IDENTIFY = click.Command(
    "identify",
    callback=later.later("identify:identify"),
    params=[later.file(folder=True), later.config(required=False), later.shape()],
    short_help="一个文件属于哪个来源，为什么｜whose file this is, and why",
    help="""说明一个文件（或一个文件夹）属于哪个来源，依据是哪些表头和文件名；认不出时指出最接近的格式缺了哪些列。

    Tell which source claims a file, or the folder of a paged pull, and why: headers found and missing, and its name.
    Where none does, the nearest format is shown with the headers that are missing. No row is read.
    """,
)

PREVIEW = click.Command(
    "preview",
    callback=later.later("preview:preview"),
    params=[
        later.file(folder=True),
        click.Option(
            ["--rows", "-n"],
            type=click.IntRange(1, 1000),
            default=5,
            show_default=True,
            metavar="N",
            help="看前几条记录所在的行｜how many rows that are records",
        ),
        click.Option(["--sheet"], metavar="NAME", help="只看这张工作表｜this sheet only"),
        click.Option(
            ["--reveal"], is_flag=True, help="显示姓名（缺省遮蔽）｜show names, which are veiled otherwise"
        ),
        later.config(required=False),
        later.shape(),
    ],
    short_help="前几行入库后的样子｜the first rows as they would be loaded",
    help="""前几行入库后的样子：原文与归一后的内容并列，问题标在所在的单元格旁。只读文件开头，不写任何仓库。

    The first rows as they would be loaded: what stands in each cell, the unified fields it becomes, and every problem
    at its cell. Only the beginning of the file is read, and nothing is written. ID numbers and phones are always masked,
    columns that may not be kept are never shown; names are veiled unless you ask for them.

    \b
    退出码 exit codes
      0  这几行没有问题｜no problem in these rows
      3  有问题，或文件不能入库｜problems, or the file cannot be loaded
    """,
)

STATUS = click.Command(
    "status",
    callback=later.later("status:status"),
    params=[
        later.config(),
        later.source(),
        click.Option(
            ["--measures"],
            type=NEW,
            metavar="FILE.csv",
            help="把各项数字写成 CSV（measure,value）｜write the figures as CSV",
        ),
        *later.moments("--as-of"),
        later.shape(),
    ],
    short_help="各来源的现状，或某一天的数字｜where each source stands, or the figures of a day",
    help="""各来源最近一次报送、现行记录、待处理的隔离行；配置了期限的来源是否按时报送、行数是否偏少。用 --as-of 或 --known 则给出那一天的各项数字。

    For each source: its last delivery, the records that stand, and the rows that wait in quarantine; where it has a calendar,
    whether it is late, or brought fewer rows than usual. With --as-of or --known: the figures of that day instead, by what
    held or by what was known (docs/history.md).
    """,
)

EXPLAIN = click.Command(
    "explain",
    callback=later.later("explain:explain"),
    params=[
        click.Argument(["record"], type=int, metavar="RECORD"),
        click.Argument(["field"], required=False, metavar="[FIELD]"),
        later.config(),
        click.Option(
            ["--reveal"],
            is_flag=True,
            help="显示姓名（证件号码始终打码）｜show names; ID numbers stay masked",
        ),
        later.shape(),
    ],
    short_help="一个值从哪一格、按什么规则来的｜where a value comes from",
    help="""一条记录（编号，见 `etl records find`）的每个值来自哪个文件、工作表、行、列的什么原文，由哪个插件按什么规则得出，
    规则出自契约或裁定的哪一条。原文取自存档。

    Where each value of a record (its number; see `etl records find`) comes from: file, sheet, row, column and the text of the
    cell, from the archive; the plugin and its rule, with the ruling where one is named. With FIELD, everything about that one.
    """,
)

REBUILD = click.Command(
    "rebuild",
    callback=later.later("again:rebuild"),
    params=[
        later.config(),
        click.Option(
            ["--into"],
            metavar="URL",
            help="空仓库的地址；缺省为配置里的仓库｜address of an empty warehouse; the configured one by default",
        ),
        later.shape(),
    ],
    short_help="由存档重建仓库｜make the warehouse again from the archive",
    help="""由存档重建一个空仓库：不需要收件文件夹，也不需要原来的仓库，只要存档和密钥文件。撤销过的报送不会回来，
    放行过的照样放行，拦下的仍旧拦下。

    Make an empty warehouse from the archive alone: neither the inboxes nor the old warehouse are needed, only archive and key
    file. Revoked deliveries stay revoked, what was let through the brake is let through again. What was known when is not in the archive: it begins anew with the rebuilding.
    """,
)

main = Root(
    "etl",
    params=[
        click.Option(
            ["--lang"],
            type=click.Choice(["zh", "en", "both"]),
            default="zh",
            envvar="ETL_LANG",
            show_envvar=True,
            help="输出所用的语言｜language of the output",
        )
    ],
    help="""川渝教师培训数据统一框架。

    One trustworthy warehouse of the teacher-training records of Sichuan and Chongqing.

    \b
    常用 first steps
      etl config check configs/demo.yaml
      etl run --config configs/demo.yaml
      etl status --config configs/demo.yaml
    """,
    commands=[
        RUN,
        PULL,
        CHECK,
        IDENTIFY,
        PREVIEW,
        STATUS,
        EXPLAIN,
        REBUILD,
        PUBLISH,
        *groups.GROUPS,
        *chores.GROUPS,
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Say the version of the installed distribution."""
    if wanted:
        click.echo(f"chuanyu-etl {version('chuanyu-etl')}")
        context.exit()


main.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_version,
        help="版本｜show the version",
    )
)
