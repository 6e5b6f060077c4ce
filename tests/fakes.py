"""Plugins and deliveries that the tests make up; every person is synthetic (area code 500199 was never assigned)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from etl_core.records import Grid
from tests import made_up

Cells = Sequence[str | None]

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def install(site: Path, name: str = made_up.NAME, more: str = "") -> Path:
    """Make a distribution in the folder `site` whose source has that name; `more` is code after the plugin's own."""
    module = f"fake_{name}"
    info = site / f"etl_source_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: etl-source-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[etl_core]\n{name} = {module}\n")
    code = Path(made_up.__file__).read_text(encoding="utf-8").replace(f'"{made_up.NAME}"', f'"{name}"')
    (site / f"{module}.py").write_text(f"{code}\n\n{more}\n", encoding="utf-8")
    return site


def number(order: int) -> str:
    """The resident identity number of one made-up person, with its check digit (GB 11643)."""
    years, order = divmod(order, 1000)  # a day has three digits of order
    body = f"500199{1980 + years}0101{order:03}"
    rest = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[rest]


def person(order: int, **changes: str | None) -> list[str | None]:
    """One faultless row of a made_up delivery, with some of its cells otherwise, by header."""
    usual = dict(
        zip(
            made_up.HEADERS,
            (f"测试{order}", number(order), "某小学", "新课标研修", "2023-05-06", "8", None),
            strict=True,
        )
    )
    return list({**usual, **changes}.values())


def grid(
    rows: Iterable[Cells], sheet: str | None = None, visible: bool = True, **columns: list[object]
) -> Grid:
    """Rows as a reader gives them; `columns` overrules width, fault or fault_at."""
    lines = list(rows)
    cells = {f"c{at}": [line[at] for line in lines] for at in range(len(lines[0]))}
    nothing: list[object] = [None] * len(lines)
    frame = pl.DataFrame(
        {
            "row": pl.Series(range(1, len(lines) + 1), dtype=pl.Int64),
            "width": pl.Series(columns.get("width", nothing), dtype=pl.Int64),
            "fault": pl.Series(columns.get("fault", nothing), dtype=pl.String),
            "fault_at": pl.Series(columns.get("fault_at", nothing), dtype=pl.Int64),
            **{name: pl.Series(texts, dtype=pl.String) for name, texts in cells.items()},
        }
    )
    return Grid(frame, sheet, visible)


def write(path: Path, rows: Iterable[Cells], header: Cells = made_up.HEADERS) -> Path:
    """A delivery of delimited text; rows as person() gives them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path
