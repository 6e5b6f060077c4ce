"""What differs between the golden files and what became of the samples, as a data officer reads it: row, wanted, found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import polars as pl

Line = dict[str, object]

# So many differences are shown; more would hide the first.
SHOWN = 8

# By these a line of a golden file is found again.
WHERE = ("file", "sheet", "row")

# What tells who somebody is stands in no message, not even in one about synthetic persons (contract §5).
PERSONAL = {
    "person_name", "id_number", "person_key", "employer_name", "employer_code", "agency_record_id", "certificate_no", "namesake",
}  # fmt: skip


def differences(got: pl.DataFrame, wanted: pl.DataFrame) -> str:
    """Every row of which `got` and `wanted` say something else, a line for each; "" where both hold the same rows.

    `wanted` is text and decides the columns; it is read with the types of `got`. Order does not count. Two rows of one
    place are compared column by column, those that have most in common first.
    """
    columns = wanted.columns
    typed = wanted.select(_typed(name, got.schema[name]) for name in columns)
    have, want = (Counter(frame.select(columns).iter_rows()) for frame in (got, typed))
    lines = list(_told(columns, list((want - have).elements()), list((have - want).elements())))
    more = [f"…另有 {len(lines) - SHOWN} 处｜and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join(["", *lines[:SHOWN], *more]) if lines else ""


def _typed(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.col(name).str.to_date() if dtype == pl.Date else pl.col(name).cast(dtype)


def _told(
    columns: Sequence[str], want: list[tuple[object, ...]], have: list[tuple[object, ...]]
) -> Iterator[str]:
    """Each pair of rows of one place, then the rows that only one of both sides has."""
    there: dict[str, list[Line]] = defaultdict(list)
    for row in have:
        there[_place(line := dict(zip(columns, row, strict=True)))].append(line)
    for row in want:
        line = dict(zip(columns, row, strict=True))
        others = there[_place(line)]
        if others:
            nearest = min(others, key=lambda other: sum(other[name] != line[name] for name in columns))
            others.remove(nearest)
            yield f"{_place(line)}: {_pair(line, nearest)}"
        else:
            yield f"{_place(line)}: 缺少｜missing: {_shown(line)}"
    for place, others in there.items():
        yield from (f"{place}: 多出｜surplus: {_shown(line)}" for line in others)


def _place(line: Line) -> str:
    """«登记表.xlsx Sheet1 第 12 行｜row 12»."""
    at = [str(line[name]) for name in WHERE[:2] if line.get(name)]
    row = line.get("row")
    return " ".join([*at, *([f"第 {row} 行｜row {row}"] if row is not None else [])]) or "—"


def _pair(wanted: Line, found: Line) -> str:
    return "; ".join(
        f"{name} 不同（个人信息，不显示）｜differs (personal, not shown)"
        if _personal(name, value)
        else f"{name} 应为｜wanted {_text(value)}, 实为｜found {_text(found[name])}"
        for name, value in wanted.items()
        if value != found[name]
    )


def _shown(line: Line) -> str:
    told = (
        f"{name}={value}"
        for name, value in line.items()
        if value is not None and name not in WHERE and not _personal(name, value)
    )
    return " ".join(told) or "—"


def _personal(name: str, value: object) -> bool:
    return name in PERSONAL or isinstance(value, bytes)


def _text(value: object) -> str:
    return "空｜nothing" if value is None else str(value)
