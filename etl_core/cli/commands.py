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
            help="这一次放行会撤回过多记录的报送（可指定一个来源）"
            "｜let deliveries through that withdraw too much, this once (of one source, or of all)",
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
        later.shape(None),
    ],
    short_help="处理收件文件夹中的新报送｜load what is new in the inboxes",
    help="""处理收件文件夹中的新报送：识别来源、校验、统一、入库。

    Load every new delivery of the inboxes: recognise its source, validate, normalise, load. A file that is in the
    warehouse already is left alone, so this can be run as often as you like.

    \b
    退出码 exit codes
      0   全部入库，或没有新报送｜all loaded, or nothing new
      3   有隔离行或未能处理的文件｜done, with quarantined rows or failed files
      4   有报送会撤回过多记录，已拦下，等人决定｜a delivery would withdraw too much: it was stopped, decide
      2   配置、密钥或用法有误｜configuration, key or usage
      75  另一次运行正在进行，或磁盘已满，请稍后再试｜another run is under way, or a disk is full: try again
      70  程序内部错误｜a fault of the software
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
        later.shape(),
    ],
    short_help="各来源的现状｜where each source stands",
    help="""各来源最近一次报送、现行记录、待处理的隔离行；配置了期限的来源是否按时报送、行数是否偏少。

    For each source: its last delivery, the records that stand, and the rows that wait in quarantine; where it has a calendar,
    whether it is late, or brought fewer rows than usual.
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
    commands=[RUN, CHECK, IDENTIFY, STATUS, *groups.GROUPS, *chores.GROUPS],
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
