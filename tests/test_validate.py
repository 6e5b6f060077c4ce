"""The verdict: every failed check of every row, and pandera's own opinion beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from etl_core.contract import RawContract, check, column, required
from etl_core.records import ISSUES, PLACE
from etl_core.validate import issues, rules, verdict
from etl_schemas.training import FIELDS, TrainingRecord

SHOWN = {"person_name": "姓名", "hours": "学时", "start": "开始", "end": "结束"}


def _short(field: str) -> pl.Expr:
    return pl.col(field).str.len_chars() <= 2


class Sheet(RawContract):
    """A contract with own checks, a check over two columns, a place of its own, and pandera's built-in checks."""

    person_name: str = column("姓名", checks=[required("person_name"), check("row.malformed", _short)])
    hours: str = column(
        "学时",
        checks=[
            pa.Check.isin(["8", "16", "x"], error="hours.unparsable"),
            check("hours.range", lambda c: pl.col(c) != "x"),
        ],
    )
    start: str = column("开始")
    end: str = column(
        "结束",
        checks=[
            check("date.order", lambda c: pl.col("start") <= pl.col(c), at="起止"),
            check("title.unknown", lambda c: pl.col(c) != "9"),
        ],
    )


cell = st.one_of(st.none(), st.sampled_from(["", " ", "8", "16", "x", "9", "1", "赵", "赵钱孙"]))
rows = st.lists(st.tuples(cell, cell, cell, cell), max_size=25)


def frame(cells: list[tuple[str | None, ...]]) -> pl.DataFrame:
    fields = pl.DataFrame(cells, schema=dict.fromkeys(SHOWN, pl.String), orient="row")
    return fields.with_columns(
        file=pl.lit("a.csv"), sheet=pl.lit(None, pl.String), row=pl.int_range(2, pl.len() + 2)
    )


def _lines(found: pl.DataFrame) -> set[tuple[object, ...]]:
    return set(found.select("row", "code", "column").iter_rows())


@given(rows)
def test_valid_and_quarantined_are_disjoint_and_together_the_input(
    cells: list[tuple[str | None, ...]],
) -> None:
    given_rows = frame(cells)
    judged = verdict(given_rows, Sheet, SHOWN)
    together = pl.concat([judged.valid, judged.quarantined]).sort("row")
    assert together.equals(given_rows)
    assert not set(judged.valid["row"]) & set(judged.quarantined["row"])


@given(rows)
def test_a_row_is_quarantined_exactly_where_an_error_names_it(cells: list[tuple[str | None, ...]]) -> None:
    judged = verdict(frame(cells), Sheet, SHOWN)
    named = judged.issues.filter(pl.col("severity") == "error")["row"].unique()
    assert set(judged.quarantined["row"]) == set(named)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(cells: list[tuple[str | None, ...]], random: object) -> None:
    given_rows = frame(cells)
    order = list(range(len(cells)))
    random.shuffle(order)  # type: ignore[attr-defined]
    turned = given_rows[order] if order else given_rows
    assert _lines(verdict(turned, Sheet, SHOWN).issues) == _lines(verdict(given_rows, Sheet, SHOWN).issues)


@given(rows, st.integers(1, 7))
def test_the_size_of_batches_changes_nothing(cells: list[tuple[str | None, ...]], size: int) -> None:
    given_rows = frame(cells)
    parts = [verdict(part, Sheet, SHOWN).issues for part in given_rows.iter_slices(size)] if cells else []
    together = pl.concat(parts) if parts else pl.DataFrame(schema=ISSUES)
    assert _lines(together) == _lines(verdict(given_rows, Sheet, SHOWN).issues)


@given(rows)
def test_the_verdict_is_panderas_own(cells: list[tuple[str | None, ...]]) -> None:
    given_rows = frame(cells)
    try:
        Sheet.validate(given_rows.drop("file", "sheet", "row"), lazy=True)
        theirs: set[tuple[object, ...]] = set()
    except SchemaErrors as refusal:
        cases = refusal.failure_cases
        theirs = {
            (index + 2, check, column)
            for column, check, index in cases.select("column", "check", "index").iter_rows()
        }
    fields = {
        (row, code, {"起止": "end"}.get(at) or next(name for name, text in SHOWN.items() if text == at))
        for row, code, at in _lines(issues(given_rows, Sheet, SHOWN))
    }
    assert fields == theirs


def test_every_check_of_our_own_is_captured_and_none_is_run_twice() -> None:
    assert all(rule.passes is not None for rule in rules(Sheet))


def test_a_check_that_cannot_be_captured_is_run_on_the_frame() -> None:
    def roundabout(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.with_columns(pl.col(data.key) == "8").select(data.key)

    class Odd(RawContract):
        hours: str = column("学时", checks=[pa.Check(roundabout, error="hours.range")])

    given_rows = frame([("赵", "8", None, None), ("赵", "9", None, None)]).select(
        "file", "sheet", "row", "hours"
    )
    assert _lines(verdict(given_rows, Odd, SHOWN).issues) == {(3, "hours.range", "学时")}


def test_a_declaration_that_would_not_be_carried_out_is_refused() -> None:
    class Unique(pa.DataFrameModel):
        hours: str

        @pa.dataframe_check
        def whole(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805 (pandera makes it a class method)
            return data.lazyframe.select(pl.lit(True))

    with pytest.raises(TypeError, match="frame-level"):
        rules(Unique)


def test_a_reason_names_the_place_that_the_check_declares() -> None:
    found = verdict(frame([("赵", "8", "2", "1")]), Sheet, SHOWN).issues
    assert _lines(found) == {(2, "date.order", "起止")}


def test_a_warning_leaves_the_row_valid() -> None:
    judged = verdict(frame([("赵", "8", "1", "9")]), Sheet, SHOWN)
    assert judged.issues["code"].to_list() == ["title.unknown"]
    assert len(judged.valid) == 1


GOOD = {
    "person_name": "赵一",
    "id_type": "resident_id",
    "id_number": "500199197312060895",
    "sex": 1,
    "project_name": "某项目",
    "level": 40,
    "mode": 2,
    "mode_detail": "face_to_face",
    "role": "trainee",
    "start_date": date(2023, 3, 6),
    "end_date": date(2023, 3, 8),
    "date_precision": "day",
    "training_year": 2023,
    "hours": Decimal(16),
    "hours_basis": "stated",
    "credits_basis": "none",
    "result": "passed",
    "status": "recognised",
}
BAD = {
    "person_name": [None, ""],
    "id_type": ["none", "paper"],
    "id_number": [None, "500199197312060894", "12"],
    "sex": [3, None],
    "project_name": [None],
    "level": [None, 41],
    "mode_detail": ["walk"],
    "start_date": [None, date(2023, 4, 1)],
    "end_date": [None, date(2024, 1, 1)],
    "training_year": [1999, None],
    "hours": [None, Decimal(2001), Decimal(-1)],
    "credits": [Decimal(3)],
    "result": ["late"],
}
mutations = st.dictionaries(st.sampled_from(sorted(BAD)), st.integers(0, 2), max_size=4)


@settings(max_examples=30)
@given(st.lists(mutations, min_size=1, max_size=6))
def test_the_verdict_on_the_unified_contract_is_panderas_own(rows: list[dict[str, int]]) -> None:
    made = [
        {**GOOD, **{name: BAD[name][pick % len(BAD[name])] for name, pick in row.items()}} for row in rows
    ]
    records = pl.DataFrame(made, schema=FIELDS)
    try:
        TrainingRecord.validate(records, lazy=True)
        theirs: set[tuple[int, str]] = set()
    except SchemaErrors as refusal:
        cases = refusal.failure_cases.select("column", "check", "index").iter_rows()
        theirs = {
            (index, f"required.{column}" if check == "not_nullable" else check)
            for column, check, index in cases
        }
    placed = records.with_columns(file=pl.lit("a"), sheet=pl.lit(None, pl.String), row=pl.int_range(pl.len()))
    ours = issues(placed, TrainingRecord, {}).select("row", "code").iter_rows()
    assert set(ours) == theirs


def _never(field: str) -> pl.Expr:
    return pl.col(field).fill_null("").str.len_chars() < 0


class Words(RawContract):
    """A coded column, a free one."""

    role: str = column("角色", checks=[check("code.unknown.role", _never)])
    hours: str = column("学时", checks=[check("hours.unparsable", _never)])


def test_a_reason_keeps_the_word_that_no_list_has_and_no_other_cell():
    cells = {"role": ["嘉宾", "嘉宾", "500199198001010015", None], "hours": ["很多", "8", "9", "10"]}
    places = {"file": ["a.csv"] * 4, "sheet": [None] * 4, "row": [1, 2, 3, 4]}
    given_rows = pl.DataFrame(places | cells, schema={**PLACE, "role": pl.String, "hours": pl.String})
    found = verdict(given_rows, Words, {"role": "角色", "hours": "学时"}).issues
    words = dict(found.filter(code="code.unknown.role").select("row", "word").iter_rows())
    assert words == {1: "嘉宾", 2: "嘉宾", 3: "500***********0015", 4: None}
    assert found.filter(code="hours.unparsable")["word"].to_list() == [None] * 4
