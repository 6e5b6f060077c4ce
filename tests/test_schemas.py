from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pandera.errors
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_schemas.checks import WEIGHTS, resident_number
from etl_schemas.enums import ENUMS
from etl_schemas.messages import fields, text
from etl_schemas.reasons import known
from etl_schemas.training import FIELDS, REQUIRED, TrainingRecord

# Contract §2: name, type, and ? where a null is allowed.
CONTRACT = """
person_name String; id_type String; id_number String ?; sex Int16 ?; employer_name String ?;
employer_code String ?; employer_division String ?; stage String ?; subject String ?; title String ?;
project_code String ?;
project_name String; class_name String ?; level Int16; mode Int16; mode_detail String; role String;
provider_name String ?; start_date Date ?; end_date Date ?; date_precision String; training_year Int16;
hours Decimal(precision=7,scale=2) ?; hours_basis String; credits Decimal(precision=7,scale=2) ?;
credits_basis String; credit_kind String ?; score Decimal(precision=5,scale=2) ?; result String;
certificate_no String ?; status String; agency_record_id String ?
"""
GOOD: dict[str, Any] = {
    "person_name": "张伟",
    "id_type": "resident_id",
    "id_number": "500199197312060895",
    "sex": 1,
    "employer_name": "北碚区天府小学",
    "employer_code": "2150009999",
    "employer_division": "500109",
    "stage": "primary",
    "subject": "语文",
    "title": "first",
    "project_code": "SP2023001",
    "project_name": "校长课程领导力专题研修",
    "class_name": "一班",
    "level": 40,
    "mode": 2,
    "mode_detail": "face_to_face",
    "role": "trainee",
    "provider_name": "西南大学",
    "start_date": date(2023, 3, 6),
    "end_date": date(2023, 7, 14),
    "date_precision": "day",
    "training_year": 2023,
    "hours": Decimal("16"),
    "hours_basis": "stated",
    "credits": Decimal("2"),
    "credits_basis": "stated",
    "credit_kind": "centralised",
    "score": Decimal("91.5"),
    "result": "passed",
    "certificate_no": "0001",
    "status": "recognised",
    "agency_record_id": "A1",
}
UNDATED = {"start_date": None, "end_date": None}
CHECKS = [
    (name, check) for name, column in TrainingRecord.to_schema().columns.items() for check in column.checks
]

GOOD_ROWS = {
    "a full record": {},
    "nothing but what must be there": {name: None for name in FIELDS if name not in REQUIRED}
    | {"id_type": "none", "date_precision": "year", "hours_basis": "none", "credits_basis": "none"},
    "a masked number": {"id_number": None},
    "a check digit X": {"id_number": "11010519491231002X"},
    "an area code that never was": {"id_number": "519999197803051794"},
    "a passport": {"id_type": "passport", "id_number": "E12345678"},
    "a single day": {"start_date": date(2023, 3, 6), "end_date": date(2023, 3, 6)},
    "a turn of the year": {"end_date": date(2024, 1, 12), "training_year": 2024},
    "a whole month": {"date_precision": "month"},
    "a school year": UNDATED | {"date_precision": "school_year", "training_year": 2022},
    "minutes rounded down to nothing": {"hours": Decimal(0), "hours_basis": "minutes"},
    "the most hours": {"hours": Decimal(2000)},
    "a cancellation": {"credits": Decimal("-500")},
    "the most credits": {"credits": Decimal(500)},
    "the best score": {"score": Decimal("999.99")},
}
BAD_ROWS = [
    ("required.person_name", {"person_name": " "}),
    ("required.project_name", {"project_name": ""}),
    ("required.id_number", {"id_type": "hk_macao_permit", "id_number": None}),
    ("id_number.length", {"id_number": "5001991973120608"}),
    ("id_number.checksum", {"id_number": "500199197312060896"}),
    ("id_number.checksum", {"id_number": "50019919731206089x"}),
    ("id_number.checksum", {"id_number": "51999920230230123X"}),
    ("code.unknown.id_type", {"id_type": "none"}),
    ("division.unknown", {"employer_division": "北碚区"}),
    ("date.order", {"start_date": date(2023, 7, 15)}),
    ("date.order", {"start_date": None}),
    ("date.order", {"end_date": None, "date_precision": "year"}),
    ("date.unparsable", {"training_year": 2022}),
    ("code.unknown.date_precision", {"date_precision": "year"}),
    ("code.unknown.date_precision", UNDATED),
    ("hours.range", {"hours": Decimal("-0.01")}),
    ("hours.range", {"hours": Decimal("2000.01")}),
    ("credits.range", {"credits": Decimal(0)}),
    ("credits.range", {"credits": Decimal("500.01")}),
    ("credits.range", {"credits": Decimal("-500.01")}),
    ("code.unknown.hours_basis", {"hours": None}),
    ("code.unknown.hours_basis", {"hours_basis": "none"}),
    ("code.unknown.credits_basis", {"credits_basis": "none"}),
    ("code.unknown.credit_kind", {"credit_kind": None}),
    ("code.unknown.score", {"score": Decimal("-1")}),
    *((f"code.unknown.{field}", {field: 77 if FIELDS[field].is_integer() else "课程"}) for field in ENUMS),
]


class Recorder:
    """All that a check may use of a frame: the way a validator captures its expression."""

    def select(self, expression: pl.Expr) -> pl.Expr:
        return expression


def frame(*changes: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([GOOD | change for change in changes], schema=FIELDS)


def captured(check: pa.Check) -> pl.Expr:
    return check._check_fn(pa.PolarsData(Recorder(), "*"))


def refused(rows: pl.DataFrame) -> set[str]:
    """Codes of the checks that a row fails, evaluated as a validator does: one select of all of them."""
    verdict = rows.select(
        captured(check).fill_null(True).alias(str(at)) for at, (_, check) in enumerate(CHECKS)
    )
    return {check.error for (_, check), held in zip(CHECKS, verdict.row(0), strict=True) if not held}


def test_names_order_types_and_nulls_are_those_of_the_contract():
    expected = [line.split() for line in CONTRACT.split(";")]
    said = [[name, str(dtype).replace(" ", "")] for name, dtype in FIELDS.items()]
    assert said == [line[:2] for line in expected]
    assert list(REQUIRED) == [line[0] for line in expected if "?" not in line]
    assert tuple(FIELDS) == fields()


def test_every_field_has_its_chinese_title_and_its_meaning_in_both_languages():
    for name, column in TrainingRecord.to_schema().columns.items():
        assert column.title == text(f"field.{name}", "zh")
        assert column.description == text(f"meaning.{name}", "both")


def test_every_closed_list_guards_its_field():
    assert {name for name, check in CHECKS if check.error == f"code.unknown.{name}"} == {*ENUMS, "score"}


@pytest.mark.parametrize(("name", "check"), CHECKS, ids=lambda part: getattr(part, "error", ""))
def test_every_check_bears_a_known_code_and_gives_one_boolean_per_row_from_its_select(name, check):
    assert known(check.error)
    assert name in TrainingRecord.to_schema().columns
    verdict = frame({}, {}).select(captured(check))
    assert verdict.shape == (2, 1)
    assert verdict.dtypes == [pl.Boolean]


@pytest.mark.parametrize("change", GOOD_ROWS.values(), ids=GOOD_ROWS)
def test_a_good_record_is_accepted(change):
    rows = frame(change)
    assert TrainingRecord.validate(rows, lazy=True).equals(rows)
    assert refused(rows) == set()


@pytest.mark.parametrize(("code", "change"), BAD_ROWS, ids=[code for code, _ in BAD_ROWS])
def test_a_record_that_breaks_one_rule_is_refused_for_that_reason_alone(code, change):
    rows = frame(change)
    assert refused(rows) == {code}
    with pytest.raises(pandera.errors.SchemaErrors) as caught:
        TrainingRecord.validate(rows, lazy=True)
    assert set(caught.value.failure_cases["check"]) == {code}


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_value_that_must_be_there_is_refused_by_its_null_alone(name):
    rows = frame({name: None})
    with pytest.raises(pandera.errors.SchemaErrors) as caught:
        TrainingRecord.validate(rows, lazy=True)
    assert set(caught.value.failure_cases["check"]) == {"not_nullable"}
    assert set(caught.value.failure_cases["column"]) == {name}


@pytest.mark.parametrize(
    "rows",
    [frame({}).drop("status"), frame({}).with_columns(extra=1), frame({}).select(reversed(FIELDS))],
    ids=["a column less", "a column more", "another order"],
)
def test_another_set_of_columns_is_refused(rows):
    with pytest.raises(pandera.errors.SchemaErrors):
        TrainingRecord.validate(rows, lazy=True)


def check_digit(body: str) -> str:
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def numbers() -> st.SearchStrategy[tuple[str, str]]:
    born = st.dates(date(1930, 1, 1), date(2010, 12, 31)).map(lambda day: day.strftime("%Y%m%d"))
    bodies = st.tuples(st.sampled_from(["500199", "519999"]), born, st.integers(0, 999).map("{:03}".format))
    return st.tuples(bodies.map("".join), st.sampled_from("0123456789X"))


@given(numbers())
def test_only_the_right_check_digit_of_the_eleven_is_accepted(number):
    body, last = number
    held = pl.select(resident_number(pl.lit(body + last))).item()
    assert held == (last == check_digit(body))


@given(st.text(alphabet="0123456789X +-.年", min_size=18, max_size=18))
def test_what_is_not_a_number_with_a_birth_date_is_refused_without_an_error(number):
    held = pl.select(resident_number(pl.lit(number))).item()
    assert held in (True, False)
    if not number[:17].isdecimal():
        assert held is False
