"""What every command shares: a body that is imported when it is called, and the options that several have.

The declarations know click alone, so that `--help` answers at once; polars, pandera and SQLAlchemy come with the bodies.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
DELIVERY = click.Path(exists=True, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
TABLE, JSON = "table", "json"
EVERY = "*"  # every source; the pipeline's own word


def later(target: str) -> Callable[..., None]:
    """A callback that imports `module:function` of this package, calls it with the options and `lang`, and exits with its code."""
    module, _, function = target.partition(":")

    def call(**given: object) -> None:
        context = click.get_current_context()
        body = getattr(import_module(f"etl_core.cli.{module}"), function)
        context.exit(body(lang=context.find_root().params["lang"], **given) or 0)

    call.__doc__ = target
    return call


def config(required: bool = True) -> click.Option:
    """`--config FILE`."""
    text = "流水线的配置文件（YAML）｜configuration of the pipeline (YAML)"
    return click.Option(["--config", "-c"], type=EXISTING, required=required, metavar="FILE", help=text)


def source(required: bool = False) -> click.Option:
    """`--source NAME`."""
    text = "只看这个来源｜this source only; `etl plugins list` names them"
    return click.Option(["--source", "-s"], required=required, metavar="NAME", help=text)


def run(name: str) -> click.Argument:
    """The number of a run, the beginning of it, or `last`."""
    return click.Argument([name.lower()], metavar=name)


def shape(default: str | None = TABLE) -> click.Option:
    """`--format table|json`; without a default the body asks whether it speaks to a terminal."""
    text = "表格或每行一个 JSON 对象｜a table, or one JSON object a line"
    if default is None:
        text += "（终端为 table，否则为 json｜table on a terminal, else json）"
    return click.Option(["--format", "shape"], type=click.Choice([TABLE, JSON]), default=default, help=text)


def out(required: bool, metavar: str = "FILE.csv") -> click.Option:
    """`--out FILE.csv`, or what `metavar` says."""
    text = "写入的文件，仅本人可读｜file to write, readable by you only"
    return click.Option(["--out", "-o"], type=NEW, required=required, metavar=metavar, help=text)


def delivery() -> click.Option:
    """`--delivery DELIVERY`."""
    text = "只看这份报送（编号或文件名）｜this delivery only (number or file name)"
    return click.Option(["--delivery", "-d"], metavar="DELIVERY", help=text)


def moments(valid: str) -> list[click.Option]:
    """`--valid` (or as the command calls it) and `--known`: the two times of a question about another day."""
    held = "按报送的生效日期，这一天的情况｜what held on that day, by the deliveries' own dates"
    known = (
        "仓库在这一天结束时（或这一刻）所知的情况｜what was known at the end of that day, or at that moment"
    )
    return [
        click.Option([valid, "valid"], type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=held),
        click.Option(
            ["--known"],
            type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
            metavar="DATE[THH:MM]",
            help=known,
        ),
    ]


def file(folder: bool = False) -> click.Argument:
    """FILE, which must exist and may hold anything; with `folder` it may be one, which is one delivery too."""
    return click.Argument(["file"], type=DELIVERY if folder else EXISTING, metavar="FILE")
