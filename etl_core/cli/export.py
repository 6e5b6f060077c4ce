"""CSV files for people: readable by their owner alone, complete or not there, and no cell that a spreadsheet would run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import polars as pl

# OWASP: what begins like this is taken for a formula; full-width forms are read like their ASCII ones.
FORMULA = r"^[=+\-@\t\x00\r\n＝＋－＠]"

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def neutral(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before every text, headers included, that a spreadsheet would take for a formula."""
    texts = pl.col(pl.String)
    harmless = pl.when(texts.str.contains(FORMULA)).then(pl.lit("'") + texts).otherwise(texts)
    heads = pl.Series(frame.columns)
    safe = pl.select(
        pl.when(heads.str.contains(FORMULA)).then(pl.lit("'") + heads).otherwise(heads)
    ).to_series()
    return frame.with_columns(harmless.name.keep()).rename(dict(zip(frame.columns, safe, strict=True)))


def write(frame: pl.DataFrame, path: Path, excel: bool = False) -> None:
    """Write a frame as CSV in UTF-8, for Excel with a byte order mark; raises click's exception with the path."""
    with owned(path) as file:
        neutral(frame).write_csv(file, include_bom=excel)


def text(frame: pl.DataFrame) -> str:
    """The same CSV as text, for standard output."""
    return neutral(frame).write_csv()


@contextmanager
def owned(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path` with mode 0600, put in its place when it is complete."""
    if (path.exists() and not path.is_file()) or path.absolute().parent == Path("/dev"):
        # What is put in the place of a device or a pipe takes it away from the whole machine.
        raise click.ClickException(f"不是普通文件，无法写入｜not an ordinary file, cannot be written: {path}")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, NEW, 0o600), "wb") as file:
            yield file
        draft.replace(path)
    except OSError as fault:
        raise click.ClickException(f"无法写入｜cannot be written: {path}: {fault.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
