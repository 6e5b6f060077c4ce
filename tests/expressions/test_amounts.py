from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.expressions import amounts


def one(expression: pl.Expr, cell: str | None) -> object:
    return pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String}).select(expression).item()


def hours(cell: str | None) -> tuple[float, Decimal | None, str] | None:
    found = one(amounts.hours("cell"), cell)
    return (found["stated"], found["hours"], found["basis"]) if isinstance(found, dict) else None


@pytest.mark.parametrize(
    ("cell", "expected", "basis"),
    [
        ("24", 24, "stated"),
        ("24.0", 24, "stated"),
        ("24学时", 24, "stated"),
        ("24课时", 24, "stated"),
        ("３６", 36, "stated"),
        ("４０课时", 40, "stated"),
        (" 30.5 学时", 30.5, "stated"),
        ("'24", 24, "stated"),
        ("24个学时", 24, "stated"),
        ("3天/24课时", 24, "stated"),
        ("3天24学时", 24, "stated"),
        ("3天（20课时）", 20, "stated"),
        ("20课时/3天", 20, "stated"),
        ("半天/3课时", 3, "stated"),
        ("3天/20", 20, "stated"),
        ("-16", -16, "stated"),
        ("0", 0, "stated"),
        ("3天", 24, "days"),
        ("0.5天", 4, "days"),
        ("2天半", 20, "days"),
        ("半天", 4, "half_days"),
        ("2个半天", 8, "half_days"),
    ],
)
def test_hours_are_read_with_their_basis(cell: str, expected: float, basis: str) -> None:
    assert hours(cell) == (expected, Decimal(str(expected)), basis)


@pytest.mark.parametrize(
    "cell",
    [
        "按规定",
        "待核",
        "若干",
        "见备注",
        "约20",
        "12O0",
        "NaN",
        "******",
        "24小时",
        "三天",
        "天",
        "٢٤",
        "1e3",
        "",
        "'",
        None,
    ],
)
def test_what_is_no_amount_is_null(cell: str | None) -> None:
    frame = pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String})
    out = frame.select(
        hours=amounts.hours("cell").is_null(),
        minutes=amounts.minutes("cell").is_null(),
        credits=amounts.credits("cell").is_null(),
        score=amounts.score("cell").is_null(),
        number=amounts.number("cell").is_null(),
    )
    assert all(out.row(0))


@given(st.decimals(-2500, 99999, places=2))
def test_stated_hours_keep_every_digit(amount: Decimal) -> None:
    assert hours(f"{amount}学时") == (float(amount), amount, "stated")


@given(st.integers(-1000, 10**7))
def test_minutes_are_floored_to_half_hours_of_45_minutes(minutes: int) -> None:
    found = one(amounts.minutes("cell"), f"{minutes}分钟")
    assert isinstance(found, dict)
    exact = Decimal(minutes * 2 // 45) / 2
    assert found["hours"] == (exact if exact < 100000 else None)
    assert found["stated"] == pytest.approx(minutes / 45)
    assert found["basis"] == "minutes"


def test_twenty_minutes_are_above_zero_though_they_round_to_nothing() -> None:
    found = one(amounts.minutes("cell"), "20")
    assert isinstance(found, dict) and found["stated"] > 0 and found["hours"] == 0


def test_an_amount_too_large_for_the_warehouse_is_still_stated() -> None:
    assert hours("99999999999") == (99999999999.0, None, "stated")
    assert hours("1" + "0" * 30 + "天") == (8e30, None, "days")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("5.5", "5.5"),
        ("3学分", "3"),
        ("-3", "-3"),
        ("−3", "-3"),
        ("8.0", "8"),
        ("1.255", "1.26"),
        ("5000000000", "99999.99"),
        ("-5000000000", "-99999.99"),
    ],
)
def test_credits_are_exact_and_never_too_large_to_be_refused(cell: str, expected: str) -> None:
    assert one(amounts.credits("cell"), cell) == Decimal(expected)


@pytest.mark.parametrize("cell", ["三十", "二十分左右", "5-6"])
def test_credits_in_words_cannot_be_read(cell: str) -> None:
    assert one(amounts.credits("cell"), cell) is None


@pytest.mark.parametrize(("cell", "expected"), [("86", "86"), ("92.5分", "92.5"), ("99999", None)])
def test_scores_have_at_most_three_digits_before_the_point(cell: str, expected: str | None) -> None:
    assert one(amounts.score("cell"), cell) == (expected and Decimal(expected))


@pytest.mark.parametrize(
    ("cell", "expected"), [("3节", 3.0), ("3.0", 3.0), ("-1", -1.0), ("好几节", None), ("3次", None)]
)
def test_a_number_may_carry_the_unit_of_its_column(cell: str, expected: float | None) -> None:
    assert one(amounts.number("cell", "节"), cell) == expected


@pytest.mark.parametrize("cell", ["", None, "0", "0.0", "０", "0学时", "/", "—", "——", "–", "-", "无", " / "])
def test_a_dash_or_zero_means_no_record_of_this_kind(cell: str | None) -> None:
    assert one(amounts.nothing("cell"), cell) is True


@pytest.mark.parametrize("cell", ["10", "0.5", "-8", "待核", "3天"])
def test_anything_else_is_a_record(cell: str) -> None:
    assert one(amounts.nothing("cell"), cell) is False


def test_the_struct_has_the_types_of_the_contract() -> None:
    frame = pl.DataFrame({"cell": ["24"]}).select(
        hours=amounts.hours("cell"), minutes=amounts.minutes("cell")
    )
    expected = pl.Struct({"stated": pl.Float64(), "hours": pl.Decimal(7, 2), "basis": pl.String()})
    assert list(frame.schema.values()) == [expected, expected]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("2", "1.00"), ("3节", "1.50"), ("１节", "0.50"), ("-1", "-0.50"), ("0", "0.00"), ("1.5", "0.75"), ("9" * 30, "50000.00"),
     ("好几节", None), ("3天", None), (None, None)],
)  # fmt: skip
def test_things_that_give_credits_by_rule_are_counted_with_or_without_their_unit(
    cell: str | None, expected: str | None
) -> None:
    """Ruling 54: half a credit a lesson."""
    assert one(amounts.by_rule("cell", "0.5", "节"), cell) == (expected and Decimal(expected))
