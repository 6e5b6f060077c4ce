"""What was typed wrong, in both languages: what click says is told apart by its exceptions and types, never by its words."""

from __future__ import annotations

import click
from click.exceptions import NoArgsIsHelpError, NoSuchCommand


def told(fault: click.ClickException) -> str:
    """What was wrong, below how the command is typed; of a group without a command, its help."""
    if isinstance(fault, NoArgsIsHelpError):
        return fault.format_message()
    wrong = f"错误｜Error: {said(fault)}"
    context = fault.ctx if isinstance(fault, click.UsageError) else None
    if context is None:
        return wrong
    return f"{context.get_usage()}\n用法请看｜for help type: {context.command_path} --help\n\n{wrong}"


def said(fault: click.ClickException) -> str:
    """«中文｜English»; a message of ours is both already."""
    chinese = _chinese(fault)
    return f"{chinese}｜{fault.format_message()}" if chinese else fault.format_message()


def _chinese(fault: click.ClickException) -> str:  # noqa: PLR0911  # one line a kind of fault
    match fault:
        case click.NoSuchOption():
            return f"没有选项 {fault.option_name}{_near(fault.possibilities)}"
        case NoSuchCommand():
            return f"没有命令 {fault.command_name}{_near(fault.possibilities)}"
        case click.MissingParameter():
            return f"缺少{_kind(fault.param)} {_named(fault)}"
        case click.BadParameter():
            return f"{_named(fault)}：{_wrong(fault.param)}"
        case click.BadOptionUsage():
            return f"选项 {fault.option_name} 的用法不对"
        case click.BadArgumentUsage():
            return "参数的用法不对"
        case click.FileError():
            return f"文件打不开 {fault.ui_filename}"
    # What we raise ourselves is in both languages already; click says without a class of its own that an argument is too many.
    return "" if "｜" in fault.message else "参数多了，或用法不对"


def _near(possible: list[str] | None) -> str:
    return f"，是否想写 {' '.join(possible)}" if possible else ""


def _kind(param: click.Parameter | None) -> str:
    return "参数" if isinstance(param, click.Argument) else "选项"


def _named(fault: click.BadParameter) -> str:
    hint = fault.param_hint
    if hint is None and fault.param is not None:
        hint = fault.param.get_error_hint(fault.ctx)
    return hint if isinstance(hint, str) else " ".join(hint or ())


def _wrong(param: click.Parameter | None) -> str:
    """What would be right, by the type that refused."""
    match param.type if param else None:
        case click.Choice() as type_:
            return f"应为其中之一：{' '.join(map(str, type_.choices))}"
        case click.DateTime():
            return "应写成 2024-01-31 这样的日期"
        case click.Path():
            return "没有这个文件或文件夹，或不能使用"
        case click.IntRange() | click.FloatRange():
            return "应为范围之内的数字"
        case click.types.IntParamType() | click.types.FloatParamType():
            return "应为数字"
    return "不能这样写"
