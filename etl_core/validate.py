"""Every failed check of every row, in one pass over the frame.

A pandera model is the single declaration. Each check's boolean expression is obtained once, by calling the check's own
function with a recording frame; all of them are evaluated in one `select`. A check that cannot be captured this way (it
does more than one `select`) is run on the frame itself. A property test holds the verdict against pandera's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.backends.polars.register import register_polars_backends

from etl_core import masking
from etl_core.records import ISSUES, PLACE
from etl_schemas.reasons import of_words, severity

# The column of row numbers by which rows are told apart inside a batch.
INDEX = "_index"


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of one field: true or null where it passes. `passes` is null where it could not be captured."""

    field: str
    code: str
    at: str | None
    severity: str
    passes: pl.Expr | None
    check: pa.Check | None = None

    def failing(self, frame: pl.DataFrame) -> pl.Expr | pl.Series:
        """Where the rule fails, as an expression, or evaluated on `frame` where it could not be captured."""
        if self.passes is not None:
            return self.passes.not_().fill_null(False)
        return _run(self.check, self.field, frame).not_().fill_null(False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Disjoint halves of the frame that came in, and every failed check (records.ISSUES) of either half."""

    valid: pl.DataFrame
    quarantined: pl.DataFrame
    issues: pl.DataFrame


class _Recorder:
    """Stands in for a lazy frame while a check runs; keeps the one expression that the check selects."""

    def __init__(self) -> None:
        self.selected: tuple[Any, ...] = ()

    def select(self, *selected: Any) -> _Recorder:
        self.selected += selected
        return self


def _capture(check: pa.Check, field: str) -> pl.Expr | None:
    if check.element_wise or not check.ignore_na or check._check_fn is None:
        return None
    recorder = _Recorder()
    try:
        given = check._check_fn(PolarsData(recorder, field), **check._check_kwargs)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  # whatever a foreign check does with the stand-in: it is run on the frame instead
        return None
    if given is not recorder or len(recorder.selected) != 1 or not isinstance(recorder.selected[0], pl.Expr):
        return None
    return recorder.selected[0]


def _run(check: pa.Check | None, field: str, frame: pl.DataFrame) -> pl.Series:
    assert check is not None
    result = check(frame.lazy(), field).check_output.collect().to_series()
    return result if len(result) == len(frame) else pl.repeat(result.item(), len(frame), eager=True)


@cache
def rules(model: Any, several: tuple[str, ...] = ()) -> tuple[Rule, ...]:
    """The rules of a model (a pandera DataFrameModel class): its columns' checks, and one rule `required.FIELD` for each column that may not be null.

    several: the columns «FIELD[0]», «FIELD[1]» … in which a field stands that has several; each is judged by its checks.
    Raises TypeError for a declaration that this validator does not carry out (unique, frame-level checks), so that no
    promise is written down and then not kept.
    """
    register_polars_backends()  # pandera's built-in checks find their polars form only afterwards
    schema = model.to_schema()
    if schema.checks or schema.unique:
        raise TypeError(
            f"{model.__name__}: frame-level checks and unique are not supported; attach the check to a field"
        )
    found: list[Rule] = []
    for field, column in schema.columns.items():
        if not column.nullable:
            found.append(Rule(field, f"required.{field}", None, "error", pl.col(field).is_not_null()))
        for name in [each for each in several if each.startswith(f"{field}[")] or [field]:
            for check in column.checks:
                code = str(check.error)
                found.append(Rule(name, code, check.title, severity(code), _capture(check, name), check))
    return tuple(found)


def verdict(frame: pl.DataFrame, model: type[pa.DataFrameModel], shown: Mapping[str, str | None]) -> Verdict:
    """Judge every row of `frame` (PLACE columns and the model's fields) by every rule of `model`.

    `shown` gives the header that a reason names for each field. A row is quarantined if at least one rule of severity
    error fails; warnings alone leave it valid.
    """
    found = issues(frame, model, shown)
    bad = found.filter(pl.col("severity") == "error")[INDEX].unique()
    faulty = pl.Series(values=range(len(frame)), dtype=pl.UInt32).is_in(bad.implode())
    return Verdict(frame.filter(~faulty), frame.filter(faulty), found.drop(INDEX))


def issues(
    frame: pl.DataFrame, model: type[pa.DataFrameModel], shown: Mapping[str, str | None]
) -> pl.DataFrame:
    """Every failed check of `frame` (records.ISSUES), with the row's position in the frame as INDEX."""
    judged = rules(model, tuple(name for name in frame.columns if name.endswith("]")))
    flags = frame.select(rule.failing(frame).alias(str(number)) for number, rule in enumerate(judged))
    places = frame.select(*PLACE).with_row_index(INDEX)
    parts = [
        places.filter(flags[str(number)]).with_columns(
            code=pl.lit(rule.code, pl.String),
            column=pl.lit(rule.at or shown.get(rule.field), pl.String),
            severity=pl.lit(rule.severity, pl.String),
            word=_word(frame, rule, flags[str(number)]),
        )
        for number, rule in enumerate(judged)
        if flags[str(number)].any()
    ]
    empty = pl.DataFrame(schema={INDEX: pl.UInt32, **ISSUES})
    return pl.concat([empty, *parts]) if parts else empty


def _word(frame: pl.DataFrame, rule: Rule, failing: pl.Series) -> pl.Expr | pl.Series:
    """What stands in the failing cells, where the rule asks for a word of a list; else null."""
    if not of_words(rule.code) or frame.schema[rule.field] != pl.String:
        return pl.lit(None, pl.String)
    cells = frame[rule.field].filter(failing)
    known = cells.drop_nulls().unique()
    said = pl.Series([masking.word(each) for each in known], dtype=pl.String)
    return cells.replace_strict(known, said, default=None, return_dtype=pl.String)
