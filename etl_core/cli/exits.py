"""Every way out of the program: one exit code for each kind of ending, and what is said on standard error.

    0    all loaded, or nothing new               75   the warehouse is held or away, or a disk is full: try again
    3    quarantined rows or failed deliveries    70   a fault of the software
    4    a delivery was stopped by the brake      128+n  stopped by signal n, with everything unfinished taken back
    2    usage, configuration, key, warehouse, an inbox

A fault of ours is told by its type and place alone: the text of an exception can hold a cell. ETL_DEBUG=1 adds the way
that led there, still without any text or value.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click

from etl_core import errors
from etl_core.cli import usage
from etl_core.cli.say import reason
from etl_core.errors import FULL, SHORT, ConfigError, DeliveryError, EtlError, LockedError, UnavailableError
from etl_core.masking import plain

DONE, STOPPED = 0, 4
USAGE, PARTLY, INTERNAL, AGAIN = errors.USAGE, errors.PARTLY, errors.INTERNAL, errors.AGAIN
CLOSED = 128 + signal.SIGPIPE
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def guarded(run: Callable[[], object]) -> int:
    """Run a command with stop signals caught and files private to their owner; the code to exit with."""
    _streaming()
    with _stoppable(), _private():
        try:
            code = run()
        except SystemExit as wanted:
            # click ends with 1, which is no code of ours, when nobody reads standard output any more.
            code = CLOSED if wanted.code == 1 else wanted.code
            _stopped(code)
        except click.Abort:
            code = 128 + signal.SIGINT
        except click.ClickException as fault:
            _say(usage.told(fault))
            code = USAGE
        except EtlError as fault:
            code = _told(fault)
        except BaseException as defect:  # noqa: BLE001  # a panic of Rust code is no Exception
            code = _refused(defect) or _defect(defect)
    return code if isinstance(code, int) else DONE


def _stopped(code: object) -> None:
    """Say that somebody stopped the program."""
    if isinstance(code, int) and code - 128 in STOPPING:
        name = signal.Signals(code - 128).name
        _say(
            f"被 {name} 中止，没有半份数据，下一次运行接着来｜stopped by {name}, nothing is half-done, the next run goes on"
        )


def _told(fault: EtlError) -> int:
    """Say an error that was raised on purpose, in both languages."""
    if isinstance(fault, LockedError):
        _say(
            f"另一次运行正在使用仓库，请稍后再试｜another run holds the warehouse, try again: {fault.holder}"
        )
        return AGAIN
    if isinstance(fault, UnavailableError):
        _say(f"仓库暂时用不了，请稍后再试｜the warehouse cannot be used now, try again: {fault}")
        return AGAIN
    if isinstance(fault, ConfigError):
        for problem in fault.problems:
            _say(str(problem))
        return USAGE
    if isinstance(fault, DeliveryError):
        _say(reason(fault.code, "both", fault.detail))
        return PARTLY
    _say(f"无法继续｜cannot go on: {fault}")
    return USAGE


def _refused(defect: BaseException) -> int | None:
    """What the operating system refuses is no defect of ours: 75 where it may be better later, else 2; with the path if told."""
    if not isinstance(defect, OSError) or defect.errno is None:
        return None
    path = defect.filename or ""
    if defect.errno in FULL:
        _say(f"磁盘空间不足，请清理后再试｜no space left on the disk, make room and try again: {path}")
        return AGAIN
    why = os.strerror(defect.errno)
    if defect.errno in SHORT:
        _say(f"系统资源不足，请稍后再试｜the system is short of something, try again: {path}: {why}")
        return AGAIN
    _say(f"系统不让读写，请核对磁盘和权限｜the system refuses, check disk and rights: {path}: {why}")
    return USAGE


def _defect(defect: BaseException) -> int:
    """Say what kind of fault it was and where, never its text."""
    frames = traceback.extract_tb(defect.__traceback__)
    ours = [frame for frame in frames if "etl_core" in frame.filename] or list(frames)
    where = f"{_module(ours[-1].filename)}:{ours[-1].lineno}" if ours else "?"
    kind = type(defect).__name__
    _say(
        f"程序内部错误（{kind}，{where}），请报告数据管理员｜internal error ({kind} at {where}), please report it"
    )
    if os.environ.get("ETL_DEBUG") == "1":
        for frame in frames:
            _say(f"  {frame.filename}:{frame.lineno} {frame.name}")
    return INTERNAL


def _module(filename: str) -> str:
    """Dotted name of a module file of ours; the bare file name of another."""
    _, found, rest = filename.rpartition(f"etl_core{os.sep}")
    name = f"etl_core.{rest}" if found else Path(filename).name
    return name.removesuffix(".py").replace(os.sep, ".")


def _say(text: str) -> None:
    with suppress(OSError):  # the exit code says so all the same
        click.echo(plain(text), err=True)


def _stop(number: int, _: FrameType | None) -> None:
    """Unwind as an error would, so that transactions, lock, child and copies are given back; deaf from now on."""
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _streaming() -> None:
    """Have all three streams where some were closed (cron's own way): what is opened next would get their numbers, and our words."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


@contextmanager
def _stoppable() -> Iterator[None]:
    """Stop signals end the program cleanly; outside of the main thread they are left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, _stop) for each in STOPPING}
    try:
        yield
    finally:
        for each, former in before.items():
            signal.signal(each, former)


@contextmanager
def _private() -> Iterator[None]:
    """Whatever a command writes belongs to its owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
